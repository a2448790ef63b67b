import { assert } from "../../errors.ts";
import type { Nanoseconds } from "../../units.ts";
import type { ChipPulses, Technology } from "../technology.ts";

/** Filaments: SET raises the conductance towards a limit, RESET lowers it; each limit follows the voltage. */
export interface RramPulses extends ChipPulses {
  readonly voltsPerCode: number;
  /** Codes are 0 … codes − 1; 0 leaves the device alone. */
  readonly codes: number;
  readonly set: LimitPulse;
  readonly reset: LimitPulse;
  /** How pristine devices are formed, where the description says. */
  readonly forming?: Forming | undefined;
}

/** Pulses that form a device, with the gate of its transistor as compliance. */
export interface Forming {
  readonly widthNanoseconds: Nanoseconds;
  readonly fromVolts: number;
  readonly toVolts: number;
  /** Usual compliance: the most that a device conducts when it has formed. */
  readonly complianceMicrosiemens: number;
  /** What each code of the gate adds to it. */
  readonly complianceMicrosiemensPerGateCode: number;
}

/** One direction of programming, and how the datasheet says that devices answer to it. */
export interface LimitPulse {
  readonly widthNanoseconds: Nanoseconds;
  /** Gate of the select transistor; 0 for the usual voltage. */
  readonly gateCode: number;
  /** Where a staircase begins. */
  readonly fromVolts: number;
  readonly toVolts: number;
  /** Voltage → the conductance that it moves a device towards; voltages ascend, conductances rise or fall throughout. */
  readonly volts: Float64Array;
  readonly limitMicrosiemens: Float64Array;
  /** Share of the way to the limit that one pulse goes. */
  readonly share: number;
  /** How far a device's own threshold lies from the nominal one, as a standard deviation. */
  readonly deviceSpreadVolts: number;
}

export const rram: Technology<RramPulses> = {
  name: "rram",
  title: "resistive",
  amplitudeUnit: "V",
  usualMethods: { strategy: "residual", conductances: "verify", byHand: "staircase" },
  // Pristine HfOx conducts less, a formed device at its lowest mostly more.
  pristineBelowMicrosiemens: 0.1,
  ageing: "relaxation",
  usualModel: "reram-wan-2022",
  builtInModels: ["reram-wan-2022", "reram-cmo-0.2", "reram-cmo-2"],
  modelFamilies: ["timed-spread", "logarithmic-relaxation", "measured-moments", "free-form"],
  codes: ({ codes }) => codes,
  amplitudePerCode: ({ voltsPerCode }) => voltsPerCode,
  drawnMicroamperesPerCode: () => undefined,
  complianceMicrosiemens: ({ forming }, gateCode) =>
    forming === undefined || gateCode === 0
      ? undefined
      : gateCode * forming.complianceMicrosiemensPerGateCode,
  extremes: ({ set, reset, voltsPerCode }, maxCode) => {
    const pulse = (kind: "set" | "reset", { widthNanoseconds, gateCode }: LimitPulse, volts: number) => ({
      kind,
      code: Math.min(maxCode, Math.round(volts / voltsPerCode)),
      widthNanoseconds,
      trailingNanoseconds: 0,
      gateCode,
    });
    // Beyond the middle of the staircase a SET only takes the device out of the range of its converter.
    return {
      up: pulse("set", set, 0.5 * (set.fromVolts + set.toVolts) + 0.1),
      down: pulse("reset", reset, reset.toVolts),
    };
  },
};

/** For methods of resistive devices, which are only given chips that they can work on. */
export function rramPulsesOf({ pulses }: { readonly pulses: ChipPulses }): RramPulses {
  assert(isRram(pulses), "the method works on resistive devices");
  return pulses;
}

function isRram(pulses: ChipPulses): pulses is RramPulses {
  return pulses.technology === rram;
}
