import type { ChipDriver } from "../chip/driver.ts";
import type { Clock, StopRequest } from "../clock.ts";
import type { MhoError } from "../errors.ts";
import type { Microseconds } from "../units.ts";
import type { RunId, RunStore } from "./store.ts";

/** Who may ask a run to stop or to pause, and what it takes to do that. */
export interface Heeding {
  readonly driver: ChipDriver;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly stop: StopRequest;
  /** Now, ISO 8601. */
  readonly wallTime: () => string;
  readonly onEvent: (event: PauseEvent) => void;
}

export type PauseEvent =
  { readonly type: "paused"; readonly run: RunId } | { readonly type: "unpaused"; readonly run: RunId };

/**
 * Does what is asked of the runs that one loop works on: throws what `stopped` makes when it is to stop, and returns only when
 * it is to go on. While a run is paused the chip is in standby.
 */
export async function heed(context: Heeding, runs: readonly RunId[], stopped: () => MhoError): Promise<void> {
  const { driver, store, clock, stop, wallTime, onEvent } = context;
  let pausing: RunId | undefined;
  for (;;) {
    const wishes = await Promise.all(runs.map((run) => store.wish(run)));
    const stopping = runs.find((_, k) => wishes[k] === "stop");
    if (stop.requested || stopping !== undefined) {
      for (const [k, run] of runs.entries()) if (wishes[k] !== undefined) await store.setWish(run, undefined);
      const text =
        stopping === undefined ? "Its process was asked to end." : "Somebody who looked on asked for it.";
      const note = { notedAt: wallTime(), what: "stopped", text } as const;
      // A full disk is no reason to go on.
      for (const run of runs) await store.appendNote(run, note).catch(() => undefined);
      throw stopped();
    }
    const wanting = runs.find((_, k) => wishes[k] === "pause");
    if (wanting === undefined) break;
    if (pausing === undefined) {
      pausing = wanting;
      await driver.standby();
      const text = "Somebody who looked on asked for it; the chip is in standby.";
      await store.appendNote(pausing, { notedAt: wallTime(), what: "paused", text });
      onEvent({ type: "paused", run: pausing });
    }
    await clock.sleep(betweenLooks);
  }
  if (pausing === undefined) return;
  // The chip leaves standby when it is greeted anew.
  const { boot } = await driver.identify();
  await store.appendNote(pausing, {
    notedAt: wallTime(),
    what: "resumed",
    text: `After a pause, boot ${boot}.`,
  });
  onEvent({ type: "unpaused", run: pausing });
}

const betweenLooks: Microseconds = 200_000;
