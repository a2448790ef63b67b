import type { Firmware } from "../../emulator/firmware.ts";
import type { Preset } from "../../emulator/presets.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";

/** A firmware whose own machine code may stand in for the emulator's, over the same array. */
export interface MachineFirmware {
  readonly name: string;
  /** @param start  another number gives another boot. */
  start(preset: Preset, seed: number, start: number, description: ChipDescription): Promise<Firmware>;
}

/** Each is loaded when it is asked for: with it comes the processor. */
export const firmwares: readonly MachineFirmware[] = [
  {
    name: "rp2040",
    async start(preset, seed, start, description) {
      const [{ boardChip }, { firmwareImage }] = await Promise.all([
        import("./boardChip.ts"),
        import("./firmwareImage.ts"),
      ]);
      return boardChip(await firmwareImage(), preset, seed, description, start);
    },
  },
];

/** Throws `bad-argument` for a name that is not in the list. */
export function firmwareNamed(name: string): MachineFirmware {
  const found = firmwares.find((firmware) => firmware.name === name);
  if (found !== undefined) return found;
  throw new MhoError(
    "bad-argument",
    `There is no firmware ${name}. Known are ${firmwares.map((firmware) => firmware.name).join(", ")}.`,
    { firmware: name },
  );
}
