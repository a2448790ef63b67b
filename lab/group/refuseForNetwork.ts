import { packedScheme } from "../../storage/unpackRuns.ts";
import { MhoError } from "../../src/errors.ts";
import type { RunGroup } from "../../src/run/groups.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { chainOf } from "../runChain.ts";
import { refuseUnwatched } from "../trim.ts";

/** Throws `bad-argument` for a network whose chips are on another bench: one address does not stand for them. @param what  "trim". */
export function refuseElsewhere({ id, shares }: RunGroup, what: string): void {
  const away = shares.find(({ chip }) => chip.startsWith(packedScheme));
  if (away === undefined) return;
  throw new MhoError(
    "bad-argument",
    `Network ${id} came out of a pack, and its chips were on the bench where it was packed. Where a chip is here now, name its run: ` +
      `mho ${what} ${away.run ?? "r1"} --chip ADDRESS.`,
    { network: id },
  );
}

/** Throws `bad-argument` where a run of a network was not read often enough, before any chip is pulsed. @param what  "A trim". */
export async function refuseUnwatchedNetwork(
  store: RunStore,
  network: string,
  runs: readonly RunId[],
  what: string,
): Promise<void> {
  for (const run of runs) {
    const chain = await chainOf(store, run);
    await refuseUnwatched(store, chain, await store.plan(chain[0]!), what, network);
  }
}

/** Throws `bad-argument` for an option of one run. @param runs  of the network. */
export function refuseOfOneRun(
  network: string,
  runs: readonly string[],
  options: Readonly<Record<string, unknown>>,
  flags: readonly string[],
): void {
  for (const flag of flags) {
    if (options[flag] === undefined) continue;
    throw new MhoError(
      "bad-argument",
      `--${flag} is for one run, and ${network} is a network over several chips. Leave it out, or name one of its runs (${runs.join(", ")}).`,
      { network },
    );
  }
}
