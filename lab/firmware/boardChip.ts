import { Rp2040Firmware } from "../../emulator/rp2040/firmware.ts";
import type { Uf2Block } from "../../emulator/rp2040/uf2.ts";
import type { Preset } from "../../emulator/presets.ts";
import { chipDocument } from "../../files/chipDocument.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { blockAddress, descriptionBlock, usualSettings } from "./descriptionBlock.ts";

/**
 * An emulated array behind the machine code of the reference firmware, which is told of the chip as a board is.
 *
 * @param start  another number gives another boot.
 */
export function boardChip(
  image: readonly Uf2Block[],
  preset: Preset,
  seed: number,
  description: ChipDescription,
  start = 1,
): Rp2040Firmware {
  const { variant = "", firmware, geometry } = preset;
  const told = { ...description, geometry, document: documentOf(description, geometry.tiles) };
  const bytes = descriptionBlock(told, {
    ...usualSettings,
    serialNumber: variant === "" ? `EMU-${seed}` : `EMU-${seed}-${variant}`,
    watchdogSeconds: firmware.watchdogMicroseconds / 1e6,
    maxAverages: firmware.maxAverages,
  });
  return new Rp2040Firmware(preset, seed, [...image, { address: blockAddress, bytes }], start);
}

/** What the board tells of its chip has as many tiles as the chip. */
function documentOf({ document }: ChipDescription, tiles: number): ChipDescription["document"] {
  if (document === undefined) return undefined;
  const json = JSON.parse(document.text) as { geometry: object };
  return chipDocument({ ...json, geometry: { ...json.geometry, tiles } });
}
