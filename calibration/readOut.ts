import type { PowerLawDefinition } from "../src/model/definition.ts";
import type { Microseconds, Microsiemens } from "../src/units.ts";
import type { ReadOut } from "./driftData.ts";

/** What a fit asks of a chip's description. */
export interface ReadingChip {
  readonly timing: { readonly readRowMicroseconds: Microseconds };
  readonly converter: { readonly microsiemensPerCode: Microsiemens };
}

/** How a chip reads, for a law of its noise. */
export function readOutOf({ timing, converter }: ReadingChip, { readSeconds }: PowerLawDefinition): ReadOut {
  return {
    readSeconds,
    spacingMicroseconds: timing.readRowMicroseconds,
    microsiemensPerCode: converter.microsiemensPerCode,
  };
}
