import { serialize } from "node:v8";
import { reviveChip } from "../../lab/keptChip.ts";
import { PacketFirmware } from "../../emulator/packetFirmware.ts";
import { pcm64 } from "../../emulator/presets.ts";
import { surface } from "./surface.ts";

const tile = {
  felt: Uint32Array.of(1, 2, 3),
  faults: Uint8Array.of(0, 1, 2),
  conductance: Float32Array.of(1, 2, 3),
  pulsedAt: Float64Array.of(5, 6, 7),
};

/** What an emulated chip is kept as between commands. */
export const keptChip = {
  format: "mho-emulated-chip",
  version: 1,
  boot: 1,
  chipTimeMicroseconds: 1000,
  chip: { tiles: [tile], deadRows: [3], converters: [{ offsetCodes: 8, gain: 1 }] },
};

export const bake = { celsius: 85, fromMicroseconds: 100, toMicroseconds: 900 };

export const keptChipSurfaces = [
  surface("kept-chip", 20, {
    corpus: [
      keptChip,
      { ...keptChip, chip: { ...keptChip.chip, tiles: [undefined] } },
      { ...keptChip, chip: { ...keptChip.chip, bakes: [bake] } },
    ].map((state) => new Uint8Array(serialize(state))),
    language: "binary",
    feed(bytes) {
      reviveChip(new PacketFirmware(pcm64(1), 7), [bytes], "given.state", "emulator:pcm-64");
      return true;
    },
  }),
];
