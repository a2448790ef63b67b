import type { Chart } from "./chart.ts";
import type { Painted } from "./colours.ts";
import { pulsesOfShare, quantile, shareWithin, sortedSizes } from "../src/statistics.ts";
import { percent } from "./text.ts";

type Said = Pick<Chart, "title" | "sentence">;

/** Shares of the weights by error in the same bins, contenders over one another. */
export function errorHistogram(contenders: readonly Painted[], said: Said): Chart {
  const sizes = contenders.map(({ relativeErrors }) => sortedSizes(relativeErrors));
  const most = sizes.map((sorted) => 100 * quantile(sorted, 0.99)).filter(Number.isFinite);
  // The best stays a hill and not a needle; what the others have beyond the picture is said in words.
  const range = Math.min(Math.max(1, ...most), 4 * Math.max(1, Math.min(...most)));
  const rangePercent = [2, 5, 10, 20, 30, 40, 50, 100].find((round) => range <= round) ?? 200;
  const bins = 81;
  const width = (2 * rangePercent) / bins;
  return {
    ...said,
    figure: "weight_errors",
    x: { name: "weight error, % of the largest weight", unit: "percent" },
    y: { name: "share of the weights", unit: "percent" },
    xScale: "linear",
    yScale: "linear",
    wide: true,
    keyed: true,
    series: contenders.map(({ name, relativeErrors, colour }, i) => {
      const shares = new Float64Array(bins);
      for (const error of relativeErrors) {
        const bin = Math.floor((100 * error + rangePercent) / width);
        if (bin >= 0 && bin < bins) shares[bin]! += 100 / sizes[i]!.length;
      }
      const beyond = percent(1 - shareWithin(sizes[i]!, rangePercent / 100));
      return {
        name: `${name}, ${beyond} outside ±${rangePercent}\u202f%`,
        look: "steps",
        colour,
        points: Array.from(shares, (share, bin) => ({ x: (bin + 0.5) * width - rangePercent, y: share })),
      };
    }),
  };
}

/** Shares of the devices by the number of their pulses; the few that took very many share the last step. */
export function pulsesPerDevice(contenders: readonly Painted[], said: Said): Chart {
  const last = Math.max(...contenders.map(({ devicesByPulses }) => pulsesOfShare(devicesByPulses, 0.995)));
  const longest = Math.max(...contenders.map(({ devicesByPulses }) => pulsesOfShare(devicesByPulses, 1)));
  return {
    ...said,
    figure: "pulses_per_device",
    x: { name: "pulses a device", unit: "" },
    y: { name: "share of the devices", unit: "percent" },
    xScale: "linear",
    yScale: "linear",
    wide: true,
    keyed: true,
    ...(longest > last ? { lastTick: `${last}+` } : {}),
    series: contenders.map(({ name, devicesByPulses, devices, colour }) => {
      const tail = devicesByPulses.slice(last).reduce((sum, n) => sum + n, 0);
      return {
        name,
        look: "steps",
        colour,
        points: Array.from({ length: last + 1 }, (_, pulses) => ({
          x: pulses,
          y: (100 * (pulses === last ? tail : (devicesByPulses[pulses] ?? 0))) / Math.max(1, devices),
        })),
      };
    }),
  };
}
