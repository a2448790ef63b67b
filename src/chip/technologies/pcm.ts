import { assert } from "../../errors.ts";
import type { Microamperes, Nanoseconds } from "../../units.ts";
import type { PulseKind } from "../amplitudeCurve.ts";
import type { ChipPulses, Technology } from "../technology.ts";

/** Phase change: a RESET pulse sets the conductance anew, whatever it was. */
export interface PcmPulses extends ChipPulses {
  readonly reset: PulseKind;
  /** A pulse that brings a device to the top of its range, whatever it was: melted, and let cool slowly. */
  readonly set?: FullSetPulse | undefined;
}

export interface FullSetPulse {
  readonly amplitudeMicroamperes: Microamperes;
  readonly widthNanoseconds: Nanoseconds;
  /** How long the amplitude takes to fall. */
  readonly trailingNanoseconds: Nanoseconds;
}

export const pcm: Technology<PcmPulses> = {
  name: "pcm",
  title: "phase-change",
  amplitudeUnit: "µA",
  usualMethods: { strategy: "residual", conductances: "verify", byHand: "open-loop" },
  usualModel: "pcm-90nm",
  builtInModels: ["pcm-90nm", "pcm-hermes-1", "pcm-hermes-2"],
  modelFamilies: ["power-law", "tabulated-drift", "measured-moments", "free-form"],
  codes: ({ reset }) => reset.codes,
  amplitudePerCode: ({ reset }) => reset.microamperesPerCode,
  drawnMicroamperesPerCode: ({ reset }) => reset.microamperesPerCode,
  extremes({ reset, set }, maxCode) {
    if (set === undefined) return undefined;
    const code = Math.min(maxCode, Math.round(set.amplitudeMicroamperes / reset.microamperesPerCode));
    const { widthNanoseconds, trailingNanoseconds } = set;
    const { amplitudeMicroamperes } = reset.nominalCurve;
    const highest = Math.min(maxCode, Math.floor(amplitudeMicroamperes.at(-1)! / reset.microamperesPerCode));
    const down = { code: highest, widthNanoseconds: reset.widthNanoseconds, trailingNanoseconds: 0 };
    return {
      up: { kind: "reset", gateCode: 0, code, widthNanoseconds, trailingNanoseconds },
      down: { kind: "reset", gateCode: 0, ...down },
    };
  },
  response: {
    of: ({ reset }) => reset,
    with: (pulses, nominalCurve) => ({ ...pulses, reset: { ...pulses.reset, nominalCurve } }),
  },
};

export function isPcm(pulses: ChipPulses): pulses is PcmPulses {
  return pulses.technology === pcm;
}

/** For methods of phase-change devices, which are only given chips that they can work on. */
export function pcmPulsesOf({ pulses }: { readonly pulses: ChipPulses }): PcmPulses {
  assert(isPcm(pulses), "the method works on phase-change devices");
  return pulses;
}
