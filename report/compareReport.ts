import type { ComparedRun, Comparison, Difference, Quantity } from "../src/results/comparison.ts";
import { quantities } from "../src/results/comparison.ts";
import { type ErrorQuantiles, errorShares, type ErrorsAtTime, sizeAt } from "../src/results/errorSpread.ts";
import type { Seconds } from "../src/units.ts";
import { type Chart, isEmpty } from "./chart.ts";
import { chartFigure } from "./chartDrawing.ts";
import { type Painted, painted } from "./colours.ts";
import { method, quantityNamed, said, sentenceOf, tableRows } from "./compareTexts.ts";
import { tidyCsv } from "./csv.ts";
import { pulsesFigure } from "./figures.ts";
import { escaped, keyed, page } from "./page.ts";
import { tableOf } from "./table.ts";
import { endings } from "./tables.ts";
import { duration, listed, percentage, withUnit } from "./text.ts";

/** Runs over one another: an HTML page without network or script, and the numbers of its figures as a table. */
export interface CompareReport {
  readonly html: string;
  readonly csv: string;
}

/** The same comparison gives the same report. Page and table are made of the same numbers. */
export function renderComparison(comparison: Comparison, softwareVersion: string): CompareReport {
  const { runs } = comparison;
  const painting = painted(runs.map(contenderOf));
  const charts = chartsOf(comparison, painting);
  const about = [
    `runs ${runs.map(({ id }) => id).join(", ")} compared; mho ${softwareVersion}`,
    ...comparison.differences.map((difference) => sentenceOf(difference)),
  ];
  // Of an odd number the first has the whole width.
  const [wide, paired] = charts.length % 2 === 0 ? [[], charts] : [charts.slice(0, 1), charts.slice(1)];
  const body = [
    `<header><p class="kicker">mho · ${runs.length} runs compared</p><h1>${escaped(headline(comparison))}</h1>`,
    `<p class="facts">${runs.map((run) => escaped(factsOf(run))).join("<br>")}</p></header>`,
    tables(comparison, painting),
    ...wide.map((chart) => chartFigure({ ...chart, wide: true })),
    ...paired.flatMap((chart, k) =>
      k % 2 === 0 ? `<div class="pair">${chartFigure(chart)}${chartFigure(paired[k + 1]!)}</div>` : [],
    ),
    pulsesFigure(painting),
    endings(painting),
    `<footer><p>${escaped(method)} mho ${escaped(softwareVersion)}</p></footer>`,
  ];
  return {
    html: page(`mho: ${runs.map(({ id }) => id).join(", ")}`, body.join("\n")),
    csv: tidyCsv(about, [...charts, differenceNumbers(comparison)]),
  };
}

function headline({ runs, differences, ageSeconds }: Comparison): string {
  const [first] = runs;
  const decided = differences.filter(({ shown }) => shown);
  const main =
    decided.find(({ quantity }) => quantity === "weight_error") ??
    decided.find(({ quantity }) => quantity === "device_error") ??
    decided[0];
  if (main === undefined) return `No difference from ${first!.id} is shown: every interval includes zero.`;
  const of = quantityNamed(main.quantity);
  const by = said(of, { ...main, value: Math.abs(main.value), ...sizes(main) });
  const more = main.value > 0 ? "more" : "less";
  const what = {
    yield: `${main.run} accepts ${more} of its devices than ${main.against}`,
    weight_error: `${main.run} errs ${more} than ${main.against}`,
    device_error: `The devices of ${main.run} err ${more} than those of ${main.against}`,
    pulses: `${main.run} takes ${more} pulses a device than ${main.against}`,
  }[main.quantity];
  const when =
    main.quantity.endsWith("error") && ageSeconds !== undefined ? ` after ${duration(ageSeconds)}` : "";
  return `${what}, by ${by}${when}.`;
}

function sizes({ low, high }: Difference): { low: number; high: number } {
  const [a, b] = [Math.abs(low), Math.abs(high)];
  return { low: Math.min(a, b), high: Math.max(a, b) };
}

function factsOf({ id, title, method: by, chipName, chipSerialNumber, startedAt }: ComparedRun): string {
  const begun = startedAt.replace(/^([\d-]{10})T(\d\d:\d\d).*Z$/, "$1 $2 UTC");
  return `${id}: ${title} · ${by} · ${chipName} number ${chipSerialNumber} · begun ${begun}`;
}

/** What each run says, and under it how it differs from the first. */
function tables({ runs, differences, ageSeconds }: Comparison, painting: readonly Painted[]): string {
  const [head, ...values] = tableRows({ runs });
  const of = (run: string): string => keyed(painting[runs.findIndex(({ id }) => id === run)]!);
  const when =
    ageSeconds === undefined
      ? "There is no age at which all of these runs were read as a whole, so their errors are not compared."
      : `Errors are root mean squares of one read at an age of ${duration(ageSeconds)}; those of weights in percent of the largest.`;
  const [corner = "", ...columns] = head!;
  const drawn = tableOf({
    corner,
    columns,
    rows: values.map(([run = "", ...cells]) => ({ name: of(run), cells })),
  });
  const rows = differences.map((difference) => {
    const quantity = quantityNamed(difference.quantity);
    const { value, interval } = parted(quantity, difference);
    const claim = difference.shown ? "yes" : "not shown";
    return {
      name: `${of(difference.run)}: ${escaped(quantity.title)}`,
      cells: [value, interval, difference.paired ? "paired" : "not paired", claim],
    };
  });
  return (
    `<section><p class="note">${escaped(when)} In brackets, the interval of 95\u202f%.</p>${drawn}</section>` +
    `<section><h2>Differences from ${escaped(runs[0]!.id)}</h2>` +
    `${tableOf({ corner: "run", columns: ["difference", "interval of 95\u202f%", "devices", "differs"], rows })}</section>`
  );
}

