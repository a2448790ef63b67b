import uPlot from "uplot";
import { type Chart, type ChartPoint, isConstant, isEmpty } from "../../report/chart.ts";
import { keyOf } from "../../report/chartKey.ts";
import { driftChart } from "../../report/driftCharts.ts";
import { strokesOf } from "../../report/grammar.ts";
import { type Ruler, rulerOf } from "../../report/ruler.ts";
import { convergenceChart, firedChart } from "../../report/runCharts.ts";
import { spaced } from "../../report/ticks.ts";
import type { RunState, ShownTile } from "../liveState.ts";
import { drawMarker } from "./markers.ts";

const height = 240;

/** A chart of the report, drawn on the page: the same names, units, dashes and markers. Made anew when its series change. */
export class ChartView {
  readonly #place: HTMLElement;
  readonly #key = document.createElement("div");
  readonly #name = document.createElement("p");
  readonly #canvas = document.createElement("div");
  #plot: uPlot | undefined;
  #made = "";
  #chart: Chart | undefined;
  #rulers: { readonly x: Ruler; readonly y: Ruler } | undefined;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#name.className = "axis-name";
    place.append(this.#key, this.#name, this.#canvas);
    place.hidden = true;
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#canvas.clientWidth, height })).observe(place);
  }

  /**
   * Draws nothing of what is empty or keeps one value.
   *
   * @param colours  the page's: the chart is made anew when they change.
   */
  show(chart: Chart | undefined, colours: string): void {
    if (chart === undefined || isEmpty(chart) || isConstant(chart)) return this.clear();
    this.#chart = chart;
    const points = chart.series.flatMap((one) => one.points);
    const heights = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
    const places = points.map((point) => point.x);
    // Its own width is none while it is hidden.
    const across = this.#place.parentElement!.clientWidth / 70;
    const x = rulerOf(chart.x, chart.xScale, places, { most: across, fit: true });
    const y = rulerOf(chart.y, chart.yScale, heights, { most: 6, fit: false, least: chart.yFloats });
    this.#rulers = { x, y };
    this.#name.textContent = y.name;
    const data = aligned(chart, x, y);
    const made = [colours, x.name, y.name, ...chart.series.map(({ name }) => name)].join();
    if (this.#plot !== undefined && made === this.#made) {
      this.#plot.setData(data);
      return;
    }
    this.clear();
    this.#made = made;
    this.#place.hidden = false;
    this.#key.innerHTML = keyOf(chart);
    this.#plot = new uPlot(
      { ...this.#options(chart), width: this.#canvas.clientWidth, height },
      data,
      this.#canvas,
    );
  }

  clear(): void {
    this.#place.hidden = true;
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#made = "";
  }

  #options({ series, x: { name } }: Chart): Omit<uPlot.Options, "width" | "height"> {
    const rulers = (): { readonly x: Ruler; readonly y: Ruler } => this.#rulers!;
    return {
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [rulers().x.min, rulers().x.max] },
        y: { range: () => [rulers().y.min, rulers().y.max] },
      },
      axes: [
        {
          ...axis(),
          grid: { show: false },
          splits: ({ width }) => {
            const { ticks, label, min, max } = rulers().x;
            return spaced(ticks, label, (width - 60) / (max - min));
          },
          values: (_, ticks) => ticks.map(rulers().x.label),
          size: 28,
          label: name,
        },
        {
          ...axis(),
          splits: () => [...rulers().y.ticks],
          values: (_, ticks) => ticks.map(rulers().y.label),
          size: 46,
        },
      ],
      series: [
        {},
        ...series.map((one) => {
          const { dash, width } = strokesOf(one);
          return {
            label: one.name,
            stroke: paintOf(one.colour),
            width,
            ...(dash.length === 0 ? {} : { dash: [...dash] }),
            ...(width === 0 ? { paths: () => null } : {}),
            spanGaps: true,
            points: { show: false },
          };
        }),
      ],
      hooks: { draw: [(plot) => this.#mark(plot)] },
    };
  }

  /** Markers, and the whiskers of dots. */
  #mark(plot: uPlot): void {
    const { x, y } = this.#rulers!;
    for (const one of this.#chart!.series) {
      const { marker } = strokesOf(one);
      if (marker === undefined) continue;
      const at = (point: ChartPoint, value: number): [number, number] => [
        plot.valToPos(x.place(point.x), "x", true),
        plot.valToPos(y.place(value), "y", true),
      ];
      const { ctx } = plot;
      ctx.setLineDash([]);
      ctx.strokeStyle = ctx.fillStyle = paintOf(one.colour);
      for (const point of one.points) {
        if (point.low !== undefined && point.high !== undefined) {
          ctx.lineWidth = 1.5 * devicePixelRatio;
          ctx.beginPath();
          ctx.moveTo(...at(point, point.low));
          ctx.lineTo(...at(point, point.high));
          ctx.stroke();
        }
        drawMarker(ctx, marker, ...at(point, point.y), 3.5 * devicePixelRatio, colour("--paper"));
      }
    }
  }
}

/** How near a run came to what it is meant to hold, and how many devices were still pulsed, turn by turn. */
export function chartsOfTurns({ convergence: { kind, points } }: RunState): {
  readonly convergence: Chart | undefined;
  readonly fired: Chart | undefined;
} {
  const known = { kind, points: points.map((point) => ({ ...point, rms: point.rms ?? Number.NaN })) };
  return {
    convergence: convergenceChart({ convergence: known }),
    fired: firedChart({ convergence: known }),
  };
}

/** How the devices of a tile drift, beside what the run's model expected. */
export function chartOfDrift({ drift }: ShownTile): Chart | undefined {
  const bands = drift.map((band) => ({
    ...band,
    points: band.points.map((point) => ({ ...point, expected: point.expected ?? Number.NaN })),
  }));
  return driftChart({ drift: bands, law: undefined });
}

/** What a variable of the page's style stands for. */
export function colour(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

function paintOf(place: number | undefined): string {
  return colour(place === undefined ? "--soft" : `--series-${place}`);
}

/** All series over the same places. */
function aligned({ series }: Chart, x: Ruler, y: Ruler): uPlot.AlignedData {
  const places = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  const columns = series.map(({ points }) => {
    const heights = new Map(points.map((point) => [point.x, y.place(point.y)]));
    return places.map((place) => {
      const at = heights.get(place);
      return at === undefined || !Number.isFinite(at) ? null : at;
    });
  });
  return [places.map((place) => x.place(place)), ...columns];
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
