import type { Painted } from "./colours.ts";
import { escaped, keyed } from "./page.ts";
import { type NetworkMeasure, scoreText } from "../src/results/networkMeasure.ts";
import type { Point, Story } from "./story.ts";
import { onDemand, tableOf, type TableRow } from "./table.ts";
import { count, duration, percent, percentage } from "./text.ts";

/** What every contender was worth at every time that any of them was read at: one figure at once, the others on demand. */
export function results(
  { measure, softwareScore, inputs, chips }: Pick<Story, "measure" | "softwareScore" | "inputs" | "chips">,
  contenders: readonly Painted[],
): string {
  const times = [
    ...new Set(contenders.flatMap(({ points }) => points.map(({ timeSeconds }) => timeSeconds))),
  ].sort((a, b) => a - b);
  const rowsOf = (of: (point: Point) => string | undefined): TableRow[] =>
    contenders.flatMap((contender) => {
      const cells = times.map((time) => {
        const point = contender.points.find(({ timeSeconds }) => timeSeconds === time);
        return point && of(point);
      });
      return cells.every((cell) => cell === undefined)
        ? []
        : [{ name: keyed(contender), cells: cells.map((cell) => cell ?? "–") }];
    });
  const table = (rows: readonly TableRow[], accent = true): string =>
    tableOf({ corner: "after the last pulse", columns: times.map((time) => duration(time)), rows, accent });
  const note = (html: string): string => `<p class="note">${html}</p>`;
  const means = chips > 1 ? ` Means over ${chips} chips.` : "";
  const scores = (by: NetworkMeasure): string => {
    const software: TableRow = { name: `software`, cells: times.map(() => scoreCell(by, softwareScore)) };
    return (
      note(`${scoreNotes[by.name](inputs)}${means}`) +
      table([software, ...rowsOf(({ score }) => scoreCell(by, score))])
    );
  };
  const worstRows = rowsOf(({ worstTenth }) =>
    measure === undefined || worstTenth === undefined || Number.isNaN(worstTenth)
      ? undefined
      : scoreCell(measure, worstTenth),
  );
  const worst =
    worstRows.length === 0
      ? ""
      : onDemand(
          "The inputs that did worst",
          note("Mean cosine over the <b>tenth of the inputs</b> that did worst at each time.") +
            table(worstRows),
        );
  const weights = note(
    "<b>Weight error</b>: root mean square, in percent of the layer’s largest weight." +
      (measure === undefined ? means : ""),
  );
  const weightTable = table(rowsOf(({ rmsPercent }) => percentage(rmsPercent)));
  const products =
    note("<b>Matrix–vector error</b>: in percent of the product’s size.") +
    table(rowsOf(({ productPercent }) => percentage(productPercent)));
  return (
    `<section class="results">` +
    (measure === undefined
      ? weights + weightTable + onDemand("Matrix–vector error", products)
      : scores(measure) +
        worst +
        onDemand("Weight error and matrix–vector error", weights + weightTable + products) +
        predicted(measure, contenders, table, rowsOf)) +
    (chips > 1 ? spreads(measure, table, rowsOf) : "") +
    `</section>`
  );
}

type Rows = (of: (point: Point) => string | undefined) => TableRow[];

/** What the score is of so many inputs. */
const scoreNotes: Readonly<Record<NetworkMeasure["name"], (inputs: number) => string>> = {
  accuracy: (images) => `<b>Accuracy</b> on ${count(images)} held-out images.`,
  similarity: (inputs) =>
    `<b>Similarity to software</b>: cosine of the outputs to those in software, mean over ${count(inputs)} inputs.`,
};

/** `97.8 %`, `0.9971`; a dash when it is not known. */
function scoreCell(measure: NetworkMeasure, score: number): string {
  if (measure.name === "accuracy") return percent(score);
  return Number.isFinite(score) ? scoreText(measure, score) : "–";
}

/** What the model of each strategy gave before the first pulse, and how widely such chips differ. */
function predicted(
  measure: NetworkMeasure,
  contenders: readonly Painted[],
  table: (rows: readonly TableRow[], accent?: boolean) => string,
  rowsOf: Rows,
): string {
  if (!contenders.some(({ points }) => points.some((point) => point.predicted !== undefined))) return "";
  const of = (title: string, share: (found: NonNullable<Point["predicted"]>) => number): string =>
    `<p class="note">${title}</p>${table(
      rowsOf((point) => point.predicted && scoreCell(measure, share(point.predicted))),
      false,
    )}`;
  return onDemand(
    `${measure.title} that was predicted before the first pulse`,
    of(
      `<b>Predicted</b> ${measure.title.toLowerCase()}, by the model of each strategy.`,
      ({ score }) => score,
    ) +
      of("<b>Low end</b> of the band in which 90\u202f% of such chips lie.", ({ low }) => low) +
      of("<b>High end</b> of that band.", ({ high }) => high),
  );
}

