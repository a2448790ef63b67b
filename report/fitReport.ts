import type { FitRecord, ModelDefinition, PowerLawDefinition } from "../src/model/definition.ts";
import { asPowerLaw, type PowerLaw, powerLawOf } from "../src/model/powerLaw.ts";
import { withError } from "../src/withError.ts";
import { axis, drawing, rule, seriesColour, soft } from "./draw.ts";
import { escaped, figure, page } from "./page.ts";
import { count, duration, percent, withUnit } from "./text.ts";

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
    ? `<em>Believe it:</em> the laws of ${count(used)} devices pass every check.`
    : `<em>Do not believe it:</em> ${failed.map(({ name }) => escaped(name)).join(" and ")} ${failed.length === 1 ? "fails" : "fail"}.`;
  const old = before && powerLawOf(before);
  const parts = [
    `<header><p class="kicker">mho · fit</p><h1>${headline}</h1>`,
    `<p class="facts">${escaped(model.name)} · ${escaped(chip)} number ${escaped(chipSerialNumbers.join(", "))} · ` +
      `${count(sweeps)} sweeps of ${escaped(runs.join(", "))} · ± are 95 % intervals</p></header>`,
    `<section><h2>Checks</h2><div class="scroll"><table><tbody>${checks.map(checkRow).join("")}</tbody></table></div>` +
      `${remarks.map((remark) => `<p class="note">${escaped(remark)}</p>`).join("")}</section>`,
    forecastSection(fit),
    ...pairs(laws.map((law) => lawFigure(law, old))),
    ...residuals.map((residual, k) => residualFigures(residual, k)),
    `<section><h2>Figures</h2><div class="scroll"><table><tbody>${figures.map(figureRow).join("")}</tbody></table></div></section>`,
    `<footer><p>mho ${escaped(softwareVersion)}; data ${escaped(fit.dataDigest.slice(0, 16))}…</p></footer>`,
  ];
  return page(`mho: fit ${model.name}`, parts.join("\n"));
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
  const cell = `<td style="text-align:left;white-space:normal">`;
  return `<tr><th>${ok ? "✓" : "✗"} ${escaped(name)}</th>${cell}${escaped(says)}</td></tr>`;
}

/** What fits to the first reads foretold of later ones, and how far the model was tested by that. */
function forecastSection({ testedToSeconds, forecasts = [] }: FitRecord): string {
  if (testedToSeconds === undefined) return "";
  const far =
    testedToSeconds > 0
      ? `Fits to earlier reads foretold later ones up to <b>${duration(testedToSeconds)}</b>. Beyond that age every figure of this model is extrapolated.`
      : "No fit to earlier reads foretold later ones: every figure beyond the reads is extrapolated.";
  const row = (one: (typeof forecasts)[number]): string =>
    `<tr><th scope="row">${duration(one.fromSeconds)} → ${duration(one.toSeconds)}</th><td>${count(one.devices)}</td><td>${percent(one.inside95)}</td>` +
    `<td>${withUnit(one.meanOffStds, "σ", 2)}</td><td>${one.holds ? "✓" : "✗"}</td></tr>`;
  const table =
    `<div class="scroll results"><table><thead><tr><th scope="col">from → to</th><th scope="col">devices</th>` +
    `<th scope="col">inside the 95 % band</th><th scope="col">mean off</th><th scope="col">holds</th></tr></thead>` +
    `<tbody>${forecasts.map(row).join("")}</tbody></table></div>`;
  return `<section><h2>Forecasts</h2><p class="note">${far}</p>${forecasts.length === 0 ? "" : table}</section>`;
}

