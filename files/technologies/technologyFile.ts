import { z } from "zod";
import type { ChipLimits } from "../../src/chip/description.ts";
import type { ChipPulses, Technology } from "../../src/chip/technology.ts";

export const positive = z.number().positive();

/** A board is told of widths in whole nanoseconds, and has 32 bits for them. */
export const mostNanoseconds = 0xffffffff;
export const nanoseconds = z.int().positive().max(mostNanoseconds);

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
