import type { Converter } from "../src/chip/description.ts";
import { noCode } from "../src/chip/driver.ts";
import type { Microseconds } from "../src/units.ts";

/** A row as some of its reads gave it. */
export interface RowPart {
  readonly averages: number;
  readonly codes: Uint16Array;
  readonly chipTimeMicroseconds: Microseconds;
}

/**
 * A row whose reads were asked for in parts, as if it had been read at once: the mean of the codes, rounded, and the mean of the
 * times. A device that was silent in one part counts as silent, one that was saturated as saturated. One part is as it came.
 */
export function mergeParts(
  parts: readonly RowPart[],
  { codes: codesOfConverter }: Converter,
): Omit<RowPart, "averages"> {
  const [first, ...others] = parts;
  if (others.length === 0) return first!;
  const all = parts.reduce((sum, { averages }) => sum + averages, 0);
  const codes = Uint16Array.from(first!.codes, (_, k) => {
    let sum = 0;
    let highest = 0;
    for (const part of parts) {
      const code = part.codes[k]!;
      sum += part.averages * code;
      if (code > highest) highest = code;
    }
    return highest === noCode || highest >= codesOfConverter - 1 ? highest : Math.round(sum / all);
  });
  const time = parts.reduce((sum, { averages, chipTimeMicroseconds: at }) => sum + averages * at, 0) / all;
  return { codes, chipTimeMicroseconds: Math.round(time) };
}
