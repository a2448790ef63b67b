const relative = [0, 0.025, 0.1, 0.25, 0.5, 0.75, 1];
const perDecade = [0.075, 0.197, 0.723, 1.771, 2.266, 1.82, 1.177];
const onsetSeconds = [0.15, 0.013, 0.0014, 0.0024, 0.025, 0.093, 0.5];

const logOnset = onsetSeconds.map(Math.log);

/** µS² that relaxation adds in every decade of time, by what a pulse left as a share of 40 µS. */
export function relaxationPerDecade(r: number): number {
  return between(perDecade, r);
}

/** From when on it walks in the logarithm of time. */
export function relaxationOnsetSeconds(r: number): number {
  return Math.exp(between(logOnset, r));
}

function between(values: readonly number[], r: number): number {
  if (r >= 1) return values.at(-1)!;
  let k = 1;
  while (relative[k]! < r) k++;
  const part = (r - relative[k - 1]!) / (relative[k]! - relative[k - 1]!);
  return values[k - 1]! + part * (values[k]! - values[k - 1]!);
}