function figureRow({ figure: name, value, standardError }: FitRecord["figures"][number]): string {
  return `<tr><th>${escaped(name)}</th><td>${withError(value, 1.96 * standardError)}</td></tr>`;
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
  const name = law.replace(/[^a-zA-Z]+/g, "-");
  const old = lawBefore(law, before);
  const low = value.map((v, k) => v - 1.96 * standardError[k]!);
  const line = (data: readonly number[]): number[][] => data.map((v, k) => [g[k]!, v]);
  const colour = seriesColour(0);
  const picture = drawing(`law-${name}`, `${law} against conductance`, { width: 520, height: 280 }, () => ({
    grid: { left: 58, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      min: 0,
      splitLine: { show: false },
      axisTick: { show: true, lineStyle: { color: rule } },
      name: "conductance, µS",
    },
    yAxis: {
      ...axis,
      ...(Math.min(...low) < 0 ? {} : { min: 0 }),
      axisLabel: { ...axis.axisLabel, formatter: plain },
    },
    series: [
      {
        type: "line",
        data: line(low),
        symbol: "none",
        lineStyle: { color: colour, opacity: 0 },
        stack: "band",
        stackStrategy: "all",
      },
      {
        type: "line",
        data: standardError.map((error, k) => [g[k]!, 2 * 1.96 * error]),
        symbol: "none",
        lineStyle: { color: colour, opacity: 0 },
        areaStyle: { color: colour, opacity: 0.25 },
        stack: "band",
        stackStrategy: "all",
      },
      ...(old === undefined
        ? []
        : [
            {
              type: "line",
              data: line(g.map(old)),
              symbol: "none",
              lineStyle: { color: soft, width: 1.5, type: "dashed" },
            },
          ]),
      { type: "line", data: line(value), symbol: "none", lineStyle: { color: colour, width: 2 } },
    ],
  }));
  const dashed = old === undefined ? "" : "; dashed, what was believed before";
  return figure(escaped(capital(law)), `By ${escaped(form)}, with its 95 % interval${dashed}.`, picture);
}

/** How residuals are spread, beside the bell that chance gives, and whether they depend on conductance. */
function residualFigures(
  { residual, from, step, share, conductanceMicrosiemens: g, mean, spread }: FitRecord["residuals"][number],
  k: number,
): string {
  const xAxis = {
    ...axis,
    splitLine: { show: false },
    axisTick: { show: true, lineStyle: { color: rule } },
  };
  const middle = (bin: number): number => from + (bin + 0.5) * step;
  const colour = seriesColour(0);
  const hill = drawing(
    `residual-${k}`,
    `${residual}: shares of the devices`,
    { width: 520, height: 260 },
    () => ({
      grid: { left: 58, right: 22, top: 14, bottom: 50 },
      xAxis: { ...xAxis, min: from, max: -from, name: "standard deviations" },
      yAxis: { ...axis, min: 0, axisLabel: { ...axis.axisLabel, formatter: asPercent } },
      series: [
        {
          type: "line",
          step: "middle",
          data: share.map((value, bin) => [middle(bin), value]),
          symbol: "none",
          lineStyle: { color: colour, width: 2 },
          areaStyle: { color: colour, opacity: 0.18 },
        },
        {
          type: "line",
          data: share.map((_, bin) => [middle(bin), bell(middle(bin)) * step]),
          smooth: true,
          symbol: "none",
          lineStyle: { color: soft, width: 1.5, type: "dashed" },
        },
      ],
    }),
  );
  const course = drawing(
    `residual-by-g-${k}`,
    `${residual}: by conductance`,
    { width: 520, height: 260 },
    () => ({
      grid: { left: 58, right: 22, top: 14, bottom: 50 },
      xAxis: { ...xAxis, min: 0, name: "conductance, µS" },
      yAxis: {
        ...axis,
        min: Math.min(-0.5, ...mean.map((m) => Math.floor(2 * m) / 2)),
        max: Math.max(1.5, ...spread.map((one) => Math.ceil(2 * one) / 2)),
        axisLabel: { ...axis.axisLabel, formatter: plain },
      },
      series: [
        {
          type: "line",
          data: mean.map((m, i) => [g[i]!, m]),
          symbol: "none",
          lineStyle: { color: colour, width: 2 },
        },
        {
          type: "line",
          data: spread.map((s, i) => [g[i]!, s]),
          symbol: "none",
          lineStyle: { color: seriesColour(1), width: 2 },
        },
      ],
    }),
  );
  const title = escaped(capital(residual));
  const key = (place: number, text: string): string =>
    `<span><span class="key" style="background:var(--series-${place})"></span>${text}</span>`;
  return (
    `<div class="pair">${figure(title, "Devices by how far they lie off, beside what chance alone gives (dashed).", hill)}` +
    `${figure("The same by conductance", `<span class="legend">${key(0, "mean, 0 where the law holds")}${key(1, "spread, 1 where it holds")}</span>`, course)}</div>`
  );
}

function bell(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function asPercent(value: number): string {
  return `${Number((100 * value).toPrecision(3))}\u202f%`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
