import { rangeOf } from "../src/statistics.ts";
import { formatDuration } from "../src/units.ts";
import type { LinkQuality } from "../src/results/linkQuality.ts";
import type { Chart, ChartSeries, FigureNumbers } from "./chart.ts";
import type { RunStory } from "./runStory.ts";
import { count, percentage, withUnit } from "./text.ts";

/** How near a run came to what it is meant to hold, turn by turn. */
export function convergenceChart({
  convergence: { kind, points },
}: Pick<RunStory, "convergence">): Chart | undefined {
  const read = points.filter(({ rms }) => rms > 0);
  if (read.length < 2) return undefined;
  const weights = kind === "weights";
  const said = (rms: number): string => (weights ? percentage(rms) : withUnit(rms, "µS", 2));
  const [first, last] = [read[0]!, read.at(-1)!];
  const enough = read.find(({ rms }) => rms <= 1.1 * last.rms)!;
  return {
    figure: "convergence",
    title: "Convergence",
    sentence:
      `The root mean square falls from ${said(first.rms)} to ${said(last.rms)} in ${last.turns} turns; ` +
      `turn ${enough.turns} is the first within 10 % of the final value.`,
    x: { name: "turns of each tile", unit: "" },
    y: weights
      ? { name: "weight error, % of the largest weight", unit: "percent" }
      : { name: "error of the devices", unit: "microsiemens" },
    xScale: "linear",
    yScale: "logarithmic",
    series: [
      {
        name: "root mean square",
        look: "line",
        colour: 0,
        points: read.map(({ turns, rms }) => ({ x: turns, y: rms })),
      },
    ],
  };
}

/** How many devices were still pulsed, turn by turn. */
export function firedChart({ convergence: { points } }: Pick<RunStory, "convergence">): Chart | undefined {
  if (points.length < 2 || points.every(({ pulsedPercent }) => pulsedPercent === 0)) return undefined;
  const few = points.find(({ pulsedPercent }, k) => k > 0 && pulsedPercent < 10);
  const { most } = rangeOf(points.map(({ pulsedPercent }) => pulsedPercent));
  return {
    figure: "devices_fired_at",
    title: "Devices fired at",
    sentence:
      `At most ${percentage(most)} of the devices are fired at in a turn` +
      `${few === undefined ? "" : `; turn ${few.turns} is the first with less than a tenth of them`}.`,
    x: { name: "turns of each tile", unit: "" },
    y: { name: "devices fired at", unit: "percent" },
    xScale: "linear",
    yScale: "linear",
    series: [
      {
        name: "devices fired at",
        look: "line",
        colour: 0,
        points: points.map(({ turns, pulsedPercent }) => ({ x: turns, y: pulsedPercent })),
      },
    ],
  };
}

/** How fast turns followed each other, and when the link was gone. */
export function linkChart({ link }: RunStory): Chart | undefined {
  const { pace, losses, workSeconds } = link;
  if (pace.length === 0) return undefined;
  const gone = losses.filter(({ atSeconds }) => atSeconds >= 0 && atSeconds <= workSeconds);
  const { most: fastest } = rangeOf(pace.map(({ turnsPerSecond }) => turnsPerSecond));
  const series: ChartSeries[] = [
    {
      name: "turns a second",
      look: "line",
      colour: 0,
      points: pace.map(({ atSeconds, turnsPerSecond }) => ({ x: atSeconds, y: turnsPerSecond })),
    },
  ];
  if (gone.length > 0) {
    // A point has a height, also where only its moment counts.
    series.push({
      name: "link lost",
      look: "moments",
      colour: 1,
      points: gone.map(({ atSeconds }) => ({ x: atSeconds, y: fastest })),
    });
  }
  return {
    figure: "link",
    title: "Link",
    sentence: linkText(link),
    x: { name: "time of work", unit: "seconds" },
    y: { name: "turns a second", unit: "" },
    xScale: "linear",
    yScale: "linear",
    wide: true,
    series,
  };
}

/** How the link was, in a sentence. */
export function linkText({ losses, uncertainRows, turns, workSeconds }: LinkQuality): string {
  const back = losses.map(({ backAfterSeconds }) => backAfterSeconds).filter(Number.isFinite);
  const longest = back.length === 0 ? "" : `, and came back within ${formatDuration(rangeOf(back).most)}`;
  const never = losses.length - back.length;
  const lost =
    losses.length === 0
      ? "The link was never lost"
      : `The link was lost ${times(losses.length)}${longest}${never === 0 ? "" : `; ${times(never)} it did not come back by itself`}`;
  const unsure =
    uncertainRows === 0
      ? "every pulse is accounted for"
      : `of ${count(uncertainRows)} rows it is unknown whether they fired`;
  const rate = workSeconds > 0 ? `; ${withUnit(turns / workSeconds, "turns", 1)} a second in the mean` : "";
  return `${lost}; ${unsure}${rate}.`;
}

/** What the chart of the link says in words, for the file: each loss with its length, and how rows became uncertain. */
export function linkNumbers({ losses, pace }: LinkQuality): FigureNumbers[] {
  const x = { name: "time of work", unit: "seconds" };
  return [
    {
      figure: "link_losses",
      x,
      y: { name: "time until the chip answered again", unit: "seconds" },
      series: [
        {
          name: "losses",
          points: losses.map(({ atSeconds, backAfterSeconds }) => ({ x: atSeconds, y: backAfterSeconds })),
        },
      ],
    },
    {
      figure: "uncertain_rows",
      x,
      y: { name: "rows of pulses that may not have fired", unit: "" },
      series: [
        {
          name: "since the first turn",
          points: pace.map(({ atSeconds, uncertainRows }) => ({ x: atSeconds, y: uncertainRows })),
        },
      ],
    },
  ];
}

function times(n: number): string {
  return n === 1 ? "once" : n === 2 ? "twice" : `${n} times`;
}

/** Less of a difference is not worth a picture. */
const leastCelsius = 0.05;

/** What the chip's own sensor said at every sweep. */
export function temperatureChart({ temperature }: RunStory): Chart | undefined {
  const values = temperature.map(({ celsius }) => celsius);
  if (temperature.length < 2 || temperature.at(-1)!.seconds <= 0) return undefined;
  const { least, most } = rangeOf(values);
  return {
    figure: "temperature",
    title: "Temperature",
    sentence:
      most - least <= leastCelsius
        ? `The chip was at ${least.toFixed(1)}\u202f°C whenever it was read.`
        : `The chip was between ${least.toFixed(1)} and ${most.toFixed(1)}\u202f°C when it was read.`,
    x: { name: "time after the first sweep", unit: "seconds" },
    y: { name: "temperature", unit: "celsius" },
    xScale: "linear",
    yScale: "linear",
    yFloats: 2,
    yDiffers: leastCelsius,
    wide: true,
    series: [
      {
        name: "chip",
        look: "course",
        colour: 0,
        points: temperature.map(({ seconds, celsius }) => ({ x: seconds, y: celsius })),
      },
    ],
  };
}
