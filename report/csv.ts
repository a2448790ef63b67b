import type { FigureNumbers } from "./chart.ts";
import type { Story } from "./story.ts";
import { harmless } from "../src/harmless.ts";

/** The figures of a story as comma-separated values, under a commented header that says what they are. */
export function figuresCsv(story: Story): string {
  // Of weights alone the column stays empty.
  const score = story.measure?.name ?? "accuracy";
  const comments = [
    `${story.networkText}; ${story.chipText}; seed ${story.seed}; mho ${story.softwareVersion}`,
    `written ${story.writtenAt}; ${story.inputs} ${story.measure?.name === "similarity" ? "inputs" : "held-out images"}`,
    "contender: how the weights were programmed; software: not on a chip",
    "time_seconds: after the last pulse of each tile, chip time",
    "weight_error_rms_percent: RMS of (alpha w_read - w) / max|w| of its layer, alpha one factor a tile",
    "matrix_vector_error_percent: RMS of products with 64 random inputs, of their size",
    ...scoreComments[score],
    `predicted_${score}: of the strategy's model, before the first pulse; 90 % of such chips lie between predicted_low and predicted_high`,
    `means over ${story.chips} ${story.chips === 1 ? "chip" : "chips"}; *_spread: standard deviation over them`,
  ];
  const columns = [
    "contender",
    "time_seconds",
    "weight_error_rms_percent",
    "matrix_vector_error_percent",
    score,
    "weight_error_spread",
    "matrix_vector_error_spread",
    `${score}_spread`,
    `predicted_${score}`,
    "predicted_low",
    "predicted_high",
    ...(score === "similarity" ? ["similarity_worst_tenth"] : []),
  ];
  const own = score === "similarity" ? [story.softwareScore] : [];
  const rows: Cell[][] = [["software", "", 0, 0, story.softwareScore, "", "", "", "", "", "", ...own]];
  for (const { name, points } of story.contenders) {
    for (const { timeSeconds, spread, predicted, ...mean } of points) {
      const values = [mean, spread ?? unknown].flatMap(({ rmsPercent, productPercent, score: mark }) => [
        rmsPercent,
        productPercent,
        mark,
      ]);
      const foreseen = [predicted?.score ?? "", predicted?.low ?? "", predicted?.high ?? ""];
      const worst = score === "similarity" ? [mean.worstTenth ?? ""] : [];
      rows.push([name, timeSeconds, ...values, ...foreseen, ...worst]);
    }
  }
  return csv(comments, columns, rows);
}

/**
 * Figures as one tidy table, a row a point: `pandas.read_csv(file, comment="#")`, then by `figure` and `series`.
 *
 * @param about  what the figures are of; one comment each.
 */
export function tidyCsv(about: readonly string[], figures: readonly FigureNumbers[]): string {
  const drawn = figures.filter(({ series }) => series.some(({ points }) => points.length > 0));
  const comments = [
    ...about,
    "one row a point; low and high: the ends of the band or whisker about y, where there is one",
    ...drawn.map(({ figure, x, y }) => `${figure}: ${y.name} against ${x.name}`),
  ];
  const columns = ["figure", "series", "x", "x_unit", "y", "y_unit", "low", "high"];
  const rows = function* (): Iterable<Cell[]> {
    for (const { figure, x, y, series } of drawn) {
      for (const { name, points } of series) {
        for (const point of points) {
          yield [figure, name, point.x, x.unit, point.y, y.unit, point.low ?? "", point.high ?? ""];
        }
      }
    }
  };
  return csv(comments, columns, rows());
}

/** Text, or a number, which is left out where it is not known. */
type Cell = string | number;

/** The one way in which tables are written: what they hold in comments, then names, then rows. */
function csv(
  comments: readonly string[],
  columns: readonly string[],
  rows: Iterable<readonly Cell[]>,
): string {
  const lines = [
    ...comments.map((comment) => `# ${oneLine(comment)}`),
    "# empty: not known",
    columns.join(","),
  ];
  for (const row of rows) {
    lines.push(row.map((cell) => (typeof cell === "number" ? known(cell) : quoted(cell))).join(","));
  }
  return `${lines.join("\n")}\n`;
}

const scoreComments = {
  accuracy: ["accuracy: share of held-out images right, 0 to 1"],
  similarity: [
    "similarity: mean cosine of the network's outputs to those in software",
    "similarity_worst_tenth: the same over the tenth of the inputs that did worst",
  ],
} as const;

const unknown = { rmsPercent: Number.NaN, productPercent: Number.NaN, score: Number.NaN };

/** Keeps a comment from spilling into the rows, and a terminal that shows the table from being moved about. */
function oneLine(text: string): string {
  return harmless(text.replace(/[\r\n]+/g, " "));
}

/** A leading `#` is quoted too, or a reader would take the row for a comment. */
function quoted(name: string): string {
  const text = oneLine(name);
  return /[",]|^#/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function known(value: number): string {
  return Number.isFinite(value) ? String(value) : "";
}
