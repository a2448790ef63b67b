import type { ChipDescription } from "../chip/description.ts";
import type { Burst, ChipCapabilities } from "../chip/driver.ts";
import type { ChipPulses } from "../chip/technology.ts";
import type { DeviceModel } from "../model/deviceModel.ts";

/**
 * A closed-loop programming method. It decides for a whole block in one turn and never acts: it asks for pulses
 * and says what it wants to see next; the engine fires, reads and comes back. It keeps no clock and draws no
 * chance of its own, so the same method runs on the emulator, on hardware and in a property test.
 */
export interface ProgrammingMethod<State = unknown> {
  /** Methods of one name serve different technologies. */
  readonly name: string;
  /** Known so that its runs can be read, and offered to nobody who names a method. */
  readonly unlisted?: true;
  /** One line, for help and documentation. */
  readonly does: string;
  /** Names of those that it can work on. */
  readonly technologies: readonly string[];
  /** Whether it needs to know which devices hold which weight. */
  readonly needsCells: boolean;
  /** Whether it leaves devices at the targets of the plan; others move the targets, or never look. */
  readonly keepsTargets: boolean;
  /** Whether it reads devices back and pulses them again until they fit: those that drift unlike the rest are picked out. */
  readonly looksBack: boolean;
  readonly cost: MethodCost;
  /** Why it cannot work on a chip of its technologies, and what to do instead; undefined where it can. */
  requires?(chip: ChipDescription, capabilities: ChipCapabilities): string | undefined;
  /** µS that a plan may ask of it at most, where that is not the chip's range. */
  highestTarget?(chip: ChipDescription): number;
  begin(task: ProgrammingTask, model: DeviceModel): State;
  /** `seen` is undefined on the first turn. The decision's arrays belong to the method until the next call. */
  next(state: State, seen: Seen | undefined): Decision;
}

/** What a method usually takes, as measured on emulated chips. */
export interface MethodCost {
  /** A device with a target, and one that is to conduct nothing. */
  readonly pulses: number;
  readonly idlePulses: number;
  /** Until the last device of a tile is done. */
  readonly turns: number;
  /** Pulses that no device exceeds; `Infinity` where only its budget ends it. */
  readonly most: number;
  /** Pulses of a row until the last of its devices is done; `turns` where not given. */
  readonly rowPulses?: RowCount;
  /** Reads of a row after pulses, where they are not as many. */
  readonly rowReads?: RowCount;
  /** Averages of each of these; 4 where not given, 0 where nothing is read. */
  readonly averages?: number;
  /** Where the board's own loop gives the pulses: its iterations in a row, over all rounds, and the most in one. */
  readonly boardIterations?: RowCount;
  readonly mostIterations?: number;
  /** Looks at the whole tile beside these. */
  readonly looks?: readonly TileLook[];
}

/** For rows of n devices: `first` + `perLog` × ln n. */
export interface RowCount {
  readonly first: number;
  readonly perLog: number;
}

export interface TileLook {
  /** So many looks, one after the other, and how often that is done (once): by the devices of a row, where it depends on them. */
  readonly times: number;
  readonly rounds?: number | (RowCount & { readonly most: number });
  /** Of the tile's rows, those that a look is at, in the mean of all rounds (all). */
  readonly share?: number;
  readonly secondsBetween?: number;
  /** Whether the first waits until the devices have reached the model's reference age. */
  readonly settles: boolean;
  readonly averages: number | "products";
}

/** What is to be programmed. All arrays are over one block, row-major, one entry a device. */
export interface ProgrammingTask {
  readonly rowCount: number;
  /** Of the whole tile. */
  readonly tileRows: number;
  readonly devicesPerRow: number;
  /** µS; NaN leaves the device alone. */
  readonly targetsMicrosiemens: Float32Array;
  readonly pulses: ChipPulses;
  /** The highest amplitude code within the chip's limits. */
  readonly maxCode: number;
  /** Pulses that each device may still get. */
  readonly pulsesLeft: Uint32Array;
  /** Pulses that each device was given before this run; undefined where another workspace may have pulsed the chip as well. */
  readonly pulsesBefore?: Uint32Array | undefined;
  /** Cycles of two pulses that the board can be told to give by itself, at most; 0 where it cannot. */
  readonly burstCycles?: number | undefined;
  /** Of a measurement: its settings. */
  readonly settings?: Readonly<Record<string, number>> | undefined;
  /** Which weights the devices hold; absent when targets are all that is known. */
  readonly cells?: CellTask | undefined;
  /** Of a run that is resumed: final verdicts stand, and their devices are left as they are; what was in place is looked at first. */
  readonly standing?: StandingDevices | undefined;
}

