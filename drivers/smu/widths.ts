import type { ChipDescription } from "../../src/chip/description.ts";
import type { PulseOrder } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import type { SmuModel } from "./models.ts";

/** Throws `limit-exceeded` for pulses that the instrument cannot give. Nothing has been sent yet. */
export function refuseShape(
  { title, shortestNanoseconds, stepNanoseconds, mostVolts }: SmuModel,
  { widthNanoseconds, trailingNanoseconds = 0, burst }: PulseOrder,
  { limits }: ChipDescription,
): void {
  const milliseconds = (nanoseconds: number): string => `${Number((nanoseconds / 1e6).toPrecision(6))} ms`;
  const reason =
    widthNanoseconds < shortestNanoseconds
      ? `the shortest level that a ${title} holds lasts ${milliseconds(shortestNanoseconds)}, and the pulse is to last ` +
        `${milliseconds(widthNanoseconds)}. Use wider pulses, and set limits.min_width_nanoseconds of the chip description to ${shortestNanoseconds}`
      : widthNanoseconds % stepNanoseconds !== 0
        ? `a ${title} sets widths in steps of ${milliseconds(stepNanoseconds)}, and the pulse is to last ${milliseconds(widthNanoseconds)}. ` +
          "Use a multiple"
        : trailingNanoseconds !== 0
          ? `a ${title} switches its level off at once, and the pulse is to fall in ${trailingNanoseconds} ns. Use a trailing edge of 0`
          : limits.maxAmplitude > mostVolts
            ? `limits of ${limits.maxAmplitude} V are above the ${mostVolts} V range in which this driver keeps a ${title}. Lower limits.max_amplitude_volts`
            : burst !== undefined
              ? `a ${title} is given one pulse at a time, and no bursts`
              : undefined;
  if (reason !== undefined) throw new MhoError("limit-exceeded", `Nothing was fired: ${reason}.`);
}
