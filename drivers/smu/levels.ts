import type { ChipDescription } from "../../src/chip/description.ts";
import type { Measured } from "./models.ts";

export function readVoltsOf({ converter }: ChipDescription): number {
  return converter.readVolts ?? usualReadVolts;
}

/** A device that conducts more than the description's range is held, and said to be saturated. */
export function readLimitAmperes({ converter }: ChipDescription, volts: number): number {
  const { microsiemensPerCode, codes, offsetCodes } = converter;
  const most = (codes - 1 - offsetCodes) * microsiemensPerCode;
  return Math.max(leastAmperes, 1e-6 * most * volts);
}

/**
 * The current limit of a pulse: what the gate code would let through in the chip's description, and never more than the address allows.
 *
 * @param height  V, as a magnitude.
 */
export function pulseLimitAmperes(
  { pulses }: ChipDescription,
  height: number,
  gateCode: number,
  mostMicroamperes = usualMicroamperes,
): number {
  const microsiemens = pulses.technology.complianceMicrosiemens?.(pulses, gateCode) ?? Infinity;
  return Math.max(leastAmperes, 1e-6 * Math.min(mostMicroamperes, microsiemens * height));
}

/** NaN of what is no measurement. */
export function microsiemensOf({ volts, amperes }: Measured): number {
  const sane = Math.abs(volts) > 1e-4 && Math.abs(volts) < 1e6 && Math.abs(amperes) < 1e6;
  return sane ? (1e6 * amperes) / volts : Number.NaN;
}

const usualReadVolts = 0.2;
const usualMicroamperes = 1000;
/** The least that the instruments' limits can be set to. */
const leastAmperes = 1e-9;
