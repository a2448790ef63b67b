import { rangeOf } from "../src/statistics.ts";
import { type ErrorQuantiles, errorShares, type ErrorsAtTime, sizeAt } from "../src/results/errorSpread.ts";
import type { Errors } from "../src/optimize/strategy.ts";
import type { Chart, ChartSeries } from "./chart.ts";
import { bestRule } from "./strategyFigures.ts";
import type { RunStory } from "./runStory.ts";
import { duration, percentage, withUnit } from "./text.ts";

/** How large the errors of the devices are, when read first and when read last. */
export function errorCdfChart({ errors }: RunStory): Chart | undefined {
  return cdfChart(errors, {
    figure: "device_error_cdf",
    title: "Errors of the devices",
    what: "devices",
    unit: "microsiemens",
    of: ({ devices }) => devices,
    said: (size) => withUnit(size, "µS", 2),
  });
}

/** How large the errors of the weights are, in percent of the largest. */
export function weightCdfChart({ errors }: RunStory): Chart | undefined {
  return cdfChart(errors, {
    figure: "weight_error_cdf",
    title: "Errors of the weights",
    what: "weights",
    unit: "percent",
    of: ({ weights }) => weights,
    said: (size) => percentage(size),
  });
}

interface Cdf {
  readonly figure: string;
  readonly title: string;
  readonly what: string;
  readonly unit: string;
  readonly of: (errors: ErrorsAtTime) => ErrorQuantiles | undefined;
  readonly said: (size: number) => string;
}

function cdfChart(errors: readonly ErrorsAtTime[], cdf: Cdf): Chart | undefined {
  const { figure, title, what, unit, of, said } = cdf;
  const shown = firstAndLast(errors).filter((one) => (of(one)?.rms ?? 0) > 0);
  const [first] = shown;
  if (first === undefined) return undefined;
  const last = shown.at(-1)!;
  const within = (one: ErrorsAtTime, share: number): string => said(sizeAt(of(one)!, share));
  const later =
    last === first
      ? ""
      : `; ${after(last)}, half are within ${within(last, 0.5)} and 90\u202f% within ${within(last, 0.9)}`;
  return {
    figure,
    title,
    sentence:
      `${capital(after(first))}, half of the ${what} are within ${within(first, 0.5)} of what was meant ` +
      `and 90\u202f% within ${within(first, 0.9)}${later}.`,
    x: {
      name: what === "weights" ? "size of the weight error, % of the largest weight" : "size of the error",
      unit,
    },
    y: { name: `share of the ${what}`, unit: "percent" },
    xScale: "logarithmic",
    yScale: "linear",
    keyed: true,
    series: shown.map((one, k) => ({
      name: after(one),
      look: "line",
      colour: k,
      points: errorShares.map((share, i) => ({ x: of(one)!.sizes[i]!, y: 100 * share })),
    })),
  };
}

/** The last time counts only if it saw as many tiles as any: else unlike would be compared. */
function firstAndLast(errors: readonly ErrorsAtTime[]): ErrorsAtTime[] {
  const { most } = rangeOf(errors.map(({ tiles }) => tiles));
  const whole = errors.filter(({ tiles }) => tiles === most);
  return whole.length < 2 ? whole : [whole[0]!, whole.at(-1)!];
}

function after({ timeSeconds }: ErrorsAtTime): string {
  return Number.isNaN(timeSeconds) ? "as last read while programming" : `after ${duration(timeSeconds)}`;
}

/** Root mean square and quantiles of the weight errors, or of the devices' where no weight is known, at every sweep. */
export function errorOverTimeChart({ errors, strategy }: RunStory): Chart | undefined {
  const weights = errors.every((one) => one.weights !== undefined);
  const of = (one: ErrorsAtTime): ErrorQuantiles => (weights ? one.weights! : one.devices);
  const { most } = rangeOf([0, ...errors.map(({ tiles }) => tiles)]);
  const shown = errors.filter(({ timeSeconds, tiles }) => timeSeconds > 0 && tiles === most);
  if (shown.length < 2) return undefined;
  const [first, last] = [shown[0]!, shown.at(-1)!];
  const said = (value: number): string => (weights ? percentage(value) : withUnit(value, "µS", 2));
  const predicted = weights && strategy !== undefined ? strategySeries(strategy) : [];
  return {
    figure: "error_over_time",
    title: weights ? "Weight error over time" : "Device error over time",
    sentence:
      `The root mean square goes from ${said(of(first).rms)} after ${duration(first.timeSeconds)} to ` +
      `${said(of(last).rms)} after ${duration(last.timeSeconds)}, when 90\u202f% of the ` +
      `${weights ? "weights" : "devices"} are within ${said(sizeAt(of(last), 0.9))}.`,
    x: { name: "time after the last pulse", unit: "seconds" },
    y: weights
      ? { name: "weight error, % of the largest weight", unit: "percent" }
      : { name: "error", unit: "microsiemens" },
    xScale: "logarithmic",
    yScale: "linear",
    series: [
      {
        name: "median, and the middle 80\u202f%",
        label: "median",
        look: "course",
        colour: 1,
        points: shown.map((one) => ({
          x: one.timeSeconds,
          y: sizeAt(of(one), 0.5),
          low: sizeAt(of(one), 0.1),
          high: sizeAt(of(one), 0.9),
        })),
      },
      ...predicted,
      {
        name: "root mean square",
        look: "course",
        colour: 0,
        points: shown.map((one) => ({ x: one.timeSeconds, y: of(one).rms })),
      },
    ],
  };
}

/** What a strategy foresaw of all its layers together, and what the best rule of today was to give. */
function strategySeries({ layers, timesSeconds }: NonNullable<RunStory["strategy"]>): ChartSeries[] {
  const whole = (of: (layer: (typeof layers)[number]) => Errors): ChartSeries["points"] => {
    const counts = layers.map(({ shape }) => shape[0] * shape[1]);
    const all = counts.reduce((sum, n) => sum + n, 0);
    return timesSeconds.map((x, t) => {
      const squares = layers.reduce((sum, layer, l) => {
        const rms = of(layer).rmsPercentByTime[t]!;
        return sum + counts[l]! * rms * rms;
      }, 0);
      return { x, y: Math.sqrt(squares / all) };
    });
  };
  return [
    {
      name: "as the strategy foresaw",
      label: "strategy",
      look: "law",
      colour: 0,
      points: whole((layer) => layer.predicted),
    },
    {
      name: "best rule of today, as foreseen",
      label: "rule of today",
      look: "law",
      colour: undefined,
      points: whole((layer) => bestRule(layer) ?? layer.predicted),
    },
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
