import type { Converter } from "../chip/description.ts";
import { type Environment, type PulseReport, type Reading, rowFates } from "../chip/driver.ts";
import type { Block } from "../chip/geometry.ts";
import { MhoError } from "../errors.ts";
import { type BlockPulse, pulsesOfOrder, verdicts } from "../program/method.ts";
import type { Celsius, Microseconds, Seconds } from "../units.ts";
import type { Calibration } from "./calibration.ts";

/**
 * One turn of one tile: what was seen, what was decided and what is about to be fired. It is committed between
 * deciding and acting, so a pulse that fired always stands in the journal, and so does its ticket.
 *
 * Only the devices that the turn concerns are kept, which are those that the turn before fired at, and those that are judged or
 * about to be fired at: `devices` holds their places in the block, ascending, and every other array has one entry for each.
 */
export interface TurnRecord {
  readonly tile: number;
  /** 0 for the tile's first. */
  readonly turn: number;
  readonly devices: Uint32Array;
  /** µS; NaN where nothing was read. */
  readonly conductanceMicrosiemens: Float32Array;
  readonly verdicts: Uint8Array;
  /** What is about to be fired, one after the other. */
  readonly orders: readonly JournalledOrder[];
  /** The ticket of the first order's first row, or 0 when nothing is fired; orders follow each other, row by row. */
  readonly firstTicket: number;
  /** The ticket of the last order's last row, or 0 likewise: the next turn's tickets lie above it. */
  readonly newestTicket: number;
  /** What became of each row of the block in the turn before, order after order. Empty when nothing was fired in it. */
  readonly fired: PulseReport;
  /** Devices of the tile that are where they should be, and are still to be confirmed. */
  readonly inside: number;
  /** Wall time, ISO 8601; empty in workspaces that did not keep it. */
  readonly decidedAt: string;
}

/**
 * A pulse request for the devices that a turn concerns: one amplitude code each, 0 for none. Of a board's own loop, 1 for each
 * device that it works on, which is then given as many pulses as it says, and `iterations` at most.
 */
export interface JournalledOrder extends Omit<BlockPulse, "kind"> {
  readonly kind: BlockPulse["kind"] | "on-board";
  readonly iterations?: number;
}

export const orderKinds: readonly JournalledOrder["kind"][] = ["set", "reset", "on-board"];

/**
 * One read-out of a tile at one time after its last pulse, as the board gave it. Of a converter its codes are kept: µS follow
 * from them and from what is known of the converter, today or after it was calibrated anew. Of a board that reckons
 * conductances itself, these and their flags are.
 */
export interface SweepRecord extends Reading {
  readonly tile: number;
  /** The time that was asked for; the devices' true ages follow from `rowTimesMicroseconds`. */
  readonly timeSeconds: Seconds;
  readonly averages: number;
  /** Beside codes: as it was known then, its range, and the voltage that it reads with. */
  readonly converter?: Converter | undefined;
  /** Wall time, ISO 8601, and the chip's boot. */
  readonly takenAt: string;
  readonly boot: number;
  readonly environment?: Environment | undefined;
  /** At which the devices were kept since their last pulses, where they were baked; the environment's is that of the read. */
  readonly bakeCelsius?: Celsius | undefined;
  /** Codes of the tile's known resistors, in the order of the description. */
  readonly referenceCodes?: Uint16Array | undefined;
}

/** At which ages a run's tiles are to be read, after it is done. */
export interface WatchSettings {
  /** Counted from a tile's last pulse; ascending. */
  readonly timesSeconds: readonly Seconds[];
  readonly averages: number;
}

/** Chip time and wall time at one instant: what dates a chip whose clock began anew. */
export interface ClockMark {
  readonly chipName: string;
  readonly chipSerialNumber: string;
  readonly boot: number;
  /** As runs count it: what the chip's own clock shows, and this offset. */
  readonly chipTimeMicroseconds: Microseconds;
  readonly offsetMicroseconds: Microseconds;
  /** ISO 8601. */
  readonly markedAt: string;
}

/** Something that happened to a run and is no turn and no sweep. */
export interface RunNote {
  /** Wall time, ISO 8601. */
  readonly notedAt: string;
  readonly what:
    | "link-lost"
    | "link-back"
    | "uncertain"
    | "paused"
    | "stopped"
    | "failed"
    | "resumed"
    | "standby-failed"
    | "woken"
    | "unknown-wear"
    | "calibrated"
    /** A program asked the people at the bench, and what came of it. */
    | "asked"
    /** A person wrote it. */
    | "note";
  /** For a person. */
  readonly text: string;
  /** What `calibrated` found. */
  readonly calibration?: Calibration | undefined;
  /** Who wrote a `note`, where that is known. */
  readonly by?: string | undefined;
}

/** What a run did to a tile's devices. One entry a device of the block. */
export interface TileWear {
  readonly block: Block;
  readonly devicesPerRow: number;
  readonly pulses: Uint32Array;
  /** How many of these may not have fired. */
  readonly uncertainPulses: Uint32Array;
  /** Chip time of each device's last pulse, the one thing that the chip cannot tell; NaN when never pulsed. */
  readonly pulsedAtMicroseconds: Float64Array;
}

