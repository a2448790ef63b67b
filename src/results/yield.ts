import { type VerdictCounts, verdictNames, verdicts } from "../program/method.ts";

/**
 * Percent of the devices with a final verdict that were accepted; undefined where none was read back, as the method does not look, and
 * while any device is not settled: those that are given up early would make it too low, those that are easy too high.
 */
export function yieldOf(counts: VerdictCounts): number | undefined {
  if (unsettledOf(counts) > 0) return undefined;
  const accepted = counts.accepted + counts["accepted outside tolerance"];
  const judged = verdictNames.reduce((sum, name, verdict) => sum + (isJudged(verdict) ? counts[name] : 0), 0);
  return judged === 0 ? undefined : (100 * accepted) / judged;
}

/** How many devices have no final verdict yet. */
export function unsettledOf(counts: VerdictCounts): number {
  return counts.pending + counts["in place"];
}

/** How many devices are where they are meant to be, for now or for good. */
export function inPlaceOf(counts: VerdictCounts): number {
  return counts.accepted + counts["accepted outside tolerance"] + counts["in place"];
}

/** Whether a verdict says how a device reads. */
export function isJudged(verdict: number): boolean {
  return !unjudged.has(verdict);
}

const unjudged: ReadonlySet<number> = new Set([
  verdicts.pending,
  verdicts.inPlace,
  verdicts.unverified,
  verdicts.uncertain,
  verdicts.leftAlone,
]);
