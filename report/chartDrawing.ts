import type { Chart, ChartPoint, ChartSeries } from "./chart.ts";
import { axis, drawing, type Room, rule, seriesColour, soft } from "./draw.ts";
import { escaped, figure } from "./page.ts";
import { type Ruler, rulerOf } from "./ruler.ts";
import { thinned } from "./thinned.ts";

/** A chart as HTML, with its title, its sentence and a key. */
export function chartFigure(chart: Chart): string {
  const { title, sentence, wide, figure: name } = chart;
  const size = wide ? { width: 960, height: 260 } : { width: 520, height: 300 };
  const picture = drawing(name.replaceAll("_", "-"), title, size, (room) => optionOf(chart, room));
  return figure(escaped(title), escaped(sentence), `${keyOf(chart)}${picture}`);
}

/** A key for more than one series; one alone is what the title says. */
function keyOf({ series }: Chart): string {
  const named = series.filter(({ unnamed }) => !unnamed);
  if (named.length < 2) return "";
  const entries = named.map(({ name, colour, look }) => {
    const paint = colour === undefined ? "var(--soft)" : `var(--series-${colour})`;
    const mark =
      look === "law"
        ? `<span class="key dashed" style="border-color:${paint}"></span>`
        : `<span class="key${look === "dots" ? " dot" : look === "moments" ? " upright" : ""}" style="background:${paint}"></span>`;
    return `<span>${mark}${escaped(name)}</span>`;
  });
  return `<p class="legend">${entries.join("")}</p>`;
}

function optionOf(chart: Chart, { width, phone }: Room): Record<string, unknown> {
  const points = chart.series.flatMap((one) => one.points);
  const across = (width - 78) / (phone ? 46 : 58);
  const x = rulerOf(
    chart.x,
    chart.xScale,
    points.map((p) => p.x),
    { most: across, fit: true },
  );
  const heights = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
  const y = rulerOf(chart.y, chart.yScale, heights, { most: 6, fit: false, least: chart.yFloats });
  return {
    grid: { left: 58, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      min: x.min,
      max: x.max,
      name: x.name,
      splitLine: { show: false },
      axisTick: { show: true, customValues: [...x.ticks], lineStyle: { color: rule } },
      axisLabel: { ...axis.axisLabel, customValues: [...x.ticks], formatter: x.label },
    },
    yAxis: {
      ...axis,
      min: y.min,
      max: y.max,
      // Ticks with a unit say what they are.
      ...(chart.y.unit === "" ? { name: y.name, nameGap: 42 } : {}),
      // Lines at our own ticks only: those of the axis would be at whole places of its logarithm.
      splitLine: { show: false },
      axisLabel: { ...axis.axisLabel, customValues: [...y.ticks], formatter: y.label },
    },
    series: [
      ...y.ticks.map((tick) => ({
        ...plainLine(
          [
            [x.min, tick],
            [x.max, tick],
          ],
          rule,
        ),
        lineStyle: { color: rule, width: 1 },
        z: 0,
      })),
      ...chart.series.flatMap((one, k) => drawn(one, k, x, y, width)),
    ],
  };
}

type Place = (number | "-")[];

/** A series as what it takes to draw it: its band or whiskers first, then itself. */
function drawn(
  { points, colour: place, look }: ChartSeries,
  k: number,
  x: Ruler,
  y: Ruler,
  width: number,
): Record<string, unknown>[] {
  const colour = place === undefined ? soft : seriesColour(place);
  const at = (points_: readonly ChartPoint[], of: (point: ChartPoint) => number): number[][] =>
    points_.map((point) => [x.place(point.x), y.place(of(point))]);
  const placed = points.filter((point) => isPlaced(x.place(point.x), y.place(point.y)));
  const seen = thinned(placed, (point) => (x.place(point.x) - x.min) / (x.max - x.min), width);
  const banded = seen.filter(({ low, high }) => isPlaced(y.place(low!), y.place(high!)));
  if (look === "moments") {
    const upright = seen.flatMap((point): Place[] => upTo(x.place(point.x), y.min, y.max));
    return [{ ...plainLine(upright, colour), lineStyle: { color: colour, width: 1.5, type: "dotted" } }];
  }
  if (look === "dots") {
    const whiskers = banded.flatMap(({ x: at_, low, high }): Place[] =>
      upTo(x.place(at_), y.place(low!), y.place(high!)),
    );
    return [
      { ...plainLine(whiskers, colour), lineStyle: { color: colour, width: 1.5, opacity: 0.6 } },
      {
        ...plainLine(
          at(seen, (point) => point.y),
          colour,
        ),
        symbol: "circle",
        symbolSize: 6,
        lineStyle: { width: 0, opacity: 0 },
        z: 4,
      },
    ];
  }
  const dashed = look === "law";
  return [
    ...(banded.length < 2 ? [] : bandOf(banded, `band-${k}`, colour, dashed ? 0.16 : 0.22, x, y)),
    {
      ...plainLine(
        at(seen, (point) => point.y),
        colour,
      ),
      ...(look === "course" ? { symbol: "circle", symbolSize: 5 } : {}),
      lineStyle: { color: colour, width: dashed ? 1.5 : 2, ...(dashed ? { type: "dashed" } : {}) },
      z: 3,
    },
  ];
}

function bandOf(
  points: readonly ChartPoint[],
  stack: string,
  colour: string,
  opacity: number,
  x: Ruler,
  y: Ruler,
): Record<string, unknown>[] {
  const hidden = { symbol: "none", lineStyle: { color: colour, opacity: 0 }, stack, stackStrategy: "all" };
  const low = points.map((point) => y.place(point.low!));
  const place = (k: number): number => x.place(points[k]!.x);
  return [
    { type: "line", data: low.map((value, k) => [place(k), value]), ...hidden },
    {
      type: "line",
      data: points.map((point, k) => [place(k), y.place(point.high!) - low[k]!]),
      areaStyle: { color: colour, opacity, origin: "start" },
      ...hidden,
    },
  ];
}

/** An upright stroke, and a gap after it. */
function upTo(x: number, low: number, high: number): Place[] {
  return [
    [x, low],
    [x, high],
    [x, "-"],
  ];
}

function plainLine(data: readonly Place[], colour: string): Record<string, unknown> {
  return { type: "line", data, symbol: "none", itemStyle: { color: colour } };
}

function isPlaced(...places: readonly number[]): boolean {
  return places.every(Number.isFinite);
}
