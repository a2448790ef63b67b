import { clippedMoments, foldedNormalLaplace, normalDensity } from "../src/model/normal.ts";
import type { Microsiemens, Seconds } from "../src/units.ts";

/** A law as one of aihwkit's phase-change classes draws from it. */
export interface LawInAihwkit {
  readonly maxConductanceMicrosiemens: Microsiemens;
  readonly t0Seconds: Seconds;
  readonly readSeconds: Seconds;
  /** σ_p, µS. */
  programmingStd(target: Microsiemens): Microsiemens;
  /** μ and σ of the normal law under the folded one. */
  driftExponent(target: Microsiemens): { readonly mean: number; readonly std: number };
  /** Q. */
  readStrength(programmed: Microsiemens): number;
}

/**
 * Mean and standard deviation that aihwkit 1.1 and 1.2 draw from, by quadrature over the programming error N:
 *
 *     G_p = max(0, G + σ_p N),   G(t) = max(0, G_p τ^−ν (1 + Q(G_p) √ln((t + t0 + t_read)/(2 t_read)) N′))
 *
 * Its read noise depends on the conductance that programming gave, mho's on the target.
 *
 * @source aihwkit, inference/noise/pcm.py
 */
export function momentsInAihwkit(
  law: LawInAihwkit,
  target: Microsiemens,
  time: Seconds,
): { mean: Microsiemens; std: Microsiemens } {
  const { t0Seconds: t0, readSeconds: read } = law;
  const programming = law.programmingStd(target);
  const { mean, std } = law.driftExponent(target);
  const logAge = Math.log((time + t0) / t0);
  const noise = Math.sqrt(Math.log((time + t0 + read) / (2 * read)));
  let [weights, first, second] = [0, 0, 0];
  for (let k = -points; k <= points; k++) {
    const normal = (reach * k) / points;
    const weight = normalDensity(normal);
    const programmed = Math.max(0, target + programming * normal);
    const factor = clippedMoments(1, noise * law.readStrength(programmed));
    weights += weight;
    first += weight * programmed * factor.first;
    second += weight * programmed * programmed * factor.second;
  }
  first *= foldedNormalLaplace(mean, std, logAge) / weights;
  second *= foldedNormalLaplace(mean, std, 2 * logAge) / weights;
  return { mean: first, std: Math.sqrt(Math.max(0, second - first * first)) };
}

const points = 400;
/** Standard deviations on both sides. */
const reach = 7;
