/** A forecast held where so large a share of the reads lay in its band of 95 %; one that is a little too careful does no harm … */
export function inside95Holds(share: number): boolean {
  return share >= 0.92 && share <= 0.99;
}

/** … and its mean was off by so many standard deviations at most, root mean square over conductances. */
export const mostMeanOffStds = 0.25;
