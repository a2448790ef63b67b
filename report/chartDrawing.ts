import { type Chart, type ChartPoint, type ChartSeries, isConstant } from "./chart.ts";
import { axis, drawing, type Room, rule, seriesColour, soft } from "./draw.ts";
import { endNames } from "./endNames.ts";
import { keyOf } from "./chartKey.ts";
import { strokesOf } from "./grammar.ts";
import { escaped, figure, told } from "./page.ts";
import { type Ruler, rulerOf } from "./ruler.ts";
import { thinned } from "./thinned.ts";
import { spaced } from "./ticks.ts";

/** A chart as HTML, with its title, its sentence and a key; of a constant its sentence alone. */
export function chartFigure(chart: Chart): string {
  const { title, sentence, wide, figure: name, id = name } = chart;
  if (isConstant(chart)) return told(title, sentence);
  const size = wide ? { width: 960, height: 280 } : { width: 520, height: 300 };
  const picture = drawing(id.replaceAll("_", "-"), title, size, (room) => optionOf(chart, room));
  return figure(escaped(title), escaped(sentence), `${keyOf(chart)}${picture}`);
}

/** Around the drawing, in pixels: above stands the name of the y axis, beneath that of the x axis. */
const [above, below] = [36, 50];

function optionOf(chart: Chart, { width, height, phone }: Room): Record<string, unknown> {
  const points = chart.series.flatMap((one) => one.points);
  const heights = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
  const y = rulerOf(chart.y, chart.yScale, heights, { most: 6, fit: false, least: chart.yFloats });
  const left = 16 + letterPixels * Math.max(...y.ticks.map((tick) => y.label(tick).length));
  const names = endNames(chart, phone);
  const right = 22 + nameLetterPixels * Math.max(0, ...names.map(({ text }) => text.length));
  const across = (width - left - right) / (phone ? 46 : 58);
  const places = points.map((p) => p.x);
  const x = rulerOf(chart.x, chart.xScale, places, { most: across, fit: true, least: chart.xFloats });
  const wanted = chart.lastTick === undefined ? x.ticks : [...x.ticks.filter((tick) => tick < x.max), x.max];
  const ticks = spaced(wanted, x.label, (width - left - right) / (x.max - x.min));
  return {
    grid: { left, right, top: above, bottom: below },
    xAxis: {
      ...axis,
      min: x.min,
      max: x.max,
      name: x.name,
      splitLine: { show: false },
      axisTick: { show: true, customValues: ticks, lineStyle: { color: rule } },
      axisLabel: {
        ...axis.axisLabel,
        customValues: ticks,
        formatter: (tick: number) =>
          chart.lastTick !== undefined && tick === x.max ? chart.lastTick : x.label(tick),
      },
    },
    yAxis: {
      ...axis,
      min: y.min,
      max: y.max,
      // Above the axis, and not along it: read without turning the head, and never cut off.
      name: y.name,
      nameLocation: "end",
      nameGap: 14,
      nameTextStyle: { ...axis.nameTextStyle, align: "left", padding: [0, 0, 0, 4 - left] },
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
      ...namesAtEnds(names, x, y, height - above - below),
    ],
  };
}

const letterPixels = 6.9;
const nameLetterPixels = 7.5;
const namePixels = 14;

/** Names at the ends of their lines, moved up or down until none covers another. */
function namesAtEnds(
  names: ReturnType<typeof endNames>,
  x: Ruler,
  y: Ruler,
  pixels: number,
): Record<string, unknown>[] {
  const least = (namePixels * (y.max - y.min)) / pixels;
  const sorted = names
    .map(({ text, colour, end }) => ({ text, colour, x: x.place(end.x), y: y.place(end.y) }))
    .filter((name) => isPlaced(name.x, name.y))
    .sort((a, b) => b.y - a.y);
  const heights = sorted.map((name) => name.y);
  heights.forEach(
    (at, k) => (heights[k] = k === 0 ? Math.min(at, y.max) : Math.min(at, heights[k - 1]! - least)),
  );
  heights.reduceRight((floor, at, k) => (heights[k] = Math.max(at, floor)) + least, y.min);
  return sorted.map(({ text, colour, x: end }, k) => {
    const paint = paintOf(colour);
    return {
      ...plainLine(
        [
          [end, heights[k]!],
          [end, heights[k]!],
        ],
        paint,
      ),
      lineStyle: { opacity: 0 },
      endLabel: {
        show: true,
        formatter: () => text,
        color: paint,
        fontSize: 12,
        fontWeight: 600,
        distance: 8,
      },
    };
  });
}

type Place = (number | "-")[];

/** A series as what it takes to draw it: its band or whiskers first, then itself. */
function drawn(one: ChartSeries, k: number, x: Ruler, y: Ruler, width: number): Record<string, unknown>[] {
  const { points, look } = one;
  const colour = paintOf(one.colour);
  const { dash, marker, width: stroke } = strokesOf(one);
  const at = (points_: readonly ChartPoint[], of: (point: ChartPoint) => number): number[][] =>
    points_.map((point) => [x.place(point.x), y.place(of(point))]);
  const placed = points.filter((point) => isPlaced(x.place(point.x), y.place(point.y)));
  const seen = thinned(placed, (point) => (x.place(point.x) - x.min) / (x.max - x.min), width);
  const banded = seen.filter(({ low, high }) => isPlaced(y.place(low!), y.place(high!)));
  const lineStyle = { color: colour, width: stroke, ...(dash.length === 0 ? {} : { type: [...dash] }) };
  if (look === "moments") {
    const upright = seen.flatMap((point): Place[] => upTo(x.place(point.x), y.min, y.max));
    return [{ ...plainLine(upright, colour), lineStyle }];
  }
  const line = {
    ...plainLine(
      at(seen, (point) => point.y),
      colour,
    ),
    ...(marker === undefined ? {} : { symbol: marker, symbolSize: marker === "triangle" ? 8 : 7 }),
  };
  if (look === "dots") {
    const whiskers = banded.flatMap(({ x: at_, low, high }): Place[] =>
      upTo(x.place(at_), y.place(low!), y.place(high!)),
    );
    return [
      { ...plainLine(whiskers, colour), lineStyle: { color: colour, width: 1.5, opacity: 0.6 } },
      { ...line, lineStyle: { width: 0, opacity: 0 }, z: 4 },
    ];
  }
  if (look === "steps")
    return [{ ...line, step: "middle", lineStyle, areaStyle: { color: colour, opacity: 0.14 }, z: 3 }];
  return [
    ...(banded.length < 2 ? [] : bandOf(banded, `band-${k}`, colour, look === "law" ? 0.16 : 0.22, x, y)),
    { ...line, lineStyle, z: 3 },
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

function paintOf(colour: number | undefined): string {
  return colour === undefined ? soft : seriesColour(colour);
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
