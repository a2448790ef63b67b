import type { Refit } from "./refit.ts";
import type { DriftData } from "./driftData.ts";
import { fitFates } from "./pool.ts";

/**
 * What is believed of each device of a block after it was watched: (ln A, ν) jointly normal, A the conductance at the
 * reference age and ν its drift exponent. Its own reads are weighed against the law of its population.
 */
export interface DeviceBeliefs {
  readonly logA: Float64Array;
  readonly exponent: Float64Array;
  readonly varianceLogA: Float64Array;
  readonly covariance: Float64Array;
  readonly varianceExponent: Float64Array;
  /** 1 where a device obeys no law: it is held to stay where it is. */
  readonly lawless: Uint8Array;
}

/** @param offset  of the block's first device in the population. */
export function beliefsOf(found: Refit, part: number, data: DriftData, offset: number): DeviceBeliefs {
  const fits = found.fits[part]!;
  const { laws, fates } = found.population;
  const count = data.targetsMicrosiemens.length;
  const beliefs: DeviceBeliefs = {
    logA: new Float64Array(count).fill(Number.NaN),
    exponent: new Float64Array(count),
    varianceLogA: new Float64Array(count),
    covariance: new Float64Array(count),
    varianceExponent: new Float64Array(count),
    lawless: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const g = fits.conductanceMicrosiemens[i]!;
    const fate = fates[offset + i]!;
    if (!(g > 0) || fate === fitFates.restless || fate === fitFates.silent) {
      beliefs.lawless[i] = 1;
      beliefs.logA[i] = Math.log(Math.max(1e-3, lastRead(data, i)));
      continue;
    }
    const q = laws.readNoise.value(g);
    const noise = Math.max(q * q, 1e-8);
    const [aa, an, nn] = [
      fits.varianceLogA[i]! * noise,
      fits.covariance[i]! * noise,
      fits.varianceExponent[i]! * noise,
    ];
    const spread = Math.max(1e-4, laws.exponentSpread.value(g));
    // A stray device drifts by a law of its own: only its own reads count.
    if (fate === fitFates.stray) {
      set(beliefs, i, Math.log(g), fits.exponent[i]!, aa, an, nn);
      continue;
    }
    // The normal law of ν times the likelihood of the reads: only ν is drawn towards its law.
    const gain = 1 / (spread * spread + nn);
    const off = laws.exponentMean.value(g) - fits.exponent[i]!;
    set(
      beliefs,
      i,
      Math.log(g) + an * gain * off,
      fits.exponent[i]! + nn * gain * off,
      aa - an * gain * an,
      an - an * gain * nn,
      nn - nn * gain * nn,
    );
  }
  return beliefs;
}

function set(
  beliefs: DeviceBeliefs,
  i: number,
  logA: number,
  exponent: number,
  aa: number,
  an: number,
  nn: number,
): void {
  beliefs.logA[i] = logA;
  beliefs.exponent[i] = exponent;
  beliefs.varianceLogA[i] = aa;
  beliefs.covariance[i] = an;
  beliefs.varianceExponent[i] = nn;
}

/** The newest read of a device, µS; 0 where it never gave one. */
function lastRead({ sweeps }: DriftData, i: number): number {
  for (let j = sweeps.length - 1; j >= 0; j--) {
    const read = sweeps[j]!.conductanceMicrosiemens[i]!;
    if (!Number.isNaN(read)) return read;
  }
  return 0;
}
