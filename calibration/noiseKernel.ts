import type { Seconds } from "../src/units.ts";

/**
 * 1/f noise with the time structure that a pulse gives it: independent first-order processes of every correlation time
 * from a shortest one on, equally strong in each decade, all at rest when the device is pulsed. In units of Q², the
 * deviations of two reads at the ages s and t then have the covariance
 *
 *     K(s, t) = ∫ (e^(−|s − t|/τ) − e^(−(s + t)/τ)) dτ/τ = Ein((s + t)/τ₀) − Ein(|s − t|/τ₀),   τ ≥ τ₀ = 4 e^γ t_read
 *
 * where Ein(x) = ∫₀ˣ (1 − e^(−u))/u du. For s = t it is ln(t/(2 t_read)), the published variance of one read (Joshi et al.
 * 2020). As an integral of such processes it is positive definite.
 */
export function noiseCovariance(
  agesSeconds: Float64Array,
  averages: readonly number[],
  readSeconds: Seconds,
  spacingSeconds: Seconds,
): Float64Array {
  const n = agesSeconds.length;
  const shortest = 4 * Math.exp(eulerGamma) * readSeconds;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const sum = (agesSeconds[i]! + agesSeconds[j]!) / shortest;
      const apart = Math.abs(agesSeconds[i]! - agesSeconds[j]!) / shortest;
      const value =
        i === j ? ein(sum) - withinAverage(averages[i]!, spacingSeconds / shortest) : ein(sum) - ein(apart);
      covariance[i * n + j] = value;
      covariance[j * n + i] = value;
    }
  }
  return covariance;
}

/** Covariance of single reads at an age with those at others, in units of Q². */
export function covarianceWith(
  ageSeconds: Seconds,
  agesSeconds: Float64Array,
  readSeconds: Seconds,
): Float64Array {
  const shortest = 4 * Math.exp(eulerGamma) * readSeconds;
  return agesSeconds.map(
    (age) => ein((age + ageSeconds) / shortest) - ein(Math.abs(age - ageSeconds) / shortest),
  );
}

/** Mean of Ein(|n − m| spacing) over all pairs of `averages` reads: what averaging takes from the variance of one. */
function withinAverage(averages: number, spacing: number): number {
  let sum = 0;
  for (let apart = 1; apart < averages; apart++) sum += 2 * (averages - apart) * ein(apart * spacing);
  return sum / (averages * averages);
}

const eulerGamma = 0.5772156649015329;

/** Ein(x) for x ≥ 0, to 1e-6: a table in ln x, the power series beneath it and ln x + γ above. */
export function ein(x: number): number {
  if (x < tableFrom) return x - (x * x) / 4;
  const logX = Math.log(x);
  if (x >= tableTo) return logX + eulerGamma;
  const place = (logX - logFrom) * perLog;
  const k = Math.floor(place);
  const part = place - k;
  return table[k]! * (1 - part) + table[k + 1]! * part;
}

const tableFrom = 1e-3;
const tableTo = 20;
const tablePoints = 4096;
const logFrom = Math.log(tableFrom);
const perLog = (tablePoints - 2) / (Math.log(tableTo) - logFrom);
const table = Float64Array.from({ length: tablePoints }, (_, k) => einSeries(Math.exp(logFrom + k / perLog)));

/** Σ (−1)^(k+1) x^k / (k k!): alternating, and good to 1e-8 up to x = 20. */
function einSeries(x: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 1; k < 200; k++) {
    term *= -x / k;
    sum -= term / k;
    if (k > x && Math.abs(term) < 1e-18) break;
  }
  return sum;
}
