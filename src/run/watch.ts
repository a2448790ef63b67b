import type { ChipIdentity } from "../chip/driver.ts";
import { MhoError } from "../errors.ts";
import { loggedError, noLog } from "../log.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import type { RunContext } from "./context.ts";
import { refuseStranger } from "./engine.ts";
import { rowsRead } from "./events.ts";
import { lastPulse, type SweepRecord, type TileMemory, type WatchSettings } from "./journal.ts";
import type { TileTargets } from "./plan.ts";
import { describeAnew, programmedAnew } from "./programmedAnew.ts";
import { recall } from "./recall.ts";
import { checkRequests, isStop } from "./requests.ts";
import { restOf } from "./rest.ts";
import {
  endedWith,
  hasGreeted,
  messageOf,
  outputsMayBeOn,
  type StandbyOutcome,
  tryStandby,
} from "./standby.ts";
import type { RunId } from "./store.ts";
import { lateBy, takeSweep } from "./sweep.ts";
import { toldWaitSeconds, waitUntil } from "./waiting.ts";

/**
 * Reads the tiles of runs of one chip, each when it has reached the ages that its run's settings name, until there is
 * nothing left to read. What was taken stands in the store, so a watch that was stopped or cut off goes on where it was:
 * ages that passed meanwhile are made up for by one read, at once, which carries its true age. The chip is in standby when
 * this returns or throws.
 *
 * @param onSweep  told of each sweep after its event.
 */
export async function watchRuns(
  context: RunContext,
  runs: readonly RunId[],
  onSweep: (watched: WatchedSweep) => void = () => {},
): Promise<void> {
  const { driver, log = noLog } = context;
  const progress = { awake: false, begun: false };
  let failure: unknown;
  try {
    await readUntilDone(context, runs, progress, onSweep);
  } catch (error) {
    failure = error;
  }
  const standby = await tryStandby(driver, log);
  if (!standby.safe && progress.awake) {
    const { address } = context.driver;
    context.onEvent({ type: "standby_failed", address, reason: standby.reason });
  }
  const end = endOf(runs, driver.address, failure, standby, progress.awake);
  const outcome = end === undefined ? "done" : wasStopped(end) ? "interrupted" : "failed";
  for (const run of progress.begun ? runs : []) {
    if (outcome === "failed") log.error({ run, error: loggedError(end) }, "the watch failed");
    log.info({ run, outcome, standby: standby.safe }, "watch ended");
  }
  if (end === undefined) return;
  if (progress.begun) {
    await noteFailure(context, runs, end).catch((error: unknown) =>
      log.warn({ error: loggedError(error) }, "how the watch ended was not noted"),
    );
  }
  throw end;
}

/** A sweep that was just taken, with what the journal knows of its devices. */
export interface WatchedSweep {
  readonly run: RunId;
  readonly memory: TileMemory;
  readonly sweep: SweepRecord;
}

/** What the watch ends with, composed after standby was tried; undefined when it is done and the chip is safe. */
function endOf(
  runs: readonly RunId[],
  address: string,
  failure: unknown,
  standby: StandbyOutcome,
  awake: boolean,
): unknown {
  const command = `mho watch ${runs.join(" ")}`;
  if (isStop(failure)) {
    const stopped = standby.safe
      ? "The watch was stopped and the chip is in standby."
      : "The watch was stopped.";
    const text = `${stopped} ${command} goes on with it; what falls due meanwhile is then read late.`;
    return endedWith(new MhoError("interrupted", text), address, standby);
  }
  if (failure instanceof MhoError && (awake || hasGreeted(failure)))
    return endedWith(failure, address, standby);
  if (failure !== undefined || standby.safe) return failure;
  const text = `${outputsMayBeOn(address, standby.reason)} All ages of the watch were read.`;
  return new MhoError("standby-failed", text, { standby: false });
}

