import { z } from "zod";
import type { ChipLimits } from "../../src/chip/description.ts";
import type { ChipPulses, Technology } from "../../src/chip/technology.ts";

export const positive = z.number().positive();

/** A board is told of widths in whole nanoseconds, and has 32 bits for them. */
export const mostNanoseconds = 0xffffffff;
export const nanoseconds = z.int().positive().max(mostNanoseconds);

/**
 * A key of a description, with what docs/chip-description.md says of it.
 *
 * @param unit     µS, ns … ; empty for none.
 * @param use      what mho does with it.
 * @param leftOut  what happens without it; of a key that has to be there, nothing.
 */
export function key<S extends z.ZodType>(schema: S, unit: string, use: string, leftOut?: string): S {
  return schema.meta({
    description: use,
    ...(unit !== "" && { unit }),
    ...(leftOut !== undefined && { left_out: leftOut }),
  });
}

/** What only chips of one technology say in their descriptions. */
export interface TechnologyFile<
  Keys extends z.ZodRawShape = z.ZodRawShape,
  LimitKeys extends z.ZodRawShape = z.ZodRawShape,
> {
  readonly technology: Technology;
  /** Beside those that every chip has. */
  readonly keys: Keys;
  /** Under `limits`, likewise. */
  readonly limitKeys: LimitKeys;
  pulsesOf(file: z.output<z.ZodObject<Keys>>): ChipPulses;
  /** The longest trailing edge that its pulses need; undefined where they have none. */
  trailingNanosecondsOf?(file: z.output<z.ZodObject<Keys>>): number | undefined;
  limitsOf(
    limits: z.output<z.ZodObject<LimitKeys>>,
  ): Pick<ChipLimits, "maxAmplitude" | "maxRowMilliamperes" | "boardEnforces">;
}