/** How far chips differ. */
function spreads(
  measure: NetworkMeasure | undefined,
  table: (rows: readonly TableRow[], accent?: boolean) => string,
  rowsOf: Rows,
): string {
  const of = (
    title: string,
    value: (spread: NonNullable<Point["spread"]>) => number,
    cell: (spread: number) => string = percentage,
  ): string =>
    `<p class="note">${title}</p>${table(
      rowsOf(({ spread }) => spread && `± ${cell(value(spread))}`),
      false,
    )}`;
  const score =
    measure === undefined
      ? ""
      : of(
          `Of the <b>${measure.title.toLowerCase()}</b>.`,
          (spread) => spread.score,
          (spread) => scoreCell(measure, spread),
        );
  return onDemand(
    "Standard deviation over the chips, which the pictures show as bands",
    score +
      of("Of the <b>weight error</b>.", ({ rmsPercent }) => rmsPercent) +
      of("Of the <b>matrix–vector error</b>.", ({ productPercent }) => productPercent),
  );
}

/** Who is who. */
export function explanations(contenders: readonly Painted[]): string {
  const rows = contenders.map((contender) => {
    return `<div><dt>${keyed(contender)}</dt><dd>${escaped(contender.explanation)}</dd></div>`;
  });
  return `<dl>${rows.join("")}</dl>`;
}

/** What was fired to measure the chip, which no contender's devices felt. */
function apart(pulses: number | undefined): string {
  return pulses === undefined
    ? ""
    : `<p class="note">Pulses include those of corrections. Measuring the chip took ${count(pulses)} pulses more.</p>`;
}

/** How the devices of each contender ended; the commonest verdict first. */
export function endings(contenders: readonly Painted[], characterisationPulses?: number): string {
  if (contenders.length === 0) return "";
  const totals = new Map<string, number>();
  for (const { verdicts } of contenders) {
    for (const [verdict, n] of Object.entries(verdicts)) totals.set(verdict, (totals.get(verdict) ?? 0) + n);
  }
  const names = [...totals].sort((a, b) => b[1] - a[1]).map(([verdict]) => verdict);
  const of = ({ verdicts }: Painted, verdict: string): number =>
    Object.hasOwn(verdicts, verdict) ? verdicts[verdict]! : 0;
  const counted = (n: number): string => (n === 0 ? "–" : count(n));
  const share = (one: Painted, verdict: string): string => {
    const n = of(one, verdict);
    return n === 0 ? "–" : percent(n / Math.max(1, one.devices));
  };
  const totalsOf = (cells: (of: (one: Painted) => number) => string[]): TableRow[] => [
    { name: "devices in all", cells: cells(({ devices }) => devices) },
    { name: "pulses in all", cells: cells(({ pulses }) => pulses) },
  ];
  const [only] = contenders;
  const tables =
    contenders.length === 1
      ? tableOf({
          corner: "verdict",
          columns: ["devices", "share"],
          rows: names.map((verdict) => ({
            name: escaped(verdict),
            cells: [counted(of(only!, verdict)), share(only!, verdict)],
          })),
        }) + `<p class="note">${count(only!.devices)} devices in all, and ${count(only!.pulses)} pulses.</p>`
      : tableOf({
          corner: "verdict",
          columns: contenders.map(keyed),
          rows: [
            ...names.map((verdict) => ({
              name: escaped(verdict),
              cells: contenders.map((one) => share(one, verdict)),
            })),
            ...totalsOf((value) => contenders.map((one) => count(value(one)))),
          ],
        }) +
        onDemand(
          "How many devices that is",
          tableOf({
            corner: "verdict",
            columns: contenders.map(keyed),
            rows: names.map((verdict) => ({
              name: escaped(verdict),
              cells: contenders.map((one) => counted(of(one, verdict))),
            })),
          }),
        );
  return `<section class="endings"><h2>How the devices ended</h2>${tables}${apart(characterisationPulses)}</section>`;
}
