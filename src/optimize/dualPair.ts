import type { Microsiemens } from "../units.ts";
import { assert } from "../errors.ts";

/**
 * How one weight is spread over the four devices of a cell:
 *
 *     β w = F (G+ − G−) + (g+ − g−)
 *
 * with F the significance of the major pair. Both rules keep one device of each pair at rest; negative weights
 * mirror positive ones.
 */
export type DualPairRule = "msp-first" | "lsp-first";

export interface DualPairStrategy {
  /** `msp-first`, the naive rule: the major pair carries all it can hold. `lsp-first`: the minor pair does, and
   * the major pair serves large weights only (the rule that Mackin et al. 2022 found by optimisation). */
  readonly rule: DualPairRule;
  readonly significance: number;
  /** β, µS per unit of weight. */
  readonly scaleMicrosiemensPerUnit: number;
  readonly maxConductanceMicrosiemens: Microsiemens;
}

export const devicesPerDualPair = 4;

/** The β at which the largest weight uses all that a cell can hold; 1 for a layer of zeros. */
export function fullScale(maxWeight: number, significance: number, maxConductance: Microsiemens): number {
  return maxWeight === 0 ? 1 : ((significance + 1) * maxConductance) / maxWeight;
}

/**
 * Weights → target conductances.
 *
 * @param weights n weights, software units.
 * @returns 4n µS: G+, G−, g+, g− for each weight.
 */
export function targetsOf(strategy: DualPairStrategy, weights: Float32Array): Float32Array {
  const { rule, significance, scaleMicrosiemensPerUnit: scale, maxConductanceMicrosiemens: max } = strategy;
  assert(significance > 0, "a significance is positive");
  const targets = new Float32Array(devicesPerDualPair * weights.length);
  for (let i = 0; i < weights.length; i++) {
    const signed = weights[i]! * scale;
    const magnitude = Math.abs(signed);
    let major: number;
    let minor: number;
    if (rule === "msp-first") {
      major = Math.min(max, magnitude / significance);
      minor = major < max ? 0 : Math.min(max, Math.max(0, magnitude - significance * max));
    } else {
      minor = Math.min(max, magnitude);
      major = minor < max ? 0 : Math.min(max, (magnitude - max) / significance);
    }
    const side = signed < 0 ? 1 : 0;
    targets[devicesPerDualPair * i + side] = major;
    targets[devicesPerDualPair * i + 2 + side] = minor;
  }
  return targets;
}

/**
 * Conductances → the weights that they stand for.
 *
 * @param conductances 4n µS.
 * @returns n weights, software units.
 */
export function weightsOf(strategy: DualPairStrategy, conductances: Float32Array): Float32Array {
  const { significance, scaleMicrosiemensPerUnit: scale } = strategy;
  const weights = new Float32Array(conductances.length / devicesPerDualPair);
  for (let i = 0; i < weights.length; i++) {
    const d = devicesPerDualPair * i;
    const major = conductances[d]! - conductances[d + 1]!;
    const minor = conductances[d + 2]! - conductances[d + 3]!;
    weights[i] = (significance * major + minor) / scale;
  }
  return weights;
}
