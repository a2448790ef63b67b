/**
 * The interval of 95 % for the mean of a count, by Byar's approximation to the exact one of Poisson: from a count of 1 on within 2 % at the
 * upper end, and within 0.02 at the lower.
 *
 * @source Breslow and Day 1987, Statistical Methods in Cancer Research, volume II, equation 2.10.
 */
export function countInterval(count: number): [least: number, most: number] {
  const cube = (x: number): number => x * x * x;
  const more = count + 1;
  return [
    count === 0 ? 0 : count * cube(Math.max(0, 1 - 1 / (9 * count) - 1.96 / (3 * Math.sqrt(count)))),
    more * cube(1 - 1 / (9 * more) + 1.96 / (3 * Math.sqrt(more))),
  ];
}
