import { describe, expect, it } from "vitest";
import type { FaultEvent } from "../../emulator/faults.ts";
import { findPreset } from "../../emulator/presets.ts";
import { boardChip } from "../../lab/firmware/boardChip.ts";
import { firmwareUnderTest } from "../support/firmware.ts";
import { tellStory } from "../soak/story.ts";
import { drawWorld, type World } from "../soak/world.ts";
import { describePcm64, fivePercent } from "../support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

/** MHO_BOARD_WORLDS=20 for all that are known to hold: four minutes of a core. */
const worlds = Number(process.env["MHO_BOARD_WORLDS"] ?? 8);
const image = await firmwareUnderTest();
const description = await describePcm64();

/** A world whose chip is the RP2040's machine code over an emulated array, at the end of a bad line. */
function boardWorld(seed: number): World {
  const world = drawWorld(seed, 1, { rare: false, slow: false });
  const preset = findPreset("pcm-64", { tiles: 1 })!;
  const methods = world.dialect === "scpi" ? ["verify", "residual"] : ["verify", "residual", "on-board"];
  return {
    ...world,
    preset,
    method: methods[seed % methods.length]!,
    shape: [2, 64],
    faults: {
      ...world.faults,
      events: world.faults.events.map(onTheOnlyTile),
      line: { ...world.faults.line, ...fivePercent },
    },
    emulate: (of, its) => boardChip(image, of, its, description),
  };
}

function onTheOnlyTile(event: FaultEvent): FaultEvent {
  return "tile" in event ? { ...event, tile: 0 } : event;
}

describe("the machine code in a world of bad luck", () => {
  it.each(Array.from({ length: worlds }, (_, k) => k + 1))(
    "felt what was meant, however its cable was cut and its frames were damaged (seed %i)",
    async (seed) => {
      const { deeds, crossings } = await tellStory(boardWorld(seed), emptyFolder());
      expect(deeds.length + crossings).toBeGreaterThan(100);
    },
  );
});
