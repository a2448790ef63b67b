import { assert } from "../../errors.ts";
import type { Microsiemens, Nanoseconds } from "../../units.ts";
import type { ChipPulses, Technology } from "../technology.ts";

/**
 * Electrochemical memory: a pulse of gate current moves ions into the channel or out of it, and with them the conductance by a
 * small step, in proportion to its charge. The step depends on the present conductance and on the direction.
 */
export interface EcramPulses extends ChipPulses {
  readonly nanoamperesPerCode: number;
  /** Codes are 0 … codes − 1; 0 leaves the device alone. */
  readonly codes: number;
  readonly set: StepPulse;
  readonly reset: StepPulse;
}

/** One direction of programming, as the datasheet says that devices answer to it. */
export interface StepPulse {
  readonly widthNanoseconds: Nanoseconds;
  /** Conductances ascend; linear in between, level beyond. */
  readonly conductanceMicrosiemens: Float64Array;
  /** What one code moves a device of each conductance, µS; above 0 in both directions. */
  readonly stepMicrosiemens: Float64Array;
  /** How much devices' own steps differ from it, as a share; a standard deviation. */
  readonly deviceSpread: number;
  /** How much a pulse of one code differs from the next, as a share of its step; √n less for a pulse of n codes. */
  readonly cycleSpread: number;
}

export const ecram: Technology<EcramPulses> = {
  name: "ecram",
  title: "electrochemical",
  amplitudeUnit: "nA",
  usualMethods: { strategy: "residual", conductances: "verify" },
  ageing: "charge loss",
  stepsAddUp: true,
  usualModel: "ecram-li",
  builtInModels: ["ecram-li"],
  modelFamilies: ["measured-moments", "logarithmic-relaxation", "free-form"],
  codes: ({ codes }) => codes,
  amplitudePerCode: ({ nanoamperesPerCode }) => nanoamperesPerCode,
  // Nanoamperes, into gates: no row's wire carries them.
  drawnMicroamperesPerCode: () => undefined,
};

/** For methods of electrochemical devices, which are only given chips that they can work on. */
export function ecramPulsesOf({ pulses }: { readonly pulses: ChipPulses }): EcramPulses {
  assert(isEcram(pulses), "the method works on electrochemical devices");
  return pulses;
}

/** What one code moves a device of a conductance, µS. */
export function stepAt(pulse: StepPulse, conductance: Microsiemens): Microsiemens {
  const { conductanceMicrosiemens: x, stepMicrosiemens: y } = pulse;
  const last = x.length - 1;
  if (conductance <= x[0]!) return y[0]!;
  if (conductance >= x[last]!) return y[last]!;
  let k = 1;
  while (x[k]! < conductance) k++;
  const part = (conductance - x[k - 1]!) / (x[k]! - x[k - 1]!);
  return y[k - 1]! + part * (y[k]! - y[k - 1]!);
}

function isEcram(pulses: ChipPulses): pulses is EcramPulses {
  return pulses.technology === ecram;
}
