/** Whether values rise (1) or fall (−1) all the way. */
export function isSorted(values: readonly number[], direction: 1 | -1, strictly: boolean): boolean {
  return values.every((value, i) => {
    const step = i === 0 ? 1 : direction * (value - values[i - 1]!);
    return strictly ? step > 0 : step >= 0;
  });
}
