import { MhoError } from "../src/errors.ts";
import { groupNamed } from "../src/results/wholeReader.ts";
import { type GroupId, isGroupName, ownRunsOf } from "../src/run/groups.ts";
import type { RunId, RunStore } from "../src/run/store.ts";

/** Whether a text names a run and nothing else. */
export function isRunName(text: string): boolean {
  return /^r[1-9]\d*$/.test(text);
}

/** Runs as a script names them: one, or a list. Throws `bad-argument` where none is named. */
export function runsGiven(given: RunId | readonly RunId[]): readonly RunId[] {
  const runs: unknown = typeof given === "string" ? [given] : given;
  const named = Array.isArray(runs) && runs.length > 0 && runs.every((run) => typeof run === "string");
  if (named) return runs as RunId[];
  throw new MhoError("bad-argument", 'No run is named. Give a run, such as "r1", or a list of runs.');
}

/** A run by its name, or a network over several chips. */
export function runOrGroupNamed(text: string): RunId {
  return isGroupName(text) ? text : runNamed(text);
}

/** Runs by their names; a network stands for the runs that hold its shares. Each is named once. */
export async function runsNamed(store: RunStore, given: readonly string[]): Promise<RunId[]> {
  const runs: RunId[] = [];
  for (const text of given) {
    if (!isGroupName(text)) runs.push(runNamed(text));
    else runs.push(...(await runsOfGroup(store, text)));
  }
  return [...new Set(runs)];
}

/**
 * The same for what is kept or handed on: a network stands for all runs that were begun for it, also on chips that failed. Runs that it
 * shares with a network that it corrects stay with that one; runs that were deleted are left out.
 */
export async function ownRunsNamed(store: RunStore, given: readonly string[]): Promise<RunId[]> {
  const runs: RunId[] = [];
  for (const text of given) {
    if (!isGroupName(text)) {
      runs.push(runNamed(text));
      continue;
    }
    await groupNamed(store, text);
    const known = new Set((await store.runs()).map(({ id }) => id));
    const own = ownRunsOf(await store.groups()).get(text) ?? [];
    const there = own.filter((run) => known.has(run));
    if (there.length === 0) throw noRunOf(text, own);
    runs.push(...there);
  }
  return [...new Set(runs)];
}

function noRunOf(network: GroupId, own: readonly RunId[]): MhoError {
  const why =
    own.length === 0
      ? `No run holds a share of network ${network} yet. mho resume ${network} goes on with it.`
      : `The runs of network ${network} were deleted: ${own.join(", ")}.`;
  return new MhoError("bad-argument", why, { network });
}

/** Throws `bad-argument` where a share has no run yet. */
export async function runsOfGroup(store: RunStore, id: GroupId): Promise<RunId[]> {
  const { shares } = await groupNamed(store, id);
  return shares.map(({ run }, k) => {
    if (run !== undefined) return run;
    throw new MhoError(
      "bad-argument",
      `Share ${k + 1} of network ${id} has no run yet. mho resume ${id} comes first.`,
      { network: id },
    );
  });
}

/** A run by its name, as a person gave it. Throws `bad-argument` for what can be none. */
export function runNamed(text: string): RunId {
  if (isRunName(text)) return text;
  if (isGroupName(text)) {
    throw new MhoError(
      "bad-argument",
      `${text} is a network over several chips, and this works on one run. Name one of its runs: mho show ${text} lists them.`,
      { given: text },
    );
  }
  throw new MhoError(
    "bad-argument",
    `${text} is not a run: runs are called r1, r2 and so on. mho show lists them.`,
    { given: text },
  );
}