/** Where the devices of a run stand that goes on. */
export interface StandingDevices {
  readonly verdicts: Uint8Array;
  readonly pulses: Uint32Array;
  /** The last amplitude code of each; 0 when none. */
  readonly lastCodes: Uint16Array;
}

/** Cells lie one after the other, `devicesPerCell` devices each. */
export interface CellTask {
  readonly devicesPerCell: number;
  /** What a µS of each device of a cell adds to its weight: +F, −F, +1, −1 for two pairs. */
  readonly factors: readonly number[];
  /** The weight in µS, one a cell; NaN for a cell that holds none. */
  readonly wantedMicrosiemens: Float32Array;
  /**
   * What a µS of each column is worth in weight, over that of the column where it is worth most, where columns have scales of their
   * own: 0 < s ≤ 1, one a column of the tile. An error of e µS counts as s e.
   */
  readonly outputScales?: readonly number[] | undefined;
}

export interface Seen {
  /** µS; NaN for what was not looked at. */
  readonly conductanceMicrosiemens: Float32Array;
  /** One of `readingFlags` a device. */
  readonly flags: Uint8Array;
  /** Since each device's last pulse, s; NaN where it never had one. */
  readonly agesSeconds: Float32Array;
  /** 1 where the last pulse may not have fired: such a reading teaches nothing about the pulse. */
  readonly unsure: Uint8Array;
  /** After a look by products: µS for each vector of inputs, one a line of devices. */
  readonly products?: readonly Float32Array[];
}

export interface Decision {
  /** Fired one after the other; empty when nothing is to be fired. */
  readonly orders: readonly BlockPulse[];
  /** One of `verdicts` a device. */
  readonly verdicts: Uint8Array;
  readonly look: Look;
  /** What the board is to reach by itself, instead of orders. */
  readonly board?: BoardLoop;
}

/** What the board is to reach by itself; µS, NaN leaves a device alone. */
export interface BoardLoop {
  readonly targetsMicrosiemens: Float32Array;
  readonly marginMicrosiemens: number;
  /** Pulses that a device may get, at most. */
  readonly iterations: number;
  readonly widthNanoseconds: number;
}

/** Pulses of one kind for a block. */
export interface BlockPulse {
  readonly kind: "reset" | "set";
  /** One amplitude code a device, 0 for none. */
  readonly codes: Uint16Array;
  readonly widthNanoseconds: number;
  readonly trailingNanoseconds: number;
  /** 0 for the usual voltage. */
  readonly gateCode: number;
  /** Of a burst: the board gives this pulse and then the other one, so often. Only where the task says that it can. */
  readonly burst?: Burst;
}

/** Pulses that an order gives to each device that has a code: a cycle of a burst is two. */
export function pulsesOfOrder({ burst }: Pick<BlockPulse, "burst">): number {
  return burst === undefined ? 1 : 2 * burst.cycles;
}

export type Look =
  | {
      readonly kind: "read";
      readonly averages: number;
      /** 1 for each row of the block that is to be read. */
      readonly rows: Uint8Array;
      /** Not before this long after the last pulse. */
      readonly afterSeconds: number;
      /** The journal keeps what every open device of these rows reads, whether or not it was pulsed. */
      readonly keeps?: true;
      /** V over the devices; the usual voltage where not given. Only on boards that declare `readVoltage`. */
      readonly readVolts?: number;
      /** The whole look is kept as a sweep of this time, s: a map, or one of a series. All of its rows must be read. */
      readonly sweepSeconds?: number;
    }
  | {
      /** Products of the whole tile, whose block must be all of its rows. */
      readonly kind: "multiply";
      readonly inputs: readonly Int8Array[];
      readonly afterSeconds: number;
    }
  | { readonly kind: "done" };

