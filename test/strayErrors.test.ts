import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import type { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import { parseAddress } from "../lab/address.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { describeChip } from "../lab/openChip.ts";
import { faultyPacket, packetFaults } from "./support/faultyBoards.ts";

const later = 60e6;

describe("a board whose errors come under tag 0", () => {
  it("is told apart from a silent one: the error's words, and the firmware to mend, not the cable", async () => {
    const dialect = dialectNamed(builtInDialects, "packet");
    const firmware = emulatedChip(dialect, findPreset("pcm-64")!, 7, undefined) as PacketFirmware;
    const board = faultyPacket(firmware, packetFaults["errors under tag 0"]);
    const description = await describeChip(parseAddress("emulator:pcm-64"));
    const driver = dialect.open(connectInProcess(board), {
      address: "tcp:lab:5000",
      description,
      session: 4711,
      deadlineMilliseconds: 20,
    });
    await driver.identify();
    // It falls into standby, and refuses.
    board.tick(later);
    const block = { tile: 0, rowStart: 0, rowCount: 1 };
    const failed = await driver.read(block, 1).catch((error: unknown) => error);
    await driver.close();
    expect(failed).toMatchObject({ code: "link-lost" });
    const { message } = failed as Error;
    expect(message).toMatch(/the board sent an error under tag 0 \(".*standby.*"\)/);
    expect(message).toMatch(/Mend the firmware: .*mho check-chip tcp:lab:5000 tries that\.$/);
    expect(message).not.toMatch(/cable/);
  });
});