/** What a tile's turns add up to. One entry a device of the block. */
export interface TileMemory extends TileWear {
  turns: number;
  readonly verdicts: Uint8Array;
  /** Reading that the last verdict stands on, µS; NaN when never read. */
  readonly lastReadMicrosiemens: Float32Array;
  /** The last amplitude code that each device was given; 0 when none. */
  readonly lastCodes: Uint16Array;
  /** The codes of the last turn's orders, whose fates come with the next: one entry a device each. */
  lastOrders: readonly Uint16Array[];
  /** The devices that the last turn concerned, ascending: no other has a code in its orders. */
  lastDevices: Uint32Array;
  /** Of a board's own loop: the most pulses that it may have given to a device; of a burst, all of them; 1 for pulses. */
  lastIterations: number;
  /** Whether it gives as many if it fires at all, as a burst does. */
  lastIsExact: boolean;
  /** The ticket of the first of them. */
  lastFirstTicket: number;
}

export function emptyMemory(block: Block, devicesPerRow: number): TileMemory {
  const count = block.rowCount * devicesPerRow;
  return {
    block,
    devicesPerRow,
    turns: 0,
    verdicts: new Uint8Array(count).fill(verdicts.pending),
    pulses: new Uint32Array(count),
    uncertainPulses: new Uint32Array(count),
    pulsedAtMicroseconds: new Float64Array(count).fill(Number.NaN),
    lastReadMicrosiemens: new Float32Array(count).fill(Number.NaN),
    lastCodes: new Uint16Array(count),
    lastOrders: [],
    lastDevices: new Uint32Array(0),
    lastIterations: 1,
    lastIsExact: true,
    lastFirstTicket: 0,
  };
}

/** The tile that an entry of the journal tells of. Throws `workspace-failed` for one that the plan does not have. */
export function tileOfEntry<T>(tiles: ReadonlyMap<number, T>, tile: number, run: string): T {
  const found = tiles.get(tile);
  if (found !== undefined) return found;
  throw new MhoError(
    "workspace-failed",
    `The journal of run ${run} tells of tile ${tile}, which its plan does not have: the workspace is damaged. ` +
      "Restore it from a copy.",
    { run, tile },
  );
}

/** Adds a turn to what is known of its tile. The engine and a reader of the store fold alike. */
export function foldTurn(memory: TileMemory, record: TurnRecord): void {
  foldFiring(memory, record.fired);
  const { devices, orders } = record;
  foldVerdicts(memory, devices, record.verdicts, record.conductanceMicrosiemens);
  const before = memory.lastOrders;
  memory.lastOrders = orders.map(({ codes }, order) => {
    const all = before[order]?.fill(0) ?? new Uint16Array(memory.verdicts.length);
    foldCodes(memory, devices, codes, all);
    return all;
  });
  memory.lastDevices = devices;
  const [first] = orders;
  memory.lastIsExact = first?.iterations === undefined;
  memory.lastIterations = first?.iterations ?? (first === undefined ? 1 : pulsesOfOrder(first));
  memory.lastFirstTicket = record.firstTicket;
  memory.turns = record.turn + 1;
}

function foldVerdicts(
  memory: TileMemory,
  devices: Uint32Array,
  given: Uint8Array,
  readings: Float32Array,
): void {
  for (let k = 0; k < devices.length; k++) {
    const device = devices[k]!;
    memory.verdicts[device] = given[k]!;
    const reading = readings[k]!;
    if (!Number.isNaN(reading)) memory.lastReadMicrosiemens[device] = reading;
  }
}

/** @param all  where an order's codes go, one a device of the block. */
function foldCodes(memory: TileMemory, devices: Uint32Array, codes: Uint16Array, all: Uint16Array): void {
  for (let k = 0; k < devices.length; k++) {
    const [device, code] = [devices[k]!, codes[k]!];
    all[device] = code;
    if (code === 0) continue;
    memory.pulses[device]!++;
    memory.lastCodes[device] = code;
  }
}

/** A pulse was counted when it was written down, before it left. */
function foldFiring(memory: TileMemory, { rowTimesMicroseconds, fates, pulsesGiven }: PulseReport): void {
  const { lastOrders, lastDevices, devicesPerRow } = memory;
  const rows = memory.block.rowCount;
  if (fates.length === 0) return;
  for (let order = 0; order < lastOrders.length; order++) {
    const codes = lastOrders[order]!;
    for (let place = 0; place < lastDevices.length; place++) {
      const i = lastDevices[place]!;
      if (codes[i] === 0) continue;
      const k = order * rows + Math.floor(i / devicesPerRow);
      const fate = fates[k];
      if (fate === rowFates.nothingToFire || fate === undefined) continue;
      if (fate === rowFates.notFired) memory.pulses[i]!--;
      else if (fate === rowFates.uncertain) {
        memory.pulses[i]! += memory.lastIterations - 1;
        memory.uncertainPulses[i]! += memory.lastIterations;
      } else if (memory.lastIterations > 1) {
        // A loop of the board's own was counted as one pulse. When its answer is lost, what it gave is not known.
        const given = memory.lastIsExact ? memory.lastIterations : pulsesGiven?.[i];
        memory.pulses[i]! += (given ?? memory.lastIterations) - 1;
        if (given === undefined) memory.uncertainPulses[i]! += memory.lastIterations;
      }
      const time = rowTimesMicroseconds[k]!;
      if (!Number.isNaN(time)) memory.pulsedAtMicroseconds[i] = time;
    }
  }
}

/** Chip time of the tile's last pulse; NaN when it never had one. */
export function lastPulse(memory: TileMemory): Microseconds {
  let last = Number.NaN;
  const { pulsedAtMicroseconds: times } = memory;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    if (!(time <= last) && !Number.isNaN(time)) last = time;
  }
  return last;
}
