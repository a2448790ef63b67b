/**
 * The law by which a device's drift exponent is drawn at a pulse, and the strength of its 1/f noise. A law of
 * birth: what a reader then sees of drift and noise must come out of it.
 *
 * @source The 90 nm array of Joshi et al. 2020, Nat. Commun. 11, 2473.
 */
export function driftExponentAt(relativeConductance: number, leaning: number): number {
  const logR = Math.log(relativeConductance > 1e-7 ? relativeConductance : 1e-7);
  const mean = within(0.0244 - 0.0155 * logR, 0.049, 0.1);
  const spread = within(-0.0059 - 0.0125 * logR, 0.008, 0.045);
  return Math.abs(mean + spread * leaning);
}

/** Q: relative read noise, before time has its say. */
export function noiseStrengthAt(relativeConductance: number): number {
  if (relativeConductance < 1e-4) return 0.2;
  return Math.min(0.2, 0.0088 * Math.exp(-0.65 * Math.log(relativeConductance)));
}

/** Drift sets in after about a second, and conductances are quoted at twenty: ln((age + 1)/21). */
export function driftLogTime(ageSeconds: number): number {
  return Math.log((ageSeconds + 1) / 21);
}

function within(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
