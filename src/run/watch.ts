import type { ChipDriver, ChipIdentity } from "../chip/driver.ts";
import type { Clock, StopRequest } from "../clock.ts";
import { MhoError } from "../errors.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import { refuseStranger } from "./engine.ts";
import { heed, type PauseEvent } from "./requests.ts";
import { lastPulse, type SweepRecord, type WatchSettings } from "./journal.ts";
import type { TileTargets } from "./plan.ts";
import { describeAnew, programmedAnew } from "./programmedAnew.ts";
import { restOf } from "./rest.ts";
import type { RunId, RunStore } from "./store.ts";
import { recall } from "./recall.ts";
import { takeSweep } from "./sweep.ts";
import { waitUntil } from "./waiting.ts";

/** The world as a watch of one chip sees it. */
export interface WatchContext {
  readonly driver: ChipDriver;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly stop: StopRequest;
  /** Now, ISO 8601. */
  readonly wallTime: () => string;
  /** Writes down what the chip's clock and the wall's show together. */
  readonly markClock: () => Promise<void>;
  readonly onEvent: (event: WatchEvent) => void;
}

export type WatchEvent =
  /** A later run pulsed devices of the tile: what would be read there is not what this run left. */
  | { readonly type: "left-out"; readonly run: RunId; readonly tile: number; readonly by: RunId }
  | { readonly type: "watching"; readonly runs: readonly RunId[]; readonly sweeps: number }
  | {
      readonly type: "sweep";
      readonly run: RunId;
      readonly tile: number;
      /** The age that was asked for, and how much later than that the tile was read. */
      readonly timeSeconds: Seconds;
      readonly lateSeconds: Seconds;
      readonly celsius: number | undefined;
      /** Sweeps that are still to come, and the time to the next, if there is one. */
      readonly left: number;
    }
  | PauseEvent;

/**
 * Reads the tiles of runs of one chip, each when it has reached the ages that its run's settings name, until there is
 * nothing left to read. What was taken stands in the store, so a watch that was stopped or cut off goes on where it was:
 * ages that passed meanwhile are made up for by one read, at once, which carries its true age. The chip is in standby when
 * this returns or throws.
 */
export async function watchRuns(context: WatchContext, runs: readonly RunId[]): Promise<void> {
  const { driver, store, onEvent } = context;
  const stopped = (): MhoError =>
    new MhoError(
      "interrupted",
      `The watch was stopped and the chip is in standby. mho watch ${runs.join(" ")} goes on with it; ` +
        "what falls due meanwhile is then read late.",
      {},
    );
  const heedWishes = (): Promise<void> => heed(context, runs, stopped);
  let [begun, done] = [false, false];
  try {
    const identity = await driver.identify();
    // What was wanted of an earlier watch is not wanted of this one.
    for (const run of runs) await store.setWish(run, undefined);
    const all = (await Promise.all(runs.map((run) => tilesOf(context, identity, run)))).flat();
    const watched = await leaveOut(context, runs, all);
    for (const run of runs) await takeUp(context, identity, run);
    begun = true;
    onEvent({ type: "watching", runs, sweeps: countLeft(watched, await driver.chipTime()) });
    for (;;) {
      await heedWishes();
      const next = earliest(watched, await driver.chipTime());
      if (next === undefined) break;
      const { tile, timeSeconds, dueAt } = next;
      await waitUntil(context, identity.capabilities.virtualTime, dueAt, heedWishes);
      const sweep = await takeSweep(
        context,
        identity,
        tile.run,
        tile.block,
        timeSeconds,
        tile.settings.averages,
      );
      tile.newestSeconds = timeSeconds;
      await context.markClock();
      onEvent({
        type: "sweep",
        run: tile.run,
        tile: tile.block.tile,
        timeSeconds,
        lateSeconds: (firstRow(sweep) - dueAt) / microsecondsPerSecond,
        celsius: sweep.environment?.celsius,
        left: countLeft(watched, await driver.chipTime()),
      });
    }
    done = true;
  } catch (error) {
    if (begun) await noteFailure(context, runs, error).catch(() => undefined);
    throw error;
  } finally {
    await (done ? driver.standby() : driver.standby().catch(() => undefined));
  }
}

/** Whoever looks on is not to take a run for paused, or its watch for over, that is about to be read. */
async function takeUp({ store, wallTime }: WatchContext, { boot }: ChipIdentity, run: RunId): Promise<void> {
  if (restOf(await store.notes(run)) === undefined) return;
  const text = `It is watched again, boot ${boot}.`;
  await store.appendNote(run, { notedAt: wallTime(), what: "resumed", text });
}

/** What `heed` has not noted: it hears of no stop while the link is looked for. */
async function noteFailure(
  { store, wallTime }: WatchContext,
  runs: readonly RunId[],
  error: unknown,
): Promise<void> {
  const what = error instanceof MhoError && error.code === "interrupted" ? "stopped" : "failed";
  const text = error instanceof Error ? error.message : String(error);
  for (const run of runs) {
    if (restOf(await store.notes(run)) === undefined)
      await store.appendNote(run, { notedAt: wallTime(), what, text });
  }
}

