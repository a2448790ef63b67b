import { MhoError } from "../src/errors.ts";
import type { RunId } from "../src/run/store.ts";

/** What every kind of store says of a run that cannot be had, or added to. */

/** @param where  the store, for people. */
export function noRun(run: RunId, where: string): MhoError {
  return new MhoError("bad-argument", `There is no run ${run} in ${where}. mho show lists the runs.`, {
    run,
  });
}

export function wasDeleted(run: RunId): MhoError {
  return new MhoError(
    "bad-argument",
    `Run ${run} was deleted; only what it did to its devices is kept, in the pulse ledger. mho show lists the runs.`,
    { run },
  );
}

export function sealed(run: RunId): MhoError {
  return new MhoError(
    "bad-argument",
    `Run ${run} is sealed: its journal is in a lake, and no reading or pulse is added to it. Program its devices in a new run, and watch that one.`,
    { run },
  );
}

/** The number in a run's name. Throws `bad-argument` for what is no name of a run, such as r1e0 or x1. */
export function numberIn(run: RunId, where: string): number {
  if (/^r[1-9]\d{0,14}$/.test(run)) return Number(run.slice(1));
  throw noRun(run, where);
}
