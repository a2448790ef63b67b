import type { Painted } from "./colours.ts";
import { axis, drawing, rule, seriesColour } from "./draw.ts";
import { pulsesOfShare, quantile, shareWithin, sortedSizes } from "../src/statistics.ts";

/** Shares of the weights by error in the same bins, contenders over one another. */
export function errorHistogram(
  contenders: readonly Painted[],
  alt: string,
): { picture: string; rangePercent: number; beyond: number[] } {
  const sizes = contenders.map(({ relativeErrors }) => sortedSizes(relativeErrors));
  const most = sizes.map((sorted) => 100 * quantile(sorted, 0.99)).filter(Number.isFinite);
  // The best stays a hill and not a needle; what the others have beyond the picture is said in words.
  const range = Math.min(Math.max(1, ...most), 4 * Math.max(1, Math.min(...most)));
  const rangePercent = [2, 5, 10, 20, 30, 40, 50, 100].find((round) => range <= round) ?? 200;
  const bins = 81;
  const width = (2 * rangePercent) / bins;
  const lines = contenders.map(({ name, relativeErrors, colour }, i) => {
    const shares = new Float64Array(bins);
    for (const error of relativeErrors) {
      const bin = Math.floor((100 * error + rangePercent) / width);
      if (bin >= 0 && bin < bins) shares[bin]! += 100 / sizes[i]!.length;
    }
    return {
      type: "line",
      name,
      data: Array.from(shares, (share, bin) => [(bin + 0.5) * width - rangePercent, share]),
      step: "middle",
      symbol: "none",
      lineStyle: { color: seriesColour(colour), width: 2 },
      areaStyle: { color: seriesColour(colour), opacity: 0.18 },
    };
  });
  const picture = drawing("errors", alt, { width: 960, height: 280 }, () => ({
    grid: { left: 46, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      splitLine: { show: false },
      axisTick: { show: true, lineStyle: { color: rule } },
      min: -rangePercent,
      max: rangePercent,
      interval: rangePercent / 2,
      axisLabel: { ...axis.axisLabel, formatter: signed },
      name: "weight error, % of the largest weight",
    },
    yAxis: {
      ...axis,
      splitNumber: 4,
      axisLabel: { ...axis.axisLabel, formatter: "{value}\u202f%" },
    },
    series: lines,
  }));
  return {
    picture,
    rangePercent,
    beyond: sizes.map((sorted) => 1 - shareWithin(sorted, rangePercent / 100)),
  };
}

/** Shares of the devices by the number of their pulses; the few that took very many share the last bar. */
export function pulsesPerDevice(contenders: readonly Painted[], alt: string): string {
  const last = Math.max(...contenders.map(({ devicesByPulses }) => pulsesOfShare(devicesByPulses, 0.995)));
  const longest = Math.max(...contenders.map(({ devicesByPulses }) => pulsesOfShare(devicesByPulses, 1)));
  const places = Array.from({ length: last + 1 }, (_, pulses) => pulses);
  return drawing("pulses", alt, { width: 960, height: 230 }, () => ({
    grid: { left: 46, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      type: "category",
      splitLine: { show: false },
      data: places.map((pulses) => (pulses === last && longest > last ? `${pulses}+` : String(pulses))),
      name: "pulses a device",
    },
    yAxis: {
      ...axis,
      splitNumber: 4,
      axisLabel: { ...axis.axisLabel, formatter: "{value}\u202f%" },
    },
    series: contenders.map(({ name, devicesByPulses, devices, colour }) => {
      const share = (n: number): number => (100 * n) / Math.max(1, devices);
      const tail = devicesByPulses.slice(last).reduce((sum, n) => sum + n, 0);
      return {
        type: "bar",
        name,
        data: places.map((pulses) => share(pulses === last ? tail : (devicesByPulses[pulses] ?? 0))),
        itemStyle: { color: seriesColour(colour) },
        barCategoryGap: "25%",
      };
    }),
  }));
}

/** `−5 %`, `0`, `+5 %`. */
function signed(percent: number): string {
  return percent === 0 ? "0" : `${percent < 0 ? "−" : "+"}${Math.abs(percent)}\u202f%`;
}
