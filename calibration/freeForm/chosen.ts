import { type Continuation, continuations, continued } from "./continuation.ts";
import type { SureMoments } from "./momentErrors.ts";
import type { Structure } from "./structure.ts";
import { tableOf } from "./table.ts";

/** As few ages tell no course. */
const fewestAges = 3;
const decade = Math.log(10);

/** From the first `known` ages to the one at the place `to`. */
export interface Split {
  readonly known: number;
  readonly to: number;
}

/**
 * For each decade back from the last of the first `ages`: what is known by then, and the last age within the decade that follows (the
 * next one where there is none). The longest known first.
 */
export function splitsOf(logAge: Float64Array, ages = logAge.length): Split[] {
  const splits: Split[] = [];
  const last = logAge[ages - 1]!;
  for (let back = 1; ; back++) {
    let known = 0;
    while (known < ages && logAge[known]! <= last - 0.98 * back * decade) known++;
    if (known < fewestAges) return splits;
    if (splits.at(-1)?.known === known) continue;
    let to = known;
    while (to + 1 < ages && logAge[to + 1]! <= logAge[known - 1]! + 1.05 * decade) to++;
    splits.push({ known, to });
  }
}

/**
 * The law that would have foreseen best, from each decade to the next. Errors of the mean count in tenths of what equal devices differ
 * by, and those of what they differ by in tenths of itself, as smaller ones do no harm.
 *
 * @param ages  how many of the first ages may be looked at.
 */
export function bestContinuation(
  moments: SureMoments,
  structure: Structure,
  ages = moments.knots.logAge.length,
): Continuation {
  const { knots, onsetSeconds, shift, shiftError, square } = moments;
  const nG = knots.conductance.length;
  const splits = splitsOf(knots.logAge, ages).map((split) => ({
    ...split,
    table: tableOf(moments, structure, split.known),
  }));
  let best: Continuation | undefined;
  let least = Infinity;
  for (const law of continuations(knots.logAge.subarray(0, ages), onsetSeconds)) {
    let [sum, count] = [0, 0];
    for (const { known, to, table } of splits) {
      const foreseen = continued(table, law, [knots.logAge[to]!]);
      for (let g = 0; g < nG; g++) {
        const at = to * nG + g;
        const variance = Math.max(1e-12, square[at]!);
        const off = foreseen.shift[known * nG + g]! - shift[at]!;
        const room = 0.01 * variance + shiftError[at]! * shiftError[at]!;
        const n = known + 1;
        const spread =
          foreseen.walk[known * nG + g]! +
          foreseen.courses[(g * n + known) * n + known]! +
          foreseen.passing[known * nG + g]! +
          foreseen.noise[known * nG + g]!;
        const wide = Math.log(Math.max(1e-12, spread) / variance) / 2;
        sum += Math.min(100, (off * off) / room) + Math.min(100, (wide * wide) / 0.01);
        count++;
      }
    }
    const score = count === 0 ? 0 : sum / count;
    // The first, simplest ones are kept unless another is clearly better.
    if (best === undefined || score < betterBy * least - 0.02) {
      least = score;
      best = law;
    }
  }
  return best!;
}

const betterBy = 0.9;
