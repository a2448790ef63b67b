import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { BoardHistory } from "../emulator/board.ts";
import type { Firmware } from "../emulator/firmware.ts";
import type { Bake } from "../emulator/temperature.ts";
import { type Lock, LockHeld, takeLock } from "../locks/lock.ts";
import { MhoError } from "../src/errors.ts";
import type { ChipAddress } from "./address.ts";
import { readKeptChip, writeKeptChip } from "./keptChipFile.ts";
import type { History } from "../emulator/tile.ts";
import { wallTime } from "./wallTime.ts";

/**
 * Where an emulated chip inside a command is kept between commands; undefined when it is not.
 *
 * @param name  what its board calls itself.
 */
export function stateFileOf(
  address: ChipAddress,
  workspace: string,
  seed: number,
  name = address.target,
): string | undefined {
  const { state, target, text } = address;
  if (state !== undefined) return state === "none" ? undefined : state;
  const conditions = new URLSearchParams(text.split("?")[1] ?? "");
  for (const name of ["seed", "dialect", "chip", "describe"]) conditions.delete(name);
  conditions.sort();
  const parts = [
    // A board of another name has devices of its own.
    name === target ? target : `${target} as ${name.replaceAll(/[^\w.-]/g, "_")}`,
    `seed=${address.seed ?? seed}`,
    ...[...conditions].map(([name, value]) => `${name}=${value}`),
  ];
  return join(workspace, "chips", `${parts.join(",")}.state`);
}

/**
 * Keeps a chip in a file: switched on again where it was switched off, if there is one. One command at a time has it.
 *
 * @returns what switches it off. It is called when the process ends without it, too.
 */
export function keepChip(firmware: Firmware, file: string, address: string): () => void {
  let held: Lock;
  try {
    mkdirSync(dirname(file), { recursive: true });
    held = lock(file, address);
  } catch (error) {
    throw error instanceof MhoError ? error : notKept(file, address, error);
  }
  try {
    const parts = readState(file, address);
    if (parts !== undefined) reviveChip(firmware, parts, file, address);
  } catch (error) {
    held.release();
    throw error;
  }
  let on = true;
  const switchOff = (): void => {
    if (!on) return;
    on = false;
    process.off("exit", switchOff);
    try {
      writeKeptChip(file, partsOf(firmware));
    } catch (error) {
      throw notKept(file, address, error);
    } finally {
      held.release();
    }
  };
  process.on("exit", switchOff);
  return switchOff;
}

function notKept(file: string, address: string, error: unknown): MhoError {
  return new MhoError(
    "output-failed",
    `The emulated chip ${address} cannot be kept in ${file}: ${(error as Error).message}. ` +
      "Name another place with ?state=FILE, or ?state=none.",
    { file },
    error,
  );
}

const stateFormat = "mho-emulated-chip";

/** The chip without its tiles, then each tile that was ever touched. */
function* partsOf({ history }: Firmware): Iterable<Uint8Array> {
  const { chip, ...board } = history;
  yield serialize({ format: stateFormat, version: 1, ...board, chip: { ...chip, tiles: [] } });
  for (const [tile, kept] of chip.tiles.entries())
    if (kept !== undefined) yield serialize({ tile, history: kept });
}

function readState(file: string, address: string): Iterable<Uint8Array> | undefined {
  try {
    return readKeptChip(file);
  } catch (error) {
    throw error instanceof MhoError ? error : badState(file, address, error);
  }
}

/** Makes a new chip go on as the one whose state these bytes are. Throws `bad-file` for others, and the chip is then spoilt. */
export function reviveChip(
  firmware: Firmware,
  parts: Iterable<Uint8Array>,
  file: string,
  address: string,
): void {
  let begun = false;
  try {
    for (const part of parts) {
      const state = deserialize(part) as unknown;
      if (!begun && isStateOf(firmware, state)) firmware.relive(state);
      else if (begun && isTileOf(firmware, state)) firmware.chip.reliveTile(state.tile, state.history);
      else throw badState(file, address);
      begun = true;
    }
  } catch (error) {
    throw error instanceof MhoError ? error : badState(file, address, error);
  }
  if (!begun) throw badState(file, address);
}

function isTileOf({ chip }: Firmware, state: unknown): state is { tile: number; history: History } {
  const { tile, history } = (state ?? {}) as { tile?: unknown; history?: unknown };
  const isTile =
    Number.isInteger(tile) && (tile as number) >= 0 && (tile as number) < chip.preset.geometry.tiles;
  return isTile && typeof history === "object" && history !== null;
}

/** Whether it is a state, and has no more places than the chip: a few bytes can stand for an endless list of nothing. */
function isStateOf({ chip }: Firmware, state: unknown): state is BoardHistory {
  const { tiles, rows } = chip.preset.geometry;
  const found = state as Partial<BoardHistory> & { format?: unknown; version?: unknown };
  const times = [found.boot, found.chipTimeMicroseconds];
  return (
    found.format === stateFormat &&
    found.version === 1 &&
    times.every((time) => Number.isSafeInteger(time) && time! >= 0) &&
    // Counted in 32 bits, with the next one.
    found.boot! < 0xffffffff &&
    hasAtMost(found.chip?.tiles, tiles) &&
    hasAtMost(found.chip?.converters, tiles) &&
    hasAtMost(found.chip?.deadRows, tiles * rows) &&
    areBakes(found.chip?.bakes)
  );
}

/** Older states have none. */
function areBakes(bakes: unknown): boolean {
  if (bakes === undefined) return true;
  if (!Array.isArray(bakes) || bakes.length > 1000) return false;
  return bakes.every((bake: Partial<Bake>) => {
    const { celsius, fromMicroseconds, toMicroseconds } = bake;
    if (![celsius, fromMicroseconds, toMicroseconds].every(Number.isFinite)) return false;
    return (
      celsius! >= -60 && celsius! <= 300 && fromMicroseconds! >= 0 && fromMicroseconds! < toMicroseconds!
    );
  });
}

function hasAtMost(list: unknown, places: number): boolean {
  return Array.isArray(list) && list.length <= places;
}

function badState(file: string, address: string, cause?: unknown): MhoError {
  return new MhoError(
    "bad-file",
    `${file} does not hold the devices of ${address}. Delete it to begin with a new chip, or name another ?state=FILE.`,
    { file },
    cause,
  );
}

/** A lock beside the state, which every process that shares the folder sees. */
function lock(file: string, address: string): Lock {
  const path = `${file}.lock`;
  try {
    return takeLock(path, wallTime());
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    const { holder } = error;
    const by = holder === undefined ? "another program" : `${holder.program} (process ${holder.processId})`;
    throw new MhoError(
      "port-failed",
      `The emulated chip ${address} is in use by ${by}, which holds ${path}. ` +
        "Wait for it, or name another chip with ?seed= or ?state=.",
      { file, lock: path, ...(holder !== undefined && { holder: holder.processId }) },
      error,
    );
  }
}
