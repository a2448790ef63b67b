import { readingFlags } from "../../src/chip/driver.ts";
import { microsecondsPerSecond, type Microsiemens, type Seconds } from "../../src/units.ts";
import type { DriftData } from "../driftData.ts";

/** The reads of many devices, one device after the other. */
export interface Readings {
  /** Devices. */
  readonly count: number;
  /** count + 1 entries: the reads of device i are those from start[i] to start[i + 1]. */
  readonly start: Uint32Array;
  /** ln(age + onset), ascending for each device. */
  readonly logAge: Float32Array;
  /** What was read, less what was written, µS. */
  readonly deviation: Float32Array;
  /** What was asked of each device, or written to it, µS. */
  readonly written: Float32Array;
  /** Devices of one row were pulsed and read together: what went wrong for one may have gone wrong for all. */
  readonly row: Uint32Array;
  /** Place of each device among those of all blocks, one block after the other. */
  readonly device: Uint32Array;
  readonly onsetSeconds: Seconds;
  /** The averages that most reads were a mean of. */
  readonly averages: number;
  /** Devices whose written value is their own first read: what programming left is then not known. */
  readonly byFirstRead: number;
}

/**
 * Collects the reads of all usable devices. What was written is, in this order: what was read directly after the write; the target; the first read.
 *
 * @param onsetSeconds  added to ages before their logarithm is taken; found from the ages where not given.
 */
export function readingsOf(parts: readonly DriftData[], onsetSeconds: Seconds = onsetFor(parts)): Readings {
  const [chosen, reads] = choose(parts);
  const start = new Uint32Array(chosen.length + 1);
  const logAge = new Float32Array(reads);
  const deviation = new Float32Array(reads);
  const written = new Float32Array(chosen.length);
  const row = new Uint32Array(chosen.length);
  const device = new Uint32Array(chosen.length);
  let [at, count, byFirstRead, offset, rows] = [0, 0, 0, 0, 0];
  let next = 0;
  for (const part of parts) {
    const { devicesPerRow, pulsedAtMicroseconds, targetsMicrosiemens, sweeps, usable } = part;
    for (; next < chosen.length && chosen[next]! < offset + usable.length; next++) {
      const i = chosen[next]! - offset;
      const ofRow = Math.floor(i / devicesPerRow);
      const from = at;
      let atZero = Number.NaN;
      for (let s = 0; s < sweeps.length; s++) {
        const { conductanceMicrosiemens, flags, rowTimesMicroseconds } = sweeps[s]!;
        const age = (rowTimesMicroseconds[ofRow]! - pulsedAtMicroseconds[i]!) / microsecondsPerSecond;
        const read = conductanceMicrosiemens[i]!;
        if (!isRead(flags[i]!, read, age)) continue;
        if (age === 0) atZero = read;
        logAge[at] = Math.log(age + onsetSeconds);
        deviation[at++] = read;
      }
      if (at === from) continue;
      if (Number.isNaN(atZero)) atZero = part.writtenMicrosiemens?.[i] ?? Number.NaN;
      const target = targetsMicrosiemens[i]!;
      if (Number.isNaN(atZero) && Number.isNaN(target)) byFirstRead++;
      written[count] = !Number.isNaN(atZero) ? atZero : !Number.isNaN(target) ? target : deviation[from]!;
      for (let k = from; k < at; k++) deviation[k]! -= written[count]!;
      row[count] = rows + ofRow;
      device[count] = chosen[next]!;
      start[++count] = at;
    }
    offset += usable.length;
    rows += Math.ceil(usable.length / devicesPerRow);
  }
  return {
    count,
    start: start.subarray(0, count + 1),
    logAge,
    deviation,
    written: written.subarray(0, count),
    row: row.subarray(0, count),
    device: device.subarray(0, count),
    onsetSeconds,
    averages: usualAverages(parts),
    byFirstRead,
  };
}

function isRead(flag: number, read: Microsiemens, age: Seconds): boolean {
  return flag === readingFlags.ok && !Number.isNaN(read) && age >= 0;
}

/** ln(0) has no place on the axis: a tenth of the youngest age that is none. 0 where no device was read at age 0. */
function onsetFor(parts: readonly DriftData[]): Seconds {
  let youngest = Infinity;
  let zero = false;
  for (const { sweeps, usable, pulsedAtMicroseconds, devicesPerRow } of parts) {
    for (const { rowTimesMicroseconds } of sweeps.slice(0, 3)) {
      for (let i = 0; i < usable.length; i++) {
        if (usable[i] === 0) continue;
        const age = rowTimesMicroseconds[Math.floor(i / devicesPerRow)]! - pulsedAtMicroseconds[i]!;
        if (age === 0) zero = true;
        else if (age > 0 && age < youngest) youngest = age;
      }
    }
  }
  return zero && youngest < Infinity ? youngest / 10 / microsecondsPerSecond : 0;
}

function usableIn(parts: readonly DriftData[]): number {
  let count = 0;
  for (const { usable } of parts) for (let i = 0; i < usable.length; i++) count += usable[i]!;
  return count;
}

/** Places of the usable devices among those of all blocks, and how many reads they may have. */
function choose(parts: readonly DriftData[]): [chosen: Uint32Array, reads: number] {
  const chosen = new Uint32Array(usableIn(parts));
  let [count, reads, offset] = [0, 0, 0];
  for (const { usable, sweeps } of parts) {
    for (let i = 0; i < usable.length; i++) {
      if (usable[i] === 0) continue;
      chosen[count++] = offset + i;
      reads += sweeps.length;
    }
    offset += usable.length;
  }
  return [chosen.subarray(0, count), reads];
}

function usualAverages(parts: readonly DriftData[]): number {
  const counts = new Map<number, number>();
  for (const { sweeps } of parts)
    for (const { averages } of sweeps) counts.set(averages, (counts.get(averages) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 1;
}
