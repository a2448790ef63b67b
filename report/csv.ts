import type { Story } from "./story.ts";

/** The figures of a story as comma-separated values, under a commented header that says what they are. */
export function figuresCsv(story: Story): string {
  const lines = [
    `# ${oneLine(`${story.networkText}; ${story.chipText}; seed ${story.seed}; mho ${story.softwareVersion}`)}`,
    `# written ${oneLine(story.writtenAt)}; ${story.images} held-out images`,
    "# contender: how the weights were programmed; software: not on a chip",
    "# time_seconds: after the last pulse of each tile, chip time",
    "# weight_error_rms_percent: RMS of (alpha w_read - w) / max|w| of its layer, alpha one factor a tile",
    "# matrix_vector_error_percent: RMS of products with 64 random inputs, of their size",
    "# accuracy: share of held-out images right, 0 to 1",
    `# means over ${story.chips} ${story.chips === 1 ? "chip" : "chips"}; *_spread: standard deviation over them`,
    "# empty: not known",
    "contender,time_seconds,weight_error_rms_percent,matrix_vector_error_percent,accuracy," +
      "weight_error_spread,matrix_vector_error_spread,accuracy_spread",
    `software,,0,0,${known(story.softwareAccuracy)},,,`,
  ];
  for (const { name, points } of story.contenders) {
    for (const { timeSeconds, spread, ...mean } of points) {
      const cells = [mean, spread ?? unknown].flatMap(({ rmsPercent, productPercent, accuracy }) =>
        [rmsPercent, productPercent, accuracy].map(known),
      );
      lines.push(`${quoted(name)},${timeSeconds},${cells.join(",")}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

const unknown = { rmsPercent: Number.NaN, productPercent: Number.NaN, accuracy: Number.NaN };

/** Keeps a comment from spilling into the rows. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

/** A leading `#` is quoted too, or a reader would take the row for a comment. */
function quoted(name: string): string {
  const text = oneLine(name);
  return /[",]|^#/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function known(value: number): string {
  return Number.isFinite(value) ? String(value) : "";
}
