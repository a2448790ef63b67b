import type { Story } from "./story.ts";

/** The figures of a story as comma-separated values, under a commented header that says what they are. */
export function figuresCsv(story: Story): string {
  const lines = [
    `# ${story.networkText}; ${story.chipText}; seed ${story.seed}; mho ${story.softwareVersion}`,
    "# time_seconds: after the last pulse of each tile, chip time",
    "# weight_error_rms_percent: RMS of (alpha w_read - w) / max|w| of its layer, alpha one factor a tile",
    "# accuracy: share of held-out images right",
    "contender,time_seconds,weight_error_rms_percent,accuracy",
    `software,,0,${story.softwareAccuracy}`,
  ];
  for (const { name, points } of story.contenders) {
    for (const { timeSeconds, rmsPercent, accuracy } of points) {
      lines.push(`${quoted(name)},${timeSeconds},${rmsPercent},${accuracy}`);
    }
  }
  return `${lines.join("\n").replace(/\r/g, "")}\n`;
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
