import { describe, expect, it, onTestFinished } from "vitest";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset, type Preset } from "../emulator/presets.ts";
import { ScpiFirmware } from "../emulator/scpiFirmware.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { openBench } from "../lab/bench.ts";
import type { StampedEvent } from "../lab/events.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

/** A board behind a port, by its address. */
async function board(preset: Preset, Firmware: typeof PacketFirmware | typeof ScpiFirmware): Promise<string> {
  const firmware = new Firmware(preset, 7);
  const line = await openTcpLine(0);
  line.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => line.write(reply)));
  onTestFinished(() => line.close());
  return `tcp:${line.name}${Firmware === ScpiFirmware ? "?dialect=scpi" : ""}`;
}

async function benchOf(chip: string) {
  const told: StampedEvent[] = [];
  const bench = await openBench({
    workspace: emptyFolder(),
    chip,
    onEvent: (event) => void told.push(event),
  });
  onTestFinished(() => bench.close());
  const warnings = (): string[] =>
    told.flatMap((event) => (event.type === "warning" && event.code !== "no_tickets" ? [event.message] : []));
  return { bench, warnings };
}

const targets = { title: "a row", valuesMicrosiemens: new Float32Array(1024).fill(5) };
const options = { method: "open-loop", sweepTimesSeconds: [] };

describe("a board whose address does not say which chip it is", () => {
  it.each([
    ["packet", PacketFirmware],
    ["scpi", ScpiFirmware],
  ] as const)(
    "is asked in %s, and taken for the chip that it says, with its tiles and its model",
    async (_, Firmware) => {
      const address = await board(findPreset("pcm-256", { tiles: 3 })!, Firmware);
      const { bench, warnings } = await benchOf(address);
      const run = await bench.program(targets, options);
      const { plan } = await bench.run(run);
      expect(plan).toMatchObject({ chipName: "pcm-256", model: { name: "pcm-hermes-2" } });
      expect(plan.chipAddress).toMatch(/[?&]chip=pcm-256&tiles=3$/);
      expect(warnings()).toEqual([
        expect.stringMatching(
          /calls itself pcm-256 and has 3 tiles\..*\(0 … 20\.7 µS, the model pcm-hermes-2/,
        ),
      ]);
      // It is asked once.
      await bench.read({ tile: 2, rowStart: 0, rowCount: 1 });
      expect(warnings()).toHaveLength(1);
    },
  );

  it("is refused where no chip has the name that it says", async () => {
    const address = await board({ ...findPreset("pcm-64", {})!, name: "lab-7" }, PacketFirmware);
    const { bench } = await benchOf(address);
    await expect(bench.program(targets, options)).rejects.toMatchObject({
      code: "wrong-chip",
      message: expect.stringMatching(/calls itself lab-7, and no chip .*pcm-64.*\?chip=FILE\.json/) as string,
    });
  });

  it("is refused where its address names another chip", async () => {
    const address = await board(findPreset("pcm-256", {})!, PacketFirmware);
    const { bench } = await benchOf(`${address}?chip=pcm-64`);
    await expect(bench.read({ tile: 0, rowStart: 0, rowCount: 1 })).rejects.toMatchObject({
      code: "wrong-chip",
    });
  });

  it("is not asked by a dry run, which says what it takes it for", async () => {
    const { bench, warnings } = await benchOf("serial:/dev/ttyNoSuchPort");
    await expect(bench.estimate(targets, options)).resolves.toMatchObject({ devices: 1024 });
    expect(warnings()).toEqual([expect.stringMatching(/taken for a pcm-64 of 1 tile \(model pcm-90nm\)/)]);
  });

  it("is named by a dry run as what it is taken for also where the targets do not fit that", async () => {
    const { bench, warnings } = await benchOf("serial:/dev/ttyNoSuchPort");
    const wide = {
      title: "wide",
      valuesMicrosiemens: Float32Array.from({ length: 1024 }, (_, i) => 30 + (i % 7)),
    };
    await expect(bench.estimate(wide, options)).rejects.toThrow(/Cannot program wide into pcm-64/);
    expect(warnings()).toEqual([expect.stringMatching(/taken for a pcm-64/)]);
  });
});
