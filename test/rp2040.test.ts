import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { pcm64 } from "../emulator/presets.ts";
import { builtInDialects } from "../lab/dialects.ts";
import { boardChip } from "../lab/firmware/boardChip.ts";
import { firmwareUnderTest } from "./support/firmware.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { describePcm64 } from "./support/chips.ts";

const image = await firmwareUnderTest();
const description = await describePcm64();

/** What the reference firmware cannot do, by dialect. */
const lacking = {
  packet: { multiply: false, burst: false, describe: true },
  scpi: { multiply: false, burst: false, onBoardVerify: false, tickets: false, describe: true },
} as const;

for (const [name, declares] of Object.entries(lacking)) {
  const dialect = builtInDialects.find((known) => known.name === name)!;
  const open = async () => {
    const board = boardChip(image, pcm64(1), 7, description);
    const transport = connectInProcess({ receive: (bytes) => board.receive(bytes, 0) });
    return { driver: dialect.open(transport, { address: "x", description, session: 99 }), dispose() {} };
  };
  chipDriverContract(`the ${name} driver of the RP2040's machine code`, open, { declares, clockRuns: true });
}

describe("the image", () => {
  it("is at most 64 kB", () => {
    expect(image.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(65_536);
  });
});
