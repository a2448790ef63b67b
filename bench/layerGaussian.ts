import { normalOf, Random } from "../src/random.ts";
import type { LayerWeights } from "../src/weights/layer.ts";

/** Gaussian weights, σ a quarter of the largest, drawn anew beyond ±1. */
export function gaussianLayer(inputs: number, outputs: number, seed = 1): LayerWeights {
  const random = new Random(seed).fork("weights");
  const values = Float32Array.from({ length: inputs * outputs }, (_, i) => {
    for (let draw = 0; ; draw++) {
      const w = normalOf(random.at(i, draw).word0) / 4;
      if (Math.abs(w) <= 1) return w;
    }
  });
  values[0] = 1;
  return { name: `${inputs} × ${outputs}`, inputs, outputs, values };
}
