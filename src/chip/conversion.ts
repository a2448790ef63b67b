import type { Converter } from "./description.ts";
import { type CodedReading, noCode, readingFlags } from "./driver.ts";

/** A converter measures currents: its code is worth so much less conductance as the devices are read with a higher voltage. */
export function converterAt(converter: Converter, readVolts: number | undefined): Converter {
  const { readVolts: usual, microsiemensPerCode } = converter;
  if (readVolts === undefined || usual === undefined || readVolts === usual) return converter;
  return { ...converter, microsiemensPerCode: (microsiemensPerCode * usual) / readVolts, readVolts };
}

/** µS and flags of converter codes from `start` on, in place: by whatever is known of the converter today. */
export function convertCodes(
  { codes, conductanceMicrosiemens, flags }: Omit<CodedReading, "rowTimesMicroseconds">,
  converter: Converter,
  start = 0,
  end = codes.length,
): void {
  for (let i = start; i < end; i++) {
    const code = codes[i]!;
    const silent = code === noCode;
    conductanceMicrosiemens[i] = silent
      ? Number.NaN
      : (code - converter.offsetCodes) * converter.microsiemensPerCode;
    if (silent) flags[i] = readingFlags.invalid;
    else if (code >= converter.codes - 1) flags[i] = readingFlags.saturated;
  }
}
