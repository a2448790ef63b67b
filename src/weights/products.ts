import { type Random, uniformOf } from "../random.ts";
import type { LayerWeights } from "./layer.ts";

/** Random inputs a layer: enough for two digits. */
const vectors = 64;

/**
 * How far products y = x W with held weights are from those with the meant ones: per layer √(Σ‖ŷ − y‖² / Σ‖y‖²) over
 * inputs drawn evenly from ±1 in 8 bits, and the root mean square of that over the layers; percent.
 *
 * @param held  layers of the same shapes.
 */
export function productErrorPercent(
  meant: readonly LayerWeights[],
  held: readonly LayerWeights[],
  random: Random,
): number {
  let squares = 0;
  meant.forEach(({ inputs, outputs, values }, l) => {
    let error = 0;
    let size = 0;
    const wanted = new Float64Array(outputs);
    const off = new Float64Array(outputs);
    for (let vector = 0; vector < vectors; vector++) {
      wanted.fill(0);
      off.fill(0);
      for (let input = 0; input < inputs; input++) {
        const word = random.at(l * vectors + vector, input).word0;
        const x = Math.round(127 * (2 * uniformOf(word) - 1)) / 127;
        for (let output = 0, i = input * outputs; output < outputs; output++, i++) {
          wanted[output]! += x * values[i]!;
          off[output]! += x * (held[l]!.values[i]! - values[i]!);
        }
      }
      for (let output = 0; output < outputs; output++) {
        error += off[output]! * off[output]!;
        size += wanted[output]! * wanted[output]!;
      }
    }
    squares += size > 0 ? error / size : 0;
  });
  return 100 * Math.sqrt(squares / Math.max(1, meant.length));
}
