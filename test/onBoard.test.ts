import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { pcm64 } from "../emulator/presets.ts";
import { parseChipDescription } from "../files/chipDescription.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun } from "../src/run/engine.ts";
import { summarise } from "../src/results/summary.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { stillClock } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

type Limits = Record<string, unknown>;

/** Two rows of targets by the board's own loop, on pcm-64 whose description has other limits. */
async function program(change: (limits: Limits) => void) {
  const json = JSON.parse(readFileSync("chips/pcm-64.json", "utf8")) as { limits: Limits };
  change(json.limits);
  const description = parseChipDescription(new TextEncoder().encode(JSON.stringify(json)), "mine.json");
  const firmware = new PacketFirmware(pcm64(1), 7);
  const line = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
  const driver = new PacketDriver(line, { address: "in process", description, session: 1 });
  const store = await openWorkspace(emptyFolder());
  const context = {
    driver,
    store,
    clock: stillClock(),
    stop: { requested: false },
    wallTime: () => "2026-01-01T00:00:00Z",
    onEvent() {},
  };
  const outcome = await executeRun(context, {
    title: "",
    chipName: "pcm-64",
    chipSerialNumber: "EMU-7",
    chipAddress: "in process",
    method: "on-board",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: [
      {
        block: { tile: 0, rowStart: 0, rowCount: 2 },
        targetsMicrosiemens: new Float32Array(512).fill(8),
      },
    ],
  }).then(
    async (run) => (await summarise(store, run)).verdicts.pending,
    (error: unknown) => error,
  );
  const felt = firmware.chip.pulsesFeltByTile(0).reduce((sum, n) => sum + n, 0);
  await store.close();
  return { outcome, felt };
}

describe("the board's own verify loop", () => {
  it.each<[string, (limits: Limits) => void, RegExp]>([
    [
      "the description allows less than the board keeps to",
      (limits) => (limits["max_amplitude_microamperes"] = 250),
      /it may fire pulses of up to 490 µA, and 250 µA are allowed\. Use --method verify/,
    ],
    [
      "the description says nothing of the board, and allows less than the full range of codes",
      (limits) => delete limits["board_enforces"],
      /it may fire pulses of up to 501\.27 µA, and 490 µA are allowed/,
    ],
    [
      "a whole row of its pulses may draw more than is allowed",
      (limits) => (limits["max_row_milliamperes"] = 100),
      /it may fire rows that draw up to 125\.44 mA, and 100 mA are allowed/,
    ],
  ])("is refused where %s, and nothing is fired", async (_, change, message) => {
    const { outcome, felt } = await program(change);
    expect(outcome).toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(message) as string,
    });
    expect(felt).toBe(0);
  });

  it.each<[string, (limits: Limits) => void]>([
    ["the board itself keeps to the limits", () => undefined],
    [
      "the full range of codes is allowed",
      (limits) => {
        delete limits["board_enforces"];
        limits["max_amplitude_microamperes"] = 502;
      },
    ],
    [
      "the board itself keeps to what a row may draw",
      (limits) => {
        limits["max_row_milliamperes"] = 100;
        limits["board_enforces"] = { max_amplitude_microamperes: 490, max_row_milliamperes: 100 };
      },
    ],
  ])("works where %s", async (_, change) => {
    const { outcome, felt } = await program(change);
    expect(outcome).toBe(0);
    expect(felt).toBeGreaterThan(512);
  });
});
