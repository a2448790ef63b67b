import { BarChart, LineChart, type LineSeriesOption } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { formatDuration } from "../src/units.ts";
import type { Contender, Point } from "./story.ts";

use([LineChart, BarChart, GridComponent, SVGRenderer]);

/** Colours that stand for the page's own: the drawing must follow light and dark. */
const ink = "#010203";
const soft = "#010204";
const rule = "#010205";
const series = ["#010210", "#010211", "#010212", "#010213"];

/** A value over time on a logarithmic axis, a line a contender, named at its end. */
export function overTime(
  name: string,
  contenders: readonly Contender[],
  value: (point: Point) => number,
  unit: string,
  options: { reference?: { name: string; value: number }; fromZero?: boolean } = {},
): string {
  const times = [
    ...new Set(contenders.flatMap(({ points }) => points.map(({ timeSeconds }) => timeSeconds))),
  ];
  const ticks = times.map(Math.log10);
  const lines: LineSeriesOption[] = contenders.map(({ name: label, points }, i) => ({
    ...line(
      label,
      points.map((point) => [Math.log10(point.timeSeconds), value(point)]),
      colourOf(i, contenders.length),
    ),
    symbol: "circle",
    symbolSize: 6,
  }));
  const { reference } = options;
  if (reference) {
    const ends = [Math.min(...ticks), Math.max(...ticks)].map((tick): [number, number] => [
      tick,
      reference.value,
    ]);
    const dashed = line(reference.name, ends, soft);
    lines.push({ ...dashed, symbol: "none", lineStyle: { color: soft, width: 1.5, type: "dashed" } });
  }
  return draw(name, 520, 300, {
    grid: { left: 48, right: 96, top: 14, bottom: 30 },
    xAxis: {
      ...axis,
      splitLine: { show: false },
      min: Math.min(...ticks) - 0.3,
      max: Math.max(...ticks) + 0.3,
      axisTick: { show: true, customValues: ticks, lineStyle: { color: rule } },
      axisLabel: {
        ...axis.axisLabel,
        customValues: ticks,
        formatter: (tick: number) => formatDuration(times[nearest(ticks, tick)] ?? 1),
      },
    },
    yAxis: {
      ...axis,
      scale: options.fromZero !== true,
      axisLabel: { ...axis.axisLabel, formatter: `{value} ${unit}` },
    },
    series: lines,
  });
}

/** Shares of the weights by error, contenders over one another. */
export function errorHistogram(contenders: readonly Contender[]): { svg: string; rangePercent: number } {
  // A round figure, so that the axis ends on a tick.
  const worst = Math.max(0, ...contenders.map(rootMeanSquare));
  const rangePercent = 10 * Math.max(1, Math.ceil(25 * worst));
  const bins = 81;
  const width = (2 * rangePercent) / bins;
  const lines = contenders.map(({ name, relativeErrors }, i) => {
    const shares = new Float64Array(bins);
    for (const error of relativeErrors) {
      const bin = Math.floor((100 * error + rangePercent) / width);
      shares[Math.min(bins - 1, Math.max(0, bin))]! += 100 / relativeErrors.length;
    }
    const colour = colourOf(i, contenders.length);
    const data = Array.from(shares, (share, bin): [number, number] => [
      -rangePercent + (bin + 0.5) * width,
      share,
    ]);
    return {
      ...line(name, data, colour),
      endLabel: { show: false },
      step: "middle" as const,
      symbol: "none",
      areaStyle: { color: colour, opacity: 0.18 },
    };
  });
  const svg = draw("errors", 1080, 300, {
    grid: { left: 52, right: 20, top: 14, bottom: 46 },
    xAxis: {
      ...axis,
      splitLine: { show: false },
      min: -rangePercent,
      max: rangePercent,
      name: "error, percent of the largest weight",
      nameLocation: "middle",
      nameGap: 28,
    },
    yAxis: { ...axis, axisLabel: { ...axis.axisLabel, formatter: "{value} %" } },
    series: lines,
  });
  return { svg, rangePercent };
}

/** Shares of the devices by the number of their pulses. */
export function pulsesPerDevice(contenders: readonly Contender[]): string {
  const most = Math.max(...contenders.map(({ devicesByPulses }) => devicesByPulses.length));
  return draw("pulses", 1080, 240, {
    grid: { left: 52, right: 20, top: 14, bottom: 46 },
    xAxis: {
      ...axis,
      type: "category",
      splitLine: { show: false },
      data: Array.from({ length: most }, (_, pulses) => String(pulses)),
      name: "pulses",
      nameLocation: "middle",
      nameGap: 28,
    },
    yAxis: { ...axis, axisLabel: { ...axis.axisLabel, formatter: "{value} %" } },
    series: contenders.map(({ name, devicesByPulses, devices }, i) => ({
      type: "bar",
      name,
      data: devicesByPulses.map((n) => (100 * n) / Math.max(1, devices)),
      itemStyle: { color: series[(contenders.length - 1 - i) % series.length] },
      barCategoryGap: "25%",
    })),
  });
}

const axis = {
  type: "value",
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: rule } },
  axisLabel: { color: soft, fontSize: 12 },
  nameTextStyle: { color: soft, fontSize: 12 },
} as const;

function line(name: string, data: [number, number][], colour: string): LineSeriesOption {
  return {
    type: "line",
    name,
    data,
    lineStyle: { color: colour, width: 2 },
    itemStyle: { color: colour },
    endLabel: { show: true, formatter: name, color: colour, fontSize: 12, fontWeight: 600, distance: 8 },
    labelLayout: { moveOverlap: "shiftY" },
  };
}

/** @param name  makes the identifiers inside the drawing the page's only ones, and the same every time. */
function draw(name: string, width: number, height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, textStyle: { fontFamily: "inherit", color: ink }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return tidied(svg, name);
}

/** Gives a drawing the page's own colours, and takes out what only a script or a counter needs. */
function tidied(svg: string, name: string): string {
  return svg
    .replace(/<style[^>]*>.*?<\/style>/gs, "")
    .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replace(/zr\d+-c(\d+)/g, `${name}-$1`)
    .replaceAll(ink, "var(--ink)")
    .replaceAll(soft, "var(--soft)")
    .replaceAll(rule, "var(--line)")
    .replace(/#01021([0-3])/g, "var(--series-$1)");
}

/** The last contender is the one to look at and has the accent. */
export function seriesOf(place: number, contenders: number): number {
  return contenders - 1 - place;
}

function colourOf(place: number, contenders: number): string {
  return series[seriesOf(place, contenders) % series.length]!;
}

function rootMeanSquare({ relativeErrors }: Contender): number {
  const square = relativeErrors.reduce((sum, error) => sum + error * error, 0);
  return Math.sqrt(square / Math.max(1, relativeErrors.length));
}

function nearest(ticks: readonly number[], tick: number): number {
  return ticks.reduce((best, t, i) => (Math.abs(t - tick) < Math.abs(ticks[best]! - tick) ? i : best), 0);
}
