import { numberOf } from "./csvCell.ts";
import { badFile } from "./readFile.ts";

/** One layer of conductances as aihwkit's `fusion_export` writes them: outputs × inputs, one device a weight. */
export interface FusionLayer {
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  /** µS, row-major over outputs and inputs. */
  readonly values: Float32Array;
}

/** Whether a text is what `fusion_export` writes: five lines about layers before their names. */
export function isFusionCsv(text: string): boolean {
  const lines = text.split(/\r?\n/, 3);
  // Part by part: a pattern for a whole line runs out of stack on a long one.
  const all = (line: string | undefined, pattern: RegExp): boolean =>
    (line ?? "").split(",").every((part) => pattern.test(part));
  return all(lines[0], /^\d+$/) && all(lines[1], /^Analog\w+$/);
}

/** @throws `bad-file` with the line that is wrong. */
export function parseFusionCsv(text: string, path: string): FusionLayer[] {
  const lines = text.split(/\r?\n/);
  const wrong = (line: number, what: string): Error =>
    badFile(path, `line ${line + 1} ${what}`, "Write it again with aihwkit's fusion_export.");
  const [counts = [], heights = [], widths = []] = [2, 3, 4].map((line) =>
    (lines[line] ?? "").split(",").map(Number),
  );
  const names = (lines[5] ?? "").split(",");
  for (const [line, headings] of [counts, heights, widths].entries()) {
    if (headings.length !== names.length)
      throw wrong(line + 2, `is of ${headings.length} layers, and there are ${names.length} names`);
  }
  const mapped = lines[1]!.split(",").findIndex((kind) => kind.includes("Mapped"));
  if (mapped >= 0) {
    throw badFile(
      path,
      `line 2 says that layer ${names[mapped] ?? mapped + 1} is mapped. It is written tile after tile, and the file does not say how ` +
        "large the tiles are",
      "Export it from a model without mapped layers. If the layer is on one tile, take the word Mapped out of line 2.",
    );
  }
  const after = lines.findIndex((line, i) => i >= 6 + names.length && line.trim() !== "");
  if (after >= 0) throw wrong(after, `is of no layer: line 6 names ${names.length}`);
  return names.map((name, k) => {
    const values = (lines[6 + k] ?? "").split(",").map((value) => numberOf(value.trim(), ".") ?? Number.NaN);
    const count = counts[k];
    const outputs = heights[k] ?? 0;
    const inputs = widths[k] ?? 0;
    const whole = [outputs, inputs].every((size) => Number.isSafeInteger(size) && size > 0);
    if (count === undefined || !whole || outputs * inputs !== count || values.length !== count) {
      throw wrong(6 + k, `has ${values.length} values where its heading says ${outputs} × ${inputs}`);
    }
    const bad = values.findIndex((value) => !(value >= 0 && value < Infinity));
    if (bad >= 0)
      throw wrong(
        6 + k,
        `has ${shown(lines[6 + k]!, bad)} where a conductance should be, at place ${bad + 1}`,
      );
    return { name, outputs, inputs, values: Float32Array.from(values) };
  });
}

function shown(line: string, place: number): string {
  return `"${line.split(",")[place]!.trim()}"`;
}