/** Those tiles that still are as their runs left them. Throws `bad-argument` when none is. */
async function leaveOut(
  { store, onEvent }: WatchContext,
  runs: readonly RunId[],
  tiles: readonly WatchedTile[],
): Promise<WatchedTile[]> {
  const anew = await programmedAnew(store, runs);
  const left = tiles.filter(
    ({ run, block }) => !anew.some((other) => other.run === run && other.tile === block.tile),
  );
  if (left.length === 0 && anew.length > 0) {
    throw new MhoError(
      "bad-argument",
      `Nothing is left to read of ${runs.join(", ")}: ${anew.map(describeAnew).join("; ")}.`,
      { run: anew[0]!.run, by: anew[0]!.by },
    );
  }
  for (const other of anew) onEvent({ type: "left-out", ...other });
  return left;
}

interface WatchedTile {
  readonly run: RunId;
  readonly block: TileTargets["block"];
  readonly settings: WatchSettings;
  readonly pulsedAt: Microseconds;
  /** Of the ages asked for, the greatest that was read; 0 when none was. */
  newestSeconds: Seconds;
}

async function tilesOf(
  { store, driver }: WatchContext,
  identity: ChipIdentity,
  run: RunId,
): Promise<WatchedTile[]> {
  refuseStranger(await store.plan(run), identity, driver.address);
  const settings = await store.watch(run);
  if (settings === undefined) throw new MhoError("bad-argument", `Nobody said when to read ${run}.`, { run });
  const taken = new Map<number, Seconds>();
  for await (const { tile, timeSeconds } of store.sweeps(run)) {
    taken.set(tile, Math.max(timeSeconds, taken.get(tile) ?? 0));
  }
  const memories = await recall(store, run);
  const ofAll = memories.map(lastPulse).filter((time) => !Number.isNaN(time));
  const { corrects } = await store.plan(run);
  return memories.flatMap((memory) => {
    const own = lastPulse(memory);
    // A tile that a correction left as it was is read along with the others.
    const pulsedAt = Number.isNaN(own) && corrects !== undefined ? Math.max(...ofAll) : own;
    if (!Number.isFinite(pulsedAt)) return [];
    const { block } = memory;
    return [{ run, block, settings, pulsedAt, newestSeconds: taken.get(block.tile) ?? 0 }];
  });
}

interface DueTile {
  readonly tile: WatchedTile;
  readonly timeSeconds: Seconds;
  readonly dueAt: Microseconds;
}

function earliest(watched: readonly WatchedTile[], now: Microseconds): DueTile | undefined {
  let first: DueTile | undefined;
  for (const tile of watched) {
    const timeSeconds = nextAge(tile.settings.timesSeconds, tile.newestSeconds, secondsSince(tile, now));
    if (timeSeconds === undefined) continue;
    const dueAt = tile.pulsedAt + Math.round(timeSeconds * microsecondsPerSecond);
    if (first === undefined || dueAt < first.dueAt) first = { tile, timeSeconds, dueAt };
  }
  return first;
}

/**
 * The age to read at next: the first beyond the one that was read last or, of several that have passed, the last of them.
 *
 * @param timesSeconds  ascending.
 * @returns undefined when none is left.
 */
export function nextAge(
  timesSeconds: readonly Seconds[],
  newestSeconds: Seconds,
  ageSeconds: Seconds,
): Seconds | undefined {
  const left = timesSeconds.filter((time) => time > newestSeconds);
  return left.findLast((time) => time <= ageSeconds) ?? left[0];
}

function countLeft(watched: readonly WatchedTile[], now: Microseconds): number {
  return watched.reduce((sum, tile) => {
    const next = nextAge(tile.settings.timesSeconds, tile.newestSeconds, secondsSince(tile, now));
    return sum + tile.settings.timesSeconds.filter((time) => next !== undefined && time >= next).length;
  }, 0);
}

function secondsSince({ pulsedAt }: WatchedTile, now: Microseconds): Seconds {
  return (now - pulsedAt) / microsecondsPerSecond;
}

function firstRow({ rowTimesMicroseconds }: SweepRecord): Microseconds {
  return rowTimesMicroseconds.reduce((least, time) => (time < least ? time : least), Infinity);
}

/** Ages evenly spaced on a logarithmic axis, from a second to `until`, so many a decade, `until` itself the last. */
export function watchTimes(untilSeconds: Seconds, perDecade: number): Seconds[] {
  const steps = Math.ceil(perDecade * Math.log10(untilSeconds) - 1e-9);
  const times: Seconds[] = [];
  for (let k = 0; k < steps; k++) times.push(Number(Math.exp((k / perDecade) * Math.LN10).toPrecision(4)));
  return [...times.filter((time) => time < untilSeconds), untilSeconds];
}
