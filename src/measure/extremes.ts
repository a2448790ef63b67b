import { assert } from "../errors.ts";
import type { ChipDescription } from "../chip/description.ts";
import type { ExtremePulse } from "../chip/technology.ts";
import type { BlockPulse, ProgrammingTask } from "../program/method.ts";

/** Pulses that bring a device as high and as low as it goes. */
export function extremesOf({ pulses, maxCode }: Pick<ProgrammingTask, "pulses" | "maxCode">) {
  const found = pulses.technology.extremes?.(pulses, maxCode);
  assert(found !== undefined, "a procedure is only begun on chips whose devices have such pulses");
  return found;
}

/** Why a chip's devices cannot be brought up and down; undefined where they can. */
export function noExtremes({ name, pulses }: ChipDescription): string | undefined {
  return pulses.technology.extremes?.(pulses, 0xffff) === undefined
    ? `No pulse brings the ${pulses.technology.title} devices of ${name} from one end to the other: they take steps, or the description names no such pulse.`
    : undefined;
}

/** The pulse for the devices that are chosen. */
export function orderFor(
  { code, ...pulse }: ExtremePulse,
  devices: number,
  chosen: (i: number) => boolean,
): BlockPulse {
  return { ...pulse, codes: Uint16Array.from({ length: devices }, (_, i) => (chosen(i) ? code : 0)) };
}