export type LookToRead = Extract<Look, { kind: "read" }>;

/** How a device ended, and why. */
export const verdicts = {
  pending: 0,
  /** Found near its target since its last pulse, by late looks where the method takes them. */
  accepted: 1,
  /** Outside the margin at the end of the amplitude range: this device cannot get there. */
  unreachable: 2,
  /** Still outside the margin when its pulses, or its looks, were spent. */
  budgetSpent: 3,
  /** Fired at and, by the method's nature, not read back. */
  unverified: 4,
  /** No target. */
  leftAlone: 5,
  /** Whether its last pulse fired is unknown, and it was not read since. */
  uncertain: 6,
  /** Outside the margin, and another pulse would more likely do harm than good. */
  acceptedOutside: 7,
  /** Conducts, and no pulse lowers it. */
  stuckHigh: 8,
  /** Conducts a little, and no pulse raises it. */
  stuckLow: 9,
  /** Conducts nothing at all. */
  open: 10,
  /** Obeyed at first and then no more. */
  weak: 11,
  /** Beyond what the converter can tell, whatever was fired. */
  saturated: 12,
  /** The converter gave nothing, whenever it was asked. */
  unreadable: 13,
  /** Read inside the margin since its last pulse, and still to be looked at once more. */
  inPlace: 14,
} as const;

export const verdictNames = [
  "pending",
  "accepted",
  "unreachable",
  "budget spent",
  "unverified",
  "left alone",
  "uncertain",
  "accepted outside tolerance",
  "stuck high",
  "stuck low",
  "open",
  "weak",
  "saturated",
  "unreadable",
  "in place",
] as const;

export type VerdictCounts = Record<(typeof verdictNames)[number], number>;

/** Whether a device is still worked on. */
export function isOpen(verdict: number): boolean {
  return verdict === verdicts.pending || verdict === verdicts.inPlace;
}

/** Whether a verdict ends the work on a device; `leftAlone` never began. */
export function isFinal(verdict: number): boolean {
  return !isOpen(verdict) && verdict !== verdicts.leftAlone;
}

/** Whether a device went where it was pulsed to, though it may have ended beside its target. */
export function obeys(verdict: number): boolean {
  return settledVerdicts.has(verdict);
}

const settledVerdicts: ReadonlySet<number> = new Set([
  verdicts.accepted,
  verdicts.unverified,
  verdicts.acceptedOutside,
  verdicts.budgetSpent,
]);

/** Whether a device does not obey, so that the others of its cell must do its work. */
export function isBroken(verdict: number): boolean {
  return verdict >= verdicts.stuckHigh && verdict <= verdicts.unreadable;
}

/** Tells of an inner loop's devices while all of them may still be aimed anew: `inPlace` where it is through with one, else `pending`. */
export function showInner(meanwhile: Uint8Array, inner: Uint8Array): Uint8Array {
  for (let i = 0; i < meanwhile.length; i++) {
    if (!isOpen(meanwhile[i]!)) continue;
    const verdict = inner[i]!;
    const through =
      verdict === verdicts.accepted || verdict === verdicts.acceptedOutside || verdict === verdicts.inPlace;
    meanwhile[i] = through ? verdicts.inPlace : verdicts.pending;
  }
  return meanwhile;
}

export function countVerdicts(given: Uint8Array, counts = noVerdicts()): VerdictCounts {
  for (const verdict of given) counts[verdictNames[verdict]!]++;
  return counts;
}

export function noVerdicts(): VerdictCounts {
  return Object.fromEntries(verdictNames.map((name) => [name, 0])) as VerdictCounts;
}

/** Verdicts to begin with: what stands, `leftAlone` without a target, else `pending`. */
export function firstVerdicts({ targetsMicrosiemens, standing }: ProgrammingTask): Uint8Array {
  return Uint8Array.from(targetsMicrosiemens, (target, i) => {
    if (standing !== undefined && standing.verdicts[i] !== verdicts.pending) return standing.verdicts[i]!;
    return Number.isNaN(target) ? verdicts.leftAlone : verdicts.pending;
  });
}
