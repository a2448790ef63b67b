import { Rp2040Firmware } from "../../emulator/rp2040/firmware.ts";
import type { Uf2Block } from "../../emulator/rp2040/uf2.ts";
import type { Preset } from "../../emulator/presets.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { blockAddress, descriptionBlock, usualSettings } from "./descriptionBlock.ts";

/** An emulated array behind the machine code of the reference firmware, which is told of the chip as a board is. */
export function boardChip(
  image: readonly Uf2Block[],
  preset: Preset,
  seed: number,
  description: ChipDescription,
): Rp2040Firmware {
  const { variant = "", firmware } = preset;
  const bytes = descriptionBlock(description, {
    ...usualSettings,
    serialNumber: variant === "" ? `EMU-${seed}` : `EMU-${seed}-${variant}`,
    watchdogSeconds: firmware.watchdogMicroseconds / 1e6,
    maxAverages: firmware.maxAverages,
  });
  return new Rp2040Firmware(preset, seed, [...image, { address: blockAddress, bytes }]);
}
