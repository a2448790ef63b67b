/** How near the outputs of a network on a chip are to those in software: cosines, one an input. */
export interface Similarity {
  /** Over all inputs. */
  readonly mean: number;
  /** Mean of the tenth of the inputs whose cosines are lowest: of one input where there are fewer than ten. */
  readonly worstTenth: number;
}

/**
 * Compares outputs with those in software, input by input.
 *
 *     cosine = Σ y s / √(Σ y² · Σ s²)
 *
 * Outputs that are all zero are as good as software's where these are zero too (1), and else tell nothing of them (0).
 *
 * @param outputs   one vector an input, as the chip's weights give it.
 * @param software  the same inputs, with the weights as they were trained.
 */
export function similarityOf(
  outputs: readonly Float32Array[],
  software: readonly Float32Array[],
): Similarity {
  const cosines = outputs.map((output, n) => cosineOf(output, software[n]!)).sort((a, b) => a - b);
  const tenth = cosines.slice(0, Math.max(1, Math.floor(cosines.length / 10)));
  return { mean: meanOf(cosines), worstTenth: meanOf(tenth) };
}

export function cosineOf(one: Float32Array, other: Float32Array): number {
  // Where an output grew or shrank while it ran, only what both have can be compared; the rest of the longer one counts as off.
  const length = Math.max(one.length, other.length);
  let [product, ones, others] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const [a, b] = [one[i] ?? 0, other[i] ?? 0];
    product += a * b;
    ones += a * a;
    others += b * b;
  }
  if (ones === 0 || others === 0) return ones === others ? 1 : 0;
  return product / Math.sqrt(ones * others);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
