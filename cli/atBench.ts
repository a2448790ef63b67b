import type { RunAtBench } from "../src/run/store.ts";

/** `r3 of bench lab-a`: how the bench calls a run that made it. */
export function atBench({ bench, run }: RunAtBench): string {
  return `${run} of bench ${bench}`;
}
