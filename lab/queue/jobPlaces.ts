import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { findPreset } from "../../emulator/presets.ts";
import { describeHolder, isFree, type Lock, LockHeld, takeLock } from "../../locks/lock.ts";
import { MhoError } from "../../src/errors.ts";
import { parseAddress, withParameters } from "../address.ts";
import { stateFileOf } from "../keptChip.ts";
import type { Registries } from "../registries.ts";
import { wallTime } from "../wallTime.ts";

/** The chip of a job: its address as it holds from any folder, the queue that it stands in, and the file that describes it. */
export interface JobChip {
  readonly address: string;
  readonly place: string;
  readonly files: readonly string[];
}

/**
 * @param address  of a chip; no nickname.
 * @throws `bad-argument` for a chip that would be gone when its job has to go on.
 */
export function jobChip(address: string, seed: number, { dialects }: Registries): JobChip {
  const given = parseAddress(address, dialects);
  const { scheme, target, chip, state } = given;
  const isFile = chip !== undefined && findPreset(chip) === undefined;
  const absolute = isFile ? withParameters(given, { chip: resolve(chip) }) : address;
  const files = isFile ? [resolve(chip)] : [];
  if (scheme !== "emulator") return { address: absolute, place: `${scheme}:${target}`, files };
  if (state === "none") {
    throw new MhoError(
      "bad-argument",
      `The chip at ${address} is not kept, so a job could not go on after a stop. Leave ?state=none away.`,
      { address },
    );
  }
  const kept =
    state === undefined
      ? absolute
      : withParameters(parseAddress(absolute, dialects), { state: resolve(state) });
  return { address: kept, place: `emulator:${stateFileOf(parseAddress(kept, dialects), "", seed)}`, files };
}

/** What came of asking for a place. */
export type PlaceAsked =
  | { readonly lock: Lock; readonly by?: undefined }
  /** Another worker has it: which, for people. */
  | { readonly lock: undefined; readonly by: string };

/** Takes the lock of a place's queue: one worker at a time does its jobs. The system ends it with the worker, however that ends. */
export function takePlace(workspace: string, place: string): PlaceAsked {
  try {
    mkdirSync(join(workspace, "queue"), { recursive: true });
    return { lock: takeLock(lockOf(workspace, place), wallTime()) };
  } catch (error) {
    if (error instanceof LockHeld) {
      const by = error.holder === undefined ? "another mho work has it" : describeHolder(error.holder);
      return { lock: undefined, by };
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new MhoError(
      "workspace-failed",
      `The lock of a queue in ${join(workspace, "queue")} failed: ${reason}. Check that folder.`,
      {},
      error,
    );
  }
}

/** The same of all queues that a job stands in: all of them, or none. */
export function takePlaces(
  workspace: string,
  places: readonly string[],
):
  | { readonly locks: readonly Lock[]; readonly by?: undefined }
  | { readonly locks: undefined; readonly by: string } {
  const locks: Lock[] = [];
  const giveBack = (): void => {
    for (const lock of locks) lock.release();
  };
  try {
    for (const place of places) {
      const { lock, by } = takePlace(workspace, place);
      if (lock !== undefined) {
        locks.push(lock);
        continue;
      }
      giveBack();
      return { locks: undefined, by };
    }
  } catch (error) {
    giveBack();
    throw error;
  }
  return { locks };
}

/** Whether a worker is at a place just now. */
export function isWorked(workspace: string, place: string): boolean {
  const lock = lockOf(workspace, place);
  try {
    return existsSync(lock) && !isFree(lock);
  } catch {
    // In a workspace that may only be read a lock cannot be tried: what is said to be under way is taken for that.
    return true;
  }
}

function lockOf(workspace: string, place: string): string {
  const name = createHash("sha256").update(place).digest("hex").slice(0, 16);
  return join(resolve(workspace), "queue", `${name}.lock`);
}
