/**
 * The laws by which a device's drift exponent is drawn at a pulse, and the strength of its 1/f noise, against
 * r = G/Gmax. Laws of birth: what a reader then sees of drift and noise must come out of them.
 */
export interface DriftLaw {
  exponentMean(r: number): number;
  exponentSpread(r: number): number;
  /** Q: relative read noise, before time has its say. */
  noiseStrength(r: number): number;
  readonly readSeconds: number;
  /** ln of time as drift counts it, 0 at an age of 20 s; the usual law where none is given. */
  readonly logTime?: (ageSeconds: number) => number;
  /** Spread of ln ν about the mean, where exponents are lognormal instead of normal. */
  readonly exponentLogSpread?: number;
}

/** @source The 90 nm array of Joshi et al. 2020, Nat. Commun. 11, 2473. */
export const driftLaw90nm: DriftLaw = {
  exponentMean: (r) => within(0.0244 - 0.0155 * logOf(r), 0.049, 0.1),
  exponentSpread: (r) => within(-0.0059 - 0.0125 * logOf(r), 0.008, 0.045),
  noiseStrength: (r) => (r < 1e-4 ? 0.2 : Math.min(0.2, 0.0088 * Math.exp(-0.65 * Math.log(r)))),
  readSeconds: 250e-9,
};

/** @source The HERMES chip, two devices side by side: Le Gallo et al. 2023, Nat. Electron. 6, 680. */
export const driftLawHermes: DriftLaw = {
  exponentMean: (r) =>
    r < 0.0945 ? within(-0.0182 - 0.0387 * logOf(r), 0.072, 0.13) : 0.0736 - r * (0.0126 + 0.0436 * r),
  exponentSpread: (r) =>
    r < 0.3055 ? within(-0.0057 - 0.0117 * logOf(r), 0.0091, 0.04) : 0.0073 + r * (0.0093 - 0.0118 * r),
  noiseStrength: (r) =>
    r < 0.16
      ? within(-0.0069 - 0.0117 * logOf(r), 0.015, 0.04)
      : 0.0123 + r * (0.0211 + r * (0.0069 * r - 0.028)),
  readSeconds: 512e-9,
};

/**
 * A chip unlike any that was published: its drift is least in the middle of its range, with kinks there, and its noise is
 * that of the 90 nm array.
 */
export const driftLawStranger: DriftLaw = {
  exponentMean: (r) => (r < 0.48 ? 0.09 - (0.07 * r) / 0.48 : 0.02 + (0.05 * (r - 0.48)) / 0.52),
  exponentSpread: (r) => (r < 0.48 ? 0.03 - (0.024 * r) / 0.48 : 0.006 + (0.019 * (r - 0.48)) / 0.52),
  noiseStrength: (r) => driftLaw90nm.noiseStrength(r),
  readSeconds: 250e-9,
};

/** Drift sets in after about a second, and conductances are quoted at twenty: ln((age + 1)/21). */
export function driftLogTime(ageSeconds: number): number {
  return Math.log((ageSeconds + 1) / 21);
}

function logOf(r: number): number {
  return Math.log(r > 1e-7 ? r : 1e-7);
}

function within(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
