import { quantile, sortedSizes } from "./statistics.ts";

/**
 * The sizes |x| that stand at some places of all the sizes, were they sorted. A few are sorted; many are not, nor copied: they are counted
 * twice, by the upper and by the lower half of their bits. Floats that are not negative sort as their bits do.
 *
 * @param parts   NaN counts for nothing.
 * @param shares  0 … 1.
 * @returns one size a share: the least that this share of the sizes does not exceed, NaN of none; and how many sizes there are.
 */
export function sizesOfShares(
  parts: readonly Float32Array[],
  shares: readonly number[],
): { readonly count: number; readonly sizes: Float32Array } {
  const all = parts.reduce((sum, { length }) => sum + length, 0);
  if (all <= mostSorted) return sortedSizesOfShares(parts, all, shares);
  const bits = parts.map((part) => new Uint32Array(part.buffer, part.byteOffset, part.length));
  const upper = new Uint32Array(infinity / lowerValues + 1);
  let count = 0;
  for (const part of bits) {
    for (let i = 0; i < part.length; i++) {
      const size = part[i]! & sizeBits;
      if (size > infinity) continue;
      upper[size >>> lowerBits]!++;
      count++;
    }
  }
  if (count === 0) return { count, sizes: new Float32Array(shares.length).fill(Number.NaN) };

  const before = new Uint32Array(upper.length);
  for (let bin = 1; bin < upper.length; bin++) before[bin] = before[bin - 1]! + upper[bin - 1]!;
  const places = shares.map((share) => Math.max(0, Math.ceil(share * count) - 1));
  const binOfPlace = places.map((place) => lastAtMost(before, place));

  const lower = new Map(binOfPlace.map((bin) => [bin, new Uint32Array(lowerValues)]));
  const wanted = Array.from(upper, (_, bin) => lower.get(bin));
  for (const part of bits) {
    for (let i = 0; i < part.length; i++) {
      const size = part[i]! & sizeBits;
      if (size > infinity) continue;
      const counts = wanted[size >>> lowerBits];
      if (counts !== undefined) counts[size & (lowerValues - 1)]!++;
    }
  }
  const found = places.map((place, k) => {
    const bin = binOfPlace[k]!;
    const counts = lower.get(bin)!;
    let left = place - before[bin]!;
    let low = 0;
    while (left >= counts[low]!) left -= counts[low++]!;
    return bin * lowerValues + low;
  });
  return { count, sizes: new Float32Array(Uint32Array.from(found).buffer) };
}

/** Up to here a copy is sorted sooner than the counters are made. */
const mostSorted = 1 << 17;

function sortedSizesOfShares(
  parts: readonly Float32Array[],
  all: number,
  shares: readonly number[],
): ReturnType<typeof sizesOfShares> {
  const joined = new Float32Array(all);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  const sorted = sortedSizes(joined);
  return { count: sorted.length, sizes: Float32Array.from(shares, (share) => quantile(sorted, share)) };
}

const sizeBits = 0x7fff_ffff;
const infinity = 0x7f80_0000;
const lowerBits = 15;
const lowerValues = 1 << lowerBits;

/** The last entry of an ascending list that is at most a value, which its first one is. */
function lastAtMost(ascending: Uint32Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
