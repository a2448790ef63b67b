import type { Microsiemens } from "../units.ts";
import type { ModelDefinition } from "../model/definition.ts";
import type { AmplitudeCurve, PulseKind } from "./amplitudeCurve.ts";

/**
 * What a kind of device is, and how it is pulsed. Whatever depends on the technology asks its record; nothing else compares
 * names, so a technology of a lab's own is never taken for another.
 */
export interface Technology<Pulses extends ChipPulses = ChipPulses> {
  /** As chip descriptions and methods name it: `pcm`. */
  readonly name: string;
  /** As messages call its devices: `phase-change`. */
  readonly title: string;
  readonly amplitudeUnit: string;
  /** The methods used when none is chosen, and what others do by hand, to compare with: that of conductances where not given. */
  readonly usualMethods: {
    readonly strategy: string;
    readonly conductances: string;
    readonly byHand?: string;
  };
  /** How its devices change with age, as people of the field call it: `drift` where not given. */
  readonly ageing?: string;
  /**
   * Whether a pulse adds a step, which ages by itself, and leaves what earlier pulses brought to age as before. Where not given, every pulse
   * begins the ageing of its device anew.
   */
  readonly stepsAddUp?: boolean;
  /** A device that reads less, and was never pulsed, has to be formed first; not given where devices need no forming. */
  readonly pristineBelowMicrosiemens?: Microsiemens;
  /** The built-in model that is believed when none is named. */
  readonly usualModel: string;
  /** Built-in models of its devices, the usual one with them. */
  readonly builtInModels?: readonly string[];
  /** Families of models that can be of its devices; all where not given. */
  readonly modelFamilies?: readonly ModelDefinition["family"][];
  /** Codes are 0 … codes − 1; 0 leaves a device alone. */
  codes(pulses: Pulses): number;
  /** In the unit of its amplitudes. */
  amplitudePerCode(pulses: Pulses): number;
  /** What a pulsed device draws for each code, µA; undefined where amplitudes are no currents. */
  drawnMicroamperesPerCode(pulses: Pulses): number | undefined;
  /**
   * The most that a device conducts when a SET pulse with a gate code ends, µS: an instrument without a gate limits its current instead.
   * Undefined where the description does not say.
   */
  complianceMicrosiemens?(pulses: Pulses, gateCode: number): Microsiemens | undefined;
  /** Pulses that bring any device as high and as low as it goes, where there are such: devices that take steps have none. */
  extremes?(
    pulses: Pulses,
    maxCode: number,
  ): { readonly up: ExtremePulse; readonly down: ExtremePulse } | undefined;
  /** Only where a pulse sets the conductance by its amplitude alone: that answer can then be measured. */
  readonly response?: PulseResponseAccess<Pulses>;
}

/** A pulse with the same amplitude for all devices; several may be needed. */
export interface ExtremePulse {
  readonly kind: "reset" | "set";
  readonly code: number;
  readonly widthNanoseconds: number;
  readonly trailingNanoseconds: number;
  readonly gateCode: number;
}

/** How devices answer to the pulse that sets them. */
export interface PulseResponseAccess<Pulses> {
  of(pulses: Pulses): PulseKind;
  /** The same pulses with a measured curve in place of the nominal one. */
  with(pulses: Pulses, nominalCurve: AmplitudeCurve): Pulses;
}

/** How a chip's devices are programmed. What else there is depends on the technology. */
export interface ChipPulses {
  readonly technology: Technology;
}
