import type { FitRecord, ModelDefinition, PowerLawDefinition } from "../src/model/definition.ts";
import { asPowerLaw, type PowerLaw, powerLawOf } from "../src/model/powerLaw.ts";
import { forecastHoldsWhere } from "../src/model/forecastLimits.ts";
import { failsBeyondTested } from "../src/model/tested.ts";
import { withError } from "../src/withError.ts";
import type { ChartSeries } from "./chart.ts";
import { chartFigure } from "./chartDrawing.ts";
import { escaped, page } from "./page.ts";
import { tableOf } from "./table.ts";
import { count, duration, withUnit } from "./text.ts";

/** What a fit found, and whether to believe it, as one HTML page. @param before  the model that was believed before. */
export function renderFit(
  model: ModelDefinition,
  fit: FitRecord,
  before: PowerLawDefinition | undefined,
  softwareVersion: string,
): string {
  const { runs, chip, chipSerialNumbers, sweeps, devices, checks, remarks, residuals, laws, figures } = fit;
  const used = devices.find(({ fate }) => fate === "used")?.count ?? 0;
  const failed = checks.filter(({ ok }) => !ok);
  const headline = fit.believe
    ? `<em>${believedTo(fit)}:</em> the laws of ${count(used)} devices pass every check.`
    : `<em>Do not believe it:</em> ${failed.map(({ name }) => escaped(name)).join(" and ")} ${failed.length === 1 ? "fails" : "fail"}.`;
  const old = before && powerLawOf(before);
  const parts = [
    `<header><p class="kicker">mho · fit</p><h1>${headline}</h1>`,
    `<p class="facts">${escaped(model.name)} · ${escaped(chip)} number ${escaped(chipSerialNumbers.join(", "))} · ` +
      `${count(sweeps)} sweeps of ${escaped(runs.join(", "))} · ± are 95 % intervals</p></header>`,
    `<section><h2>Checks</h2><dl class="checks">${checks.map(checkRow).join("")}</dl>` +
      `${remarks.map((remark) => `<p class="note">${escaped(remark)}</p>`).join("")}</section>`,
    forecastSection(fit),
    ...pairs(laws.map((law) => lawFigure(law, old))),
    ...residuals.map((residual, k) => residualFigures(residual, k)),
    figuresSection(figures),
    `<footer><p>mho ${escaped(softwareVersion)}; data ${escaped(fit.dataDigest.slice(0, 16))}…</p></footer>`,
  ];
  return page(`mho: fit ${model.name}`, parts.join("\n"));
}

/** How far: where forecasts failed, no further than they held. */
function believedTo(record: FitRecord): string {
  if (!failsBeyondTested(record)) return "Believe it";
  const { testedToSeconds = 0 } = record;
  return testedToSeconds > 0
    ? `Believe it to ${duration(testedToSeconds)}`
    : "Believe it at the measured ages alone";
}

/**
 * How devices change, by conductance: the laws of drift, and dashed what was believed; of a table, how far equal devices differ at the oldest
 * age, and how the mean has changed.
 */
export function changeFigures({ laws }: FitRecord, before: ModelDefinition): string[] {
  const drift = laws.filter(({ law }) => law.startsWith("drift exponent"));
  const law = asPowerLaw(before);
  if (drift.length > 0) return drift.map((one) => lawFigure(one, law && powerLawOf(law)));
  const oldest = (what: string): string[] =>
    laws
      .filter(({ law: name }) => name.startsWith(what))
      .slice(-1)
      .map((one) => lawFigure(one, undefined));
  return [...oldest("spread at"), ...oldest("mean change at")];
}

/** Side by side on a desk. */
export function pairs(figures: readonly string[]): string[] {
  return figures.flatMap((one, k) =>
    k % 2 === 0 ? `<div class="pair">${one}${figures[k + 1] ?? ""}</div>` : [],
  );
}

function checkRow({ name, ok, says }: FitRecord["checks"][number]): string {
  return `<div><dt>${ok ? "✓" : "✗"} ${escaped(name)}</dt><dd>${escaped(says)}</dd></div>`;
}

/** What fits to the first reads foretold of later ones, and how far the model was tested by that. */
function forecastSection({ testedToSeconds, forecasts = [] }: FitRecord): string {
  if (testedToSeconds === undefined) return "";
  const far =
    testedToSeconds > 0
      ? `Fits to earlier reads foretold later ones up to <b>${duration(testedToSeconds)}</b>. Beyond that age every figure of this model is extrapolated.`
      : "No fit to earlier reads foretold later ones: every figure beyond the reads is extrapolated.";
  const table = tableOf({
    corner: "foretold up to",
    columns: ["by reads up to", "devices", "inside the 95\u202f% band", "mean off", "holds"],
    rows: forecasts.map((one) => ({
      name: duration(one.toSeconds),
      cells: [
        duration(one.fromSeconds),
        count(one.devices),
        withUnit(100 * one.inside95, "%", 2),
        withUnit(one.meanOffStds, "σ", 2),
        one.holds ? "✓" : "✗",
      ],
    })),
  });
  return `<section><h2>Forecasts</h2><p class="note">${far}</p>${forecasts.length === 0 ? "" : `${table}<p class="note">A forecast ${forecastHoldsWhere}.</p>`}</section>`;
}

