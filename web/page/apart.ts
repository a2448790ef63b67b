/** Those of some ages within a range that have room for their labels on a logarithmic axis so many pixels wide. */
export function apart(ages: readonly number[], least: number, most: number, width: number): number[] {
  const place = (age: number): number => (width * Math.log(age / least)) / Math.log(most / least);
  const kept: number[] = [];
  // The last ones are kept: they say how old the devices are.
  for (const age of ages.toReversed()) {
    if (age < least || age > most) continue;
    if (kept.length === 0 || place(kept[0]!) - place(age) >= labelPixels) kept.unshift(age);
  }
  return kept;
}

const labelPixels = 46;