/** A difference and its interval apart. */
function parted(
  quantity: Quantity,
  difference: Difference,
): { readonly value: string; readonly interval: string } {
  const [value = "–", interval = ""] = said(quantity, difference, true).split(" (");
  return { value, interval: interval === "" ? "–" : interval.slice(0, -1) };
}

function contenderOf({ id, method: by, overview }: ComparedRun) {
  return {
    name: `${id}, ${by}`,
    explanation: "",
    run: id,
    devices: overview.devices,
    pulses: overview.pulses,
    verdicts: Object.fromEntries(
      Object.entries(overview.verdicts).filter(
        ([verdict, devices]) => devices > 0 && verdict !== "left alone",
      ),
    ),
    devicesByPulses: overview.devicesByPulses,
    points: [],
    relativeErrors: new Float32Array(0),
  };
}

function chartsOf({ runs, ageSeconds }: Comparison, painting: readonly Painted[]): Chart[] {
  const weights = runs.every(
    ({ errors }) => errors.length > 0 && errors.every((one) => one.weights !== undefined),
  );
  const of = (one: ErrorsAtTime): ErrorQuantiles => (weights ? one.weights! : one.devices);
  const charts: Chart[] = [
    {
      figure: "error_over_time",
      title: weights ? "Weight error over time" : "Device error over time",
      sentence: `Root mean square at every age that the runs were read at: ${listed(
        runs.flatMap(({ id, errors }) => {
          const last = errors.at(-1);
          if (last === undefined) return [];
          const error = weights ? percentage(of(last).rms) : withUnit(of(last).rms, "µS", 2);
          return `${id} ends with ${error}${Number.isNaN(last.timeSeconds) ? "" : ` after ${duration(last.timeSeconds)}`}`;
        }),
      )}.`,
      x: { name: "time after the last pulse", unit: "seconds" },
      y: weights
        ? { name: "weight error, % of the largest", unit: "percent" }
        : { name: "error", unit: "microsiemens" },
      xScale: "logarithmic",
      yScale: "linear",
      series: runs.map(({ errors }, k) => ({
        name: painting[k]!.name,
        look: "course",
        colour: painting[k]!.colour,
        points: errors
          .filter(({ timeSeconds }) => timeSeconds > 0)
          .map((one) => ({ x: one.timeSeconds, y: of(one).rms })),
      })),
    },
  ];
  if (ageSeconds !== undefined) {
    if (weights) charts.push(cdf(runs, painting, ageSeconds, "weights"));
    charts.push(cdf(runs, painting, ageSeconds, "devices"));
  }
  return charts.filter((chart) => !isEmpty(chart));
}

/** Sizes of errors over one another, all at one age. */
function cdf(
  runs: readonly ComparedRun[],
  painting: readonly Painted[],
  ageSeconds: Seconds,
  what: "weights" | "devices",
): Chart {
  const shown = runs.map(({ errors }) => nearest(errors, ageSeconds)[what]!);
  const size = (value: number): string => (what === "weights" ? percentage(value) : withUnit(value, "µS", 2));
  const unit = what === "weights" ? "percent" : "microsiemens";
  return {
    figure: `${what === "weights" ? "weight" : "device"}_error_cdf`,
    title: `Errors of the ${what} after ${duration(ageSeconds)}`,
    sentence: `90\u202f% of the ${what} are within ${listed(
      runs.map(({ id }, k) => `${size(sizeAt(shown[k]!, 0.9))} (${id})`),
    )} of what was meant.`,
    x: {
      name: what === "weights" ? "size of the weight error, % of the largest" : "size of the error",
      unit,
    },
    y: { name: `share of the ${what}`, unit: "percent" },
    xScale: "logarithmic",
    yScale: "linear",
    // They all end at 100 %.
    keyed: true,
    series: shown.map(({ sizes: ofErrors }, k) => ({
      name: painting[k]!.name,
      look: "line",
      colour: painting[k]!.colour,
      points: errorShares.map((share, i) => ({ x: ofErrors[i]!, y: 100 * share })).filter(({ x }) => x > 0),
    })),
  };
}

function nearest(errors: readonly ErrorsAtTime[], ageSeconds: Seconds): ErrorsAtTime {
  const off = ({ timeSeconds }: ErrorsAtTime): number =>
    Number.isNaN(timeSeconds) ? Infinity : Math.abs(timeSeconds - ageSeconds);
  return errors.reduce((a, b) => (off(b) < off(a) ? b : a));
}

/** Differences with their intervals: a series a quantity, x the number of the run. */
function differenceNumbers({ differences }: Comparison) {
  return {
    figure: "differences",
    x: { name: "run", unit: "" },
    y: { name: "difference from the first run, in the quantity's unit", unit: "" },
    series: quantities.map(({ name, unit }) => ({
      name: unit === "" ? name : `${name}, ${unit}`,
      points: differences
        .filter(({ quantity }) => quantity === name)
        .map(({ run, value, low, high }) => ({ x: Number(run.slice(1)), y: value, low, high })),
    })),
  };
}
