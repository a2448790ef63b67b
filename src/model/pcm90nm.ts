import type { DeviceModel } from "./deviceModel.ts";
import { clippedMoments, foldedNormalLaplace } from "./normal.ts";

const maxConductance = 25;
const t0Seconds = 20;
const readSeconds = 250e-9;

/**
 * Phase-change memory of the one-million-device 90 nm array.
 *
 *     G_p = max(0, G + σ_p N)              σ_p = 0.26348 + 1.9650 r − 1.1731 r²,  r = G/25 µS
 *     G(t) = G_p τ^−ν                      τ = (t + t0)/t0,  ν = |N(μ, σ)|
 *     G_read = max(0, G(t) (1 + s N))      s = Q sqrt(ln((t + t0 + t_read)/(2 t_read)))
 *
 * ν and Q depend on the target, so the three factors are independent and their moments multiply; the clipping
 * at zero and the folding of ν are in closed form.
 *
 * @source Joshi et al. 2020, Nat. Commun. 11, 2473; coefficients as in aihwkit, inference/noise/pcm.py.
 */
export const pcm90nm: DeviceModel = {
  name: "pcm-90nm",
  maxConductanceMicrosiemens: maxConductance,
  programmingStd,
  mean(target, time) {
    const { first } = clippedMoments(target, programmingStd(target));
    return first * driftMoment(target, time, 1) * clippedMoments(1, readStd(target, time)).first;
  },
  variance(target, time) {
    const programmed = clippedMoments(target, programmingStd(target));
    const read = clippedMoments(1, readStd(target, time));
    const first = programmed.first * driftMoment(target, time, 1) * read.first;
    return programmed.second * driftMoment(target, time, 2) * read.second - first * first;
  },
};

function programmingStd(target: number): number {
  const r = target / maxConductance;
  return Math.max(0, 0.26348 + 1.965 * r - 1.1731 * r * r);
}

/** E[τ^(−order ν)]. */
function driftMoment(target: number, time: number, order: number): number {
  const { mean, std } = driftExponent(target);
  return foldedNormalLaplace(mean, std, order * Math.log((time + t0Seconds) / t0Seconds));
}

/** The mean and spread of the normal law under the folded one that ν follows. */
export function driftExponent(target: number): { mean: number; std: number } {
  const logR = Math.log(Math.max(target / maxConductance, 1e-7));
  return {
    mean: clamp(-0.0155 * logR + 0.0244, 0.049, 0.1),
    std: clamp(-0.0125 * logR - 0.0059, 0.008, 0.045),
  };
}

/** Relative standard deviation of one read, a time after programming. */
export function readStd(target: number, time: number): number {
  const r = Math.max(target / maxConductance, 0);
  const power = r === 0 ? 0 : Math.exp(0.65 * Math.log(r));
  const q = Math.min(0.0088 / Math.max(power, 1e-3), 0.2);
  return q * Math.sqrt(Math.log((time + t0Seconds + readSeconds) / (2 * readSeconds)));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
