import type { Microseconds } from "../units.ts";
import { type MeasuredReads, plannedAge } from "./measurements.ts";

/** Reads that become one sweep: of every device one at most. */
export interface Aligned {
  /** The age that the sweep stands for. */
  readonly ageMicroseconds: Microseconds;
  readonly averages: number;
  /** Places in the list of reads. */
  readonly reads: Uint32Array;
}

/**
 * Puts reads together that were taken at about one age: those of one planned age, or else those of about the same age. Where a device
 * has several, its second goes to a second sweep. Nothing is left out.
 *
 * @param which  places of the reads to align.
 * @returns sweeps in the order of their ages.
 */
export function align(reads: MeasuredReads, which: Uint32Array): Aligned[] {
  const ages = Float64Array.from(which, (read) => plannedAge(reads, read));
  const edges = edgesOf(ages, devicesOf(reads, which));
  // By age, so that of two reads of a device in one bin the earlier comes first.
  const order = Uint32Array.from(which.keys()).sort(
    (a, b) => ages[a]! - ages[b]! || reads.agesMicroseconds[which[a]!]! - reads.agesMicroseconds[which[b]!]!,
  );
  const found: Aligned[] = [];
  let [bin, at] = [0, 0];
  while (at < order.length) {
    while (bin < edges.length && ages[order[at]!]! >= edges[bin]!) bin++;
    const until = edges[bin] ?? Infinity;
    const taken = new Map<number, number>();
    const sweeps = new Map<string, { rank: number; averages: number; reads: number[] }>();
    for (; at < order.length && ages[order[at]!]! < until; at++) {
      const read = which[order[at]!]!;
      const [device, averages] = [reads.devices[read]!, reads.averages[read]!];
      const rank = taken.get(device) ?? 0;
      taken.set(device, rank + 1);
      const key = `${rank} ${averages}`;
      const sweep = sweeps.get(key) ?? { rank, averages, reads: [] };
      sweep.reads.push(read);
      sweeps.set(key, sweep);
    }
    const inOrder = [...sweeps.values()].sort((a, b) => a.rank - b.rank || a.averages - b.averages);
    for (const { averages, reads: ofSweep } of inOrder) {
      const own = Float64Array.from(ofSweep, (read) => plannedAge(reads, read)).sort();
      found.push({ ageMicroseconds: own[own.length >> 1]!, averages, reads: Uint32Array.from(ofSweep) });
    }
  }
  return found;
}

function devicesOf({ devices }: MeasuredReads, which: Uint32Array): number {
  const seen = new Set<number>();
  for (const read of which) seen.add(devices[read]!);
  return seen.size;
}

/** Ages further apart than this are of two sweeps. */
const apart = 1.1;
/** Ages that are spread evenly over log age are cut so. */
const widest = 1.25;

/** Where one bin of ages ends and the next begins, ascending. */
function edgesOf(ages: Float64Array, devices: number): number[] {
  const sorted = ages.slice().sort();
  const distinct = sorted.filter((age, i) => i === 0 || age > sorted[i - 1]!);
  // A schedule that all devices keep.
  if (distinct.length * devices <= 2 * ages.length) return [...distinct.subarray(1)];
  const edges: number[] = [];
  let begun = 0;
  for (let i = 1; i <= distinct.length; i++) {
    if (i < distinct.length && distinct[i]! <= apart * distinct[i - 1]!) continue;
    if (begun > 0) edges.push(distinct[begun]!);
    let from = distinct[begun]!;
    const isNarrow = distinct[i - 1]! <= 2 * from;
    for (let k = begun; !isNarrow && k < i; k++) {
      if (distinct[k]! <= widest * from) continue;
      from = distinct[k]!;
      edges.push(from);
    }
    begun = i;
  }
  return edges;
}
