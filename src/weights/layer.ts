/** The weights of one linear layer as a crossbar sees them: rows are inputs, columns are outputs. */
export interface LayerWeights {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Row-major: `values[input * outputs + output]`, in software units. */
  readonly values: Float32Array;
}

/** The largest |w| of a layer: what its conductance scale is set by. 0 for a layer of zeros. */
export function maxWeight(layer: LayerWeights): number {
  let max = 0;
  for (const value of layer.values) max = Math.max(max, Math.abs(value));
  return max;
}

export interface WeightHistogram {
  /** `counts.length + 1` ascending edges, from −max|w| to +max|w|. */
  readonly edges: Float64Array;
  readonly counts: Uint32Array;
}

/** How a layer's weights are spread; gradients were found uncorrelated with weight value, so this is all that
 * the translation needs to know of a layer (Mackin et al. 2022). */
export function weightHistogram(layer: LayerWeights, bins: number): WeightHistogram {
  const max = maxWeight(layer) || 1;
  const counts = new Uint32Array(bins);
  for (const value of layer.values) {
    counts[Math.min(bins - 1, Math.floor(((value / max + 1) / 2) * bins))]!++;
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => max * ((2 * i) / bins - 1));
  return { edges, counts };
}
