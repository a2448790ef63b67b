import { readingFlags } from "../src/chip/driver.ts";
import type { DyingDevices } from "../src/model/definition.ts";
import { microsecondsPerSecond, type Microsiemens, type Seconds } from "../src/units.ts";
import { countInterval } from "./countInterval.ts";
import type { DriftData } from "./driftData.ts";
import { short } from "./short.ts";

/** Devices that died while they were watched. */
export interface Died {
  /** One array a part: 1 for each device that died. */
  readonly died: readonly Uint8Array[];
  readonly count: number;
  /** How fast devices die, and where they end; undefined where none died of those that tell it. */
  readonly law: DyingDevices | undefined;
}

/**
 * Finds devices that died while they were watched: from one read to the next they went to an end of the range, and at each later read they
 * were still there. One that walks or drifts comes to an end step by step, and one with telegraph noise comes back: neither is dead.
 *
 * Devices die at a steady rate in the logarithm of age, as far as is known of them: deaths over the decades that all devices together were
 * watched for. Only devices count that were clear of both ends: of others a death is not always seen.
 *
 * @param most  the upper end of the range, µS.
 */
export function findDied(parts: readonly DriftData[], most: Microsiemens): Died {
  const limits = limitsOf(most);
  const { low, high, clear } = limits;
  const ends = [newEnd(), newEnd()] as const;
  let [count, deaths, decades, from] = [0, 0, 0, Infinity];
  const died = parts.map((data) => {
    const dead = new Uint8Array(data.usable.length);
    const course = newCourse(data.sweeps.length);
    for (let i = 0; i < dead.length; i++) {
      if (data.usable[i] === 0) continue;
      readsOf(data, i, course);
      const { reads, microsiemens, logAges } = course;
      if (reads <= longestWait) continue;
      const tells = microsiemens[0]! >= low + clear && microsiemens[0]! <= high - clear;
      const death = deathOf(course, limits);
      if (death !== undefined) {
        dead[i] = 1;
        count++;
      }
      if (!tells) continue;
      from = Math.min(from, logAges[0]!);
      // Of the last reads none could be known for a death.
      const until = death === undefined ? logAges[reads - shortestWait]! : middleOf(logAges, death.read);
      decades += (until - logAges[0]!) / Math.LN10;
      if (death === undefined) continue;
      deaths++;
      const end = ends[death.isHigh ? 1 : 0];
      end.devices++;
      end.sum += microsiemens[death.read]!;
    }
    return dead;
  });
  if (deaths === 0 || !(decades > 0)) return { died, count, law: undefined };
  const [fewest, mostDeaths] = countInterval(deaths);
  const told = ends.filter(({ devices }) => devices > 0);
  return {
    died,
    count,
    law: {
      fromSeconds: short(Math.exp(from)),
      perDecade: short(deaths / decades),
      perDecadeLow: short(fewest / decades),
      perDecadeHigh: short(mostDeaths / decades),
      endMicrosiemens: told.map(({ devices, sum }) => short(Math.max(0, sum / devices))),
      endShares: told.map(({ devices }) => short(devices / deaths)),
    },
  };
}

/** µS. */
interface Limits {
  /** Ends of the range: below, and above, a device may be dead. */
  readonly low: Microsiemens;
  readonly high: Microsiemens;
  /** How far from them it was while it lived. */
  readonly clear: Microsiemens;
  /** So large a step is told from a walk by fewer reads. */
  readonly leap: Microsiemens;
}

function limitsOf(most: Microsiemens): Limits {
  return { low: 0.05 * most, high: 1.03 * most, clear: 0.1 * most, leap: 0.3 * most };
}

/** Reads at an end, at least, before a device is held to be dead; after a leap, fewer. */
const longestWait = 3;
const shortestWait = 2;

/** The reads of one device. */
interface Course {
  reads: number;
  readonly microsiemens: Float64Array;
  readonly logAges: Float64Array;
}

function newCourse(sweeps: number): Course {
  return { reads: 0, microsiemens: new Float64Array(sweeps), logAges: new Float64Array(sweeps) };
}

function newEnd(): { devices: number; sum: number } {
  return { devices: 0, sum: 0 };
}

function readsOf(data: DriftData, i: number, into: Course): void {
  const { sweeps, pulsedAtMicroseconds, devicesPerRow } = data;
  const row = Math.floor(i / devicesPerRow);
  into.reads = 0;
  for (const { conductanceMicrosiemens, flags, rowTimesMicroseconds } of sweeps) {
    const age: Seconds = (rowTimesMicroseconds[row]! - pulsedAtMicroseconds[i]!) / microsecondsPerSecond;
    const read = conductanceMicrosiemens[i]!;
    if (flags[i] === readingFlags.invalid || Number.isNaN(read) || !(age > 0)) continue;
    into.microsiemens[into.reads] = read;
    into.logAges[into.reads++] = Math.log(age);
  }
}

/** The first read at which a device was dead. */
function deathOf(
  { reads, microsiemens }: Course,
  { low, high, clear, leap }: Limits,
): { readonly read: number; readonly isHigh: boolean } | undefined {
  const last = microsiemens[reads - 1]!;
  const isHigh = last >= high;
  if (!isHigh && last > low) return undefined;
  const isThere = (read: number): boolean => (isHigh ? read >= high : read <= low);
  let first = reads - 1;
  while (first > 0 && isThere(microsiemens[first - 1]!)) first--;
  if (first === 0) return undefined;
  const before = microsiemens[first - 1]!;
  const leapt = Math.abs(microsiemens[first]! - before) >= leap;
  if (reads - first < (leapt ? shortestWait : longestWait)) return undefined;
  const wasClear = isHigh ? before <= high - clear : before >= low + clear;
  const cameBack = microsiemens.subarray(0, first).some(isThere);
  return wasClear && !cameBack ? { read: first, isHigh } : undefined;
}

/** Between the last read of the living device and the first of the dead one. */
function middleOf(logAges: Float64Array, read: number): number {
  return (logAges[read - 1]! + logAges[read]!) / 2;
}
