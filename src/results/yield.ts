import { type VerdictCounts, verdictNames, verdicts } from "../program/method.ts";

/**
 * Percent of the devices with a final verdict that were accepted; undefined where none was read back: none is settled yet, or the
 * method does not look.
 */
export function yieldOf(counts: VerdictCounts): number | undefined {
  const accepted = counts.accepted + counts["accepted outside tolerance"];
  const judged = verdictNames.reduce((sum, name, verdict) => sum + (isJudged(verdict) ? counts[name] : 0), 0);
  return judged === 0 ? undefined : (100 * accepted) / judged;
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
