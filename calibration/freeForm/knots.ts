import type { Readings } from "./readings.ts";

/** Where the tables have entries: ascending. */
export interface Knots {
  /** µS. */
  readonly conductance: Float64Array;
  /** ln(age + onset). */
  readonly logAge: Float64Array;
}

const mostAges = 32;
const mostConductances = 24;
const fewestDevicesAKnot = 250;
const fewestBeyond = 100;

/**
 * Conductances so that as many devices lie about each; ages where devices were read, those close to one another as one.
 */
export function knotsOf(readings: Readings): Knots {
  return { conductance: conductanceKnots(readings), logAge: ageKnots(readings) };
}

function conductanceKnots({ written, count }: Readings): Float64Array {
  const sorted = written.slice().sort();
  const wanted = Math.min(mostConductances, Math.max(2, Math.floor(count / fewestDevicesAKnot)));
  // The few at either end are no entry: they would be a table of chances.
  const outer = Math.min(fewestBeyond, Math.floor(count / (4 * wanted)));
  const knots: number[] = [];
  const inner = Array.from({ length: wanted - 2 }, (_, k) => k + 1);
  // Laws bend most at the ends of the range, beyond which devices cannot go: entries are twice as close there.
  for (const k of [0, 0.5, ...inner, wanted - 1.5, wanted - 1]) {
    const place = Math.round(((count - 1) * k) / (wanted - 1));
    const at = sorted[Math.min(count - 1 - outer, Math.max(outer, place))]!;
    // Where all were written to a few levels, each level is one.
    if (knots.length === 0 || at > knots.at(-1)! + 1e-6) knots.push(at);
  }
  return Float64Array.from(knots);
}

/** Reads in fine steps of log age; neighbours are joined until no two are nearer than a share of the whole. */
function ageKnots({ logAge, start, count }: Readings): Float64Array {
  const reads = start[count]!;
  let [least, most] = [Infinity, -Infinity];
  for (let k = 0; k < reads; k++) {
    if (logAge[k]! < least) least = logAge[k]!;
    if (logAge[k]! > most) most = logAge[k]!;
  }
  const step = Math.max(1e-6, (most - least) / fineSteps);
  const sums = new Float64Array(fineSteps + 1);
  const counts = new Float64Array(fineSteps + 1);
  for (let k = 0; k < reads; k++) {
    const at = Math.min(fineSteps, Math.floor((logAge[k]! - least) / step));
    sums[at]! += logAge[k]!;
    counts[at]!++;
  }
  let groups = [...counts.keys()]
    .filter((k) => counts[k]! > 0)
    .map((k) => ({ sum: sums[k]!, count: counts[k]! }));
  const centre = (k: number): number => groups[k]!.sum / groups[k]!.count;
  const fewest = fewestReadsShare * count;
  for (;;) {
    let [nearest, place] = [Infinity, -1];
    for (let k = 1; k < groups.length; k++) {
      const gap = centre(k) - centre(k - 1);
      const small = Math.min(groups[k]!.count, groups[k - 1]!.count) < fewest;
      // Few reads make no entry of their own.
      const distance = small ? gap / 10 : gap;
      if (distance < nearest) [nearest, place] = [distance, k];
    }
    const small = groups.some((group) => group.count < fewest);
    if (place < 0 || (!small && nearest > (most - least) / mostAges && groups.length <= mostAges)) break;
    const [a, b] = [groups[place - 1]!, groups[place]!];
    groups = [
      ...groups.slice(0, place - 1),
      { sum: a.sum + b.sum, count: a.count + b.count },
      ...groups.slice(place + 1),
    ];
    if (groups.length === 2) break;
  }
  return Float64Array.from(groups.keys(), centre);
}

const fineSteps = 400;
const fewestReadsShare = 0.1;

/** The entry below a value and the weight of the one above: beyond the outer ones it is held there. */
export class Place {
  low = 0;
  part = 0;

  of(knots: Float64Array, value: number): void {
    const last = knots.length - 1;
    if (!(value > knots[0]!)) {
      this.low = 0;
      this.part = 0;
    } else if (value >= knots[last]!) {
      this.low = Math.max(0, last - 1);
      this.part = last === 0 ? 0 : 1;
    } else {
      let low = 0;
      while (knots[low + 1]! <= value) low++;
      this.low = low;
      this.part = (value - knots[low]!) / (knots[low + 1]! - knots[low]!);
    }
  }
}
