import type { StopRequest } from "../clock.ts";
import { MhoError } from "../errors.ts";
import { loggedError, noLog } from "../log.ts";
import type { Microseconds } from "../units.ts";
import type { RunContext } from "./context.ts";
import type { RunId } from "./store.ts";

/** Thrown between two turns when a stop was asked for. Whoever catches it tries standby and says what came of that. */
export class StopAsked extends Error {}

/** Whether work ended because it was to: between two turns, or at once because the chip was put in standby under it. */
export function isStop(error: unknown): boolean {
  return error instanceof StopAsked || isCalledOff(error);
}

export function isCalledOff(error: unknown): boolean {
  return error instanceof MhoError && error.facts["calledOff"] === true;
}

/** What the journal says of a stop that did not come from the live page. */
export function stopText({ text }: StopRequest): string {
  return text ?? "Stopped by a signal to its process.";
}

/**
 * Does what is asked of the runs that one loop works on: throws `StopAsked` when it is to stop, and returns only when it is to go
 * on. While a run is paused the chip is in standby.
 *
 * @returns whether it was paused: its chip's time went on.
 */
export async function checkRequests(context: RunContext, runs: readonly RunId[]): Promise<boolean> {
  const { driver, store, clock, wallTime, onEvent, log = noLog } = context;
  let pausing: RunId | undefined;
  for (;;) {
    const requests = await Promise.all(runs.map((run) => store.request(run)));
    await stopIfAsked(context, runs, requests);
    const wanting = runs.find((_, k) => requests[k] === "pause");
    if (wanting === undefined) break;
    if (pausing === undefined) {
      pausing = wanting;
      await driver.standby();
      const text = "Paused from the live page; the chip is in standby.";
      await store.appendNote(pausing, { notedAt: wallTime(), what: "paused", text });
      log.info({ run: pausing }, "paused");
      onEvent({ type: "paused", run: pausing });
    }
    await clock.sleep(betweenLooks);
  }
  if (pausing === undefined) return false;
  // The chip leaves standby when it is greeted anew.
  const { boot } = await driver.identify();
  await store.appendNote(pausing, {
    notedAt: wallTime(),
    what: "resumed",
    text: `After a pause, boot ${boot}.`,
  });
  log.info({ run: pausing, boot }, "unpaused");
  onEvent({ type: "unpaused", run: pausing });
  return true;
}

async function stopIfAsked(
  { store, stop, wallTime, log = noLog }: RunContext,
  runs: readonly RunId[],
  requests: readonly (string | undefined)[],
): Promise<void> {
  const fromPage = requests.includes("stop");
  if (!stop.requested && !fromPage) return;
  for (const [k, run] of runs.entries())
    if (requests[k] !== undefined) await store.setRequest(run, undefined);
  const text = fromPage ? "Stopped from the live page." : stopText(stop);
  const note = { notedAt: wallTime(), what: "stopped", text } as const;
  // A full disk is no reason to go on.
  for (const run of runs) {
    await store
      .appendNote(run, note)
      .catch((error: unknown) => log.warn({ run, error: loggedError(error) }, "the stop was not noted"));
  }
  throw new StopAsked("A stop was asked for.");
}

const betweenLooks: Microseconds = 200_000;
