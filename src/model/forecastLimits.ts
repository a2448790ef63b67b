/** A forecast held where so large a share of the reads lay in its band of 95 %; one that is a little too careful does no harm … */
export function inside95Holds(share: number): boolean {
  return share >= leastInside95 && share <= mostInside95;
}

const leastInside95 = 0.92;
const mostInside95 = 0.99;

/** … and its mean was off by so many standard deviations at most, root mean square over conductances. */
export const mostMeanOffStds = 0.25;

/** What a forecast has to reach, for a person. */
export const forecastHoldsWhere = `holds where ${100 * leastInside95} … ${100 * mostInside95} % lie inside the band and the mean is ${mostMeanOffStds} σ off at most`;
