import type { Firmware } from "./firmware.ts";
import { PacketFirmware } from "./packetFirmware.ts";
import type { Preset } from "./presets.ts";
import { ScpiFirmware } from "./scpiFirmware.ts";

/** An emulated chip that speaks one of the dialects. */
export function firmwareFor(dialect: "packet" | "scpi", preset: Preset, seed: number): Firmware {
  return dialect === "scpi" ? new ScpiFirmware(preset, seed) : new PacketFirmware(preset, seed);
}