async function readUntilDone(
  context: RunContext,
  runs: readonly RunId[],
  progress: { awake: boolean; begun: boolean },
  onSweep: (watched: WatchedSweep) => void,
): Promise<void> {
  const { driver, store, onEvent, onReading, markClock, log = noLog } = context;
  const identity = await driver.identify();
  progress.awake = true;
  // Requests to an earlier watch do not hold for this one.
  for (const run of runs) await store.setRequest(run, undefined);
  const all = (await Promise.all(runs.map((run) => tilesOf(context, identity, run)))).flat();
  const watched = await leaveOut(context, runs, all);
  for (const run of runs) await takeUp(context, identity, run);
  progress.begun = true;
  const sweeps = countLeft(watched, await driver.chipTime());
  onEvent({ type: "watching", runs, sweeps });
  for (const run of runs) log.info({ run, sweeps }, "watch begun");
  for (;;) {
    await checkRequests(context, runs);
    const now = await driver.chipTime();
    const next = earliest(watched, now);
    if (next === undefined) return;
    const { tile, timeSeconds, dueAt } = next;
    const { virtualTime } = identity.capabilities;
    const dueIn = (dueAt - now) / microsecondsPerSecond;
    if (!virtualTime && dueIn >= toldWaitSeconds) {
      const { run, block } = tile;
      onEvent({
        type: "next_sweep",
        run,
        tile: block.tile,
        time_seconds: timeSeconds,
        due_in_seconds: dueIn,
      });
    }
    await waitUntil(context, virtualTime, dueAt, () => checkRequests(context, runs));
    onReading?.(tile.run);
    const sweep = await takeSweep(
      context,
      identity,
      tile.run,
      tile.block,
      timeSeconds,
      tile.settings.averages,
      (rows) => {
        onEvent(rowsRead(tile.run, tile.block.tile, rows));
        return checkRequests(context, runs);
      },
    );
    onReading?.(undefined);
    tile.newestSeconds = timeSeconds;
    await markClock?.();
    onEvent({
      type: "sweep",
      run: tile.run,
      tile: tile.block.tile,
      time_seconds: timeSeconds,
      late_seconds: lateBy(sweep, dueAt),
      celsius: sweep.environment?.celsius ?? null,
      left: countLeft(watched, await driver.chipTime()),
    });
    onSweep({ run: tile.run, memory: tile.memory, sweep });
  }
}

/** A run that is about to be read is neither paused nor at rest, for those who look on. */
async function takeUp({ store, wallTime }: RunContext, { boot }: ChipIdentity, run: RunId): Promise<void> {
  if (restOf(await store.notes(run)) === undefined) return;
  const text = `It is watched again, boot ${boot}.`;
  await store.appendNote(run, { notedAt: wallTime(), what: "resumed", text });
}

/** What `checkRequests` has not noted: it hears of no stop while the link is looked for. */
async function noteFailure(
  { store, wallTime }: RunContext,
  runs: readonly RunId[],
  error: unknown,
): Promise<void> {
  const what = wasStopped(error) ? "stopped" : "failed";
  const text = messageOf(error);
  for (const run of runs) {
    if (restOf(await store.notes(run)) === undefined)
      await store.appendNote(run, { notedAt: wallTime(), what, text });
  }
}

function wasStopped(error: unknown): boolean {
  return error instanceof MhoError && error.code === "interrupted";
}

/** Those tiles that still are as their runs left them. Throws `bad-argument` when none is. */
async function leaveOut(
  { store, onEvent }: RunContext,
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
  for (const other of anew) onEvent({ type: "left_out", ...other });
  return left;
}

interface WatchedTile {
  readonly run: RunId;
  readonly block: TileTargets["block"];
  readonly memory: TileMemory;
  readonly settings: WatchSettings;
  readonly pulsedAt: Microseconds;
  /** Of the ages asked for, the greatest that was read; 0 when none was. */
  newestSeconds: Seconds;
}

async function tilesOf(
  { store, driver }: RunContext,
  identity: ChipIdentity,
  run: RunId,
): Promise<WatchedTile[]> {
  refuseStranger(await store.plan(run), identity, driver.address);
  const settings = await store.watch(run);
  if (settings === undefined)
    throw new MhoError(
      "bad-argument",
      `${run} has no watch schedule. Set one: mho watch ${run} --until 1d.`,
      { run },
    );
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
    return [{ run, block, memory, settings, pulsedAt, newestSeconds: taken.get(block.tile) ?? 0 }];
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

/** Ages evenly spaced on a logarithmic axis, from a second to `until`, so many a decade, `until` itself the last. */
export function watchTimes(untilSeconds: Seconds, perDecade: number): Seconds[] {
  const steps = Math.ceil(perDecade * Math.log10(untilSeconds) - 1e-9);
  const times: Seconds[] = [];
  for (let k = 0; k < steps; k++) times.push(Number(Math.exp((k / perDecade) * Math.LN10).toPrecision(4)));
  return [...times.filter((time) => time < untilSeconds), untilSeconds];
}