/** A value and its interval, each in a cell. */
function figuresSection(figures: FitRecord["figures"]): string {
  if (figures.length === 0) return "";
  const rows = figures.map(({ figure: name, value, standardError }) => {
    const [, shown = "", error = "", power = ""] =
      /^\(?(\S+?)(?: ± ([^)\s]+)\)?(e\S+)?)?$/.exec(withError(value, 1.96 * (standardError ?? Number.NaN))) ??
      [];
    return { name: escaped(name), cells: [`${shown}${power}`, error === "" ? "–" : `${error}${power}`] };
  });
  const table = tableOf({ corner: "figure", columns: ["value", "± of its 95\u202f% interval"], rows });
  return `<section><h2>Figures</h2>${table}</section>`;
}

/** What the model before said of a law, where it had one. */
function lawBefore(law: string, before: PowerLaw | undefined): ((g: number) => number) | undefined {
  if (before === undefined) return undefined;
  const max = before.maxConductanceMicrosiemens;
  const within = (g: number): number => Math.min(g, max);
  if (law.startsWith("drift exponent, mean")) return (g) => before.driftExponent(within(g)).mean;
  if (law.startsWith("drift exponent, spread")) return (g) => before.driftExponent(within(g)).std;
  if (law.startsWith("programming error")) return (g) => before.programmingStd(within(g));
  if (law.startsWith("read noise")) return (g) => before.readStrength(within(g));
  return undefined;
}

function lawFigure(
  { law, form, conductanceMicrosiemens: g, value, standardError }: FitRecord["laws"][number],
  before: PowerLaw | undefined,
): string {
  const old = lawBefore(law, before);
  return chartFigure({
    figure: `law-${law.replace(/[^a-zA-Z]+/g, "-")}`,
    title: capital(law),
    sentence: `By ${form}, with its 95\u202f% interval${old === undefined ? "" : "; dotted, what was believed before"}.`,
    x: { name: "conductance", unit: "microsiemens" },
    y: { name: law, unit: "" },
    xScale: "linear",
    yScale: "linear",
    series: [
      ...(old === undefined
        ? []
        : [{ name: "before", look: "law" as const, points: g.map((x) => ({ x, y: old(x) })) }]),
      {
        name: "fitted",
        look: "line",
        colour: 0,
        points: value.map((y, k) => {
          const error = standardError[k];
          const band = error == null ? {} : { low: y - 1.96 * error, high: y + 1.96 * error };
          return { x: g[k]!, y, ...band };
        }),
      },
    ],
  });
}

/** How residuals are spread, beside the bell that chance gives, and whether they depend on conductance. */
function residualFigures(
  { residual, from, step, share, conductanceMicrosiemens: g, mean, spread }: FitRecord["residuals"][number],
  k: number,
): string {
  const middle = (bin: number): number => from + (bin + 0.5) * step;
  const hill = chartFigure({
    figure: `residual-${k}`,
    title: capital(residual),
    sentence: "Devices by how far they lie off, beside what chance alone gives.",
    x: { name: "off by, in standard deviations", unit: "" },
    y: { name: "share of the devices", unit: "percent" },
    xScale: "linear",
    yScale: "linear",
    keyed: true,
    series: [
      {
        name: "devices",
        look: "steps",
        colour: 0,
        points: share.map((value, bin) => ({ x: middle(bin), y: 100 * value })),
      },
      {
        name: "chance alone",
        look: "law",
        points: share.map((_, bin) => ({ x: middle(bin), y: 100 * bell(middle(bin)) * step })),
      },
    ],
  });
  const line = (name: string, colour: number, values: readonly number[]): ChartSeries => ({
    name,
    look: "course",
    colour,
    points: values.map((y, i) => ({ x: g[i]!, y })),
  });
  const course = chartFigure({
    figure: `residual-by-g-${k}`,
    title: "The same by conductance",
    sentence: "Where the law holds, the mean is 0 and the spread is 1.",
    x: { name: "conductance", unit: "microsiemens" },
    y: { name: "off by, in standard deviations", unit: "" },
    xScale: "linear",
    yScale: "linear",
    series: [line("mean", 0, mean), line("spread", 1, spread)],
  });
  return `<div class="pair">${hill}${course}</div>`;
}

function bell(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
