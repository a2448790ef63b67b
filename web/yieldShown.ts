/**
 * The yield and what it is of. A run that goes on has none: devices that are given up early would make it too low, and those that are
 * easy too high.
 */
export function yieldShown({ devices, settled, judged, accepted }: Settled): {
  readonly percent: string;
  readonly of: string;
} {
  if (settled < devices)
    return {
      percent: "–",
      of: settled === 0 ? "none settled yet" : `${settled.toLocaleString("en")} settled`,
    };
  const of =
    judged === 0 ? "not read back" : `${accepted.toLocaleString("en")} of ${judged.toLocaleString("en")}`;
  return { percent: judged === 0 ? "–" : `${((100 * accepted) / judged).toFixed(1)} %`, of };
}

/** Counts of a run, a share or a network. */
type Settled = Readonly<Record<"devices" | "settled" | "judged" | "accepted", number>>;
