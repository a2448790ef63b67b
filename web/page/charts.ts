import uPlot from "uplot";
import { formatDuration } from "../../src/units.ts";
import type { RunState, ShownTile } from "../liveState.ts";
import { apart } from "./apart.ts";

const height = 240;

/** A chart that is made anew when what it shows changes its kind, and otherwise only gets new numbers. */
export class Chart {
  readonly #place: HTMLElement;
  #plot: uPlot | undefined;
  #key = "";

  constructor(place: HTMLElement) {
    this.#place = place;
    new ResizeObserver(() => this.#plot?.setSize({ width: place.clientWidth, height })).observe(place);
  }

  /** @param key  of everything but the numbers. */
  show(key: string, options: () => Omit<uPlot.Options, "width" | "height">, data: uPlot.AlignedData): void {
    if (this.#plot !== undefined && key === this.#key) {
      this.#plot.setData(data);
      return;
    }
    this.clear();
    this.#key = key;
    this.#plot = new uPlot({ ...options(), width: this.#place.clientWidth, height }, data, this.#place);
  }

  clear(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#key = "";
  }
}

/** How far what is read is from what is meant, against turns, and the share of devices that are still fired at. */
export function showConvergence(
  chart: Chart,
  { convergence: { kind, points } }: RunState,
  colours: string,
): void {
  const unit = kind === "weights" ? "%" : "µS";
  const data: uPlot.AlignedData = [
    points.map(({ turns }) => turns),
    points.map(({ rms }) => rms),
    points.map(({ pulsedPercent }) => pulsedPercent),
  ];
  chart.show(
    `${colours} ${kind}`,
    () => ({
      cursor: { y: false },
      legend: { live: false },
      scales: {
        x: { time: false },
        rms: { range: (_, __, most) => [0, nice(most)] },
        share: { range: [0, 100] },
      },
      axes: [
        { ...axis(), size: 30, label: "turns of a tile" },
        { ...axis(), scale: "rms", values: (_, ticks) => ticks.map((v) => `${short(v)} ${unit}`), size: 64 },
        {
          ...axis(),
          scale: "share",
          side: 1,
          grid: { show: false },
          values: (_, t) => t.map((v) => `${v} %`),
        },
      ],
      series: [
        {},
        {
          label: kind === "weights" ? "weight error, RMS" : "read − target, RMS",
          scale: "rms",
          stroke: colour("--series-0"),
          width: 2,
        },
        {
          label: "devices fired at (right)",
          scale: "share",
          stroke: colour("--series-2"),
          width: 2,
          dash: [5, 4],
        },
      ],
    }),
    data,
  );
}

/** What devices still conduct of what they read first, on logarithmic axes: a median a band, dashed what the model expected. */
export function showDrift(chart: Chart, { drift, tile }: ShownTile, colours: string): void {
  if (drift.length === 0) {
    chart.clear();
    return;
  }
  const ages = [...new Set(drift.flatMap(({ points }) => points.map(({ ageSeconds }) => ageSeconds)))].sort(
    (a, b) => a - b,
  );
  const column = (of: (point: (typeof drift)[number]["points"][number]) => number | null, band: number) =>
    ages.map((age) => {
      const point = drift[band]!.points.find(({ ageSeconds }) => ageSeconds === age);
      const value = point && of(point);
      return value == null ? null : 100 * value;
    });
  const data: uPlot.AlignedData = [
    ages,
    ...drift.map((_, band) => column(({ median }) => median, band)),
    ...drift.map((_, band) => column(({ expected }) => expected, band)),
  ];
  const names = drift.map((band) => `${short(band.fromMicrosiemens)} … ${short(band.toMicrosiemens)} µS`);
  chart.show(
    `${colours} ${tile} ${names.join()}`,
    () => ({
      cursor: { y: false },
      scales: {
        x: { time: false, distr: 3 },
        y: { distr: 3, range: (_, least, most) => [0.98 * least, 1.02 * most] },
      },
      axes: [
        {
          ...axis(),
          filter: all,
          splits: ({ width }, _, least, most) => apart(decades, least, most, width - 70),
          values: (_, ticks) =>
            ticks.map((tick) => formatDuration(tick).replace(/(day|year)s?$/, (u) => u[0]!)),
          size: 30,
          label: "age",
        },
        {
          ...axis(),
          filter: all,
          splits: (_, __, least, most) => sharesBetween(least, most),
          values: (_, ticks) => ticks.map((tick) => `${short(tick)} %`),
          size: 56,
        },
      ],
      series: [
        {},
        ...drift.map((_, band) => ({
          label: names[band]!,
          stroke: colour(`--series-${band}`),
          width: 2,
          spanGaps: true,
          points: { show: true, size: 5 },
        })),
        ...drift.map((_, band) => ({
          label: `${names[band]!}, expected`,
          class: "expected",
          stroke: colour(`--series-${band}`),
          width: 1,
          dash: [4, 4],
          spanGaps: true,
          points: { show: false },
        })),
      ],
      legend: { show: true, live: false },
    }),
    data,
  );
}

/** On logarithmic axes, all but round powers are left out otherwise. */
const all: uPlot.Axis.Filter = (_, splits) => splits;

/** Round percentages, a handful. */
function sharesBetween(least: number, most: number): number[] {
  for (const step of [1, 2, 5, 10, 20, 50, 100]) {
    const first = Math.ceil(least / step);
    const count = Math.floor(most / step) - first + 1;
    if (count <= 6) return Array.from({ length: Math.max(0, count) }, (_, k) => (first + k) * step);
  }
  return [least, most];
}

const decades = [1, 10, 60, 600, 3600, 21_600, 86_400, 864_000, 2_592_000, 31_536_000];

/** What a variable of the page's style stands for. */
export function colour(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

function axis(): uPlot.Axis {
  return {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    labelSize: 22,
  };
}

function nice(most: number): number {
  if (!(most > 0)) return 1;
  const step = 10 ** Math.floor(Math.log10(most));
  return step * Math.ceil((2 * most) / step) * 0.5;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
