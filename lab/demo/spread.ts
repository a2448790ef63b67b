/** Mean, and standard deviation; 0 for one value. */
export function spreadOf(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, spread: values.length < 2 ? 0 : Math.sqrt(square / (values.length - 1)) };
}
