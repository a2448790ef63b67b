import { createInterface } from "node:readline";
import { createServer } from "node:net";
import { z } from "zod";
import { placeMissing } from "../../emulator/faults.ts";
import { systemClock } from "../../drivers/systemClock.ts";
import type { FaultyLine } from "../../emulator/faultyLine.ts";
import { faultSchema, scheduledFault } from "../../files/faults.ts";
import { microsecondsPerSecond } from "../../src/units.ts";

const question = z.union([
  z.strictObject({ inject: faultSchema }),
  z.strictObject({
    truth: z.strictObject({ tile: z.int().nonnegative(), at_microseconds: z.int().nonnegative() }),
  }),
  z.strictObject({ felt: z.strictObject({ tile: z.int().nonnegative() }) }),
  z.strictObject({
    bake: z.strictObject({ celsius: z.number().min(-60).max(300), seconds: z.number().positive() }),
  }),
  z.strictObject({ log: z.literal(true) }),
]);

/**
 * A side door to an emulated chip, on loopback: a line of JSON in, a line out. `{"inject": {"fault": "reset"}}` makes a
 * fault happen, `{"truth": {"tile": 0, "at_microseconds": 0}}` tells what the devices hold, `{"felt": {"tile": 0}}`
 * how many pulses each has felt, `{"bake": {"celsius": 85, "seconds": 230400}}` puts it into an oven, `{"log": true}` tells
 * what went wrong so far.
 *
 * @param onUnplug  called for a fault that pulls the cable.
 */
export async function openControl(
  chip: FaultyLine,
  port: number,
  onUnplug: (milliseconds: number) => void,
): Promise<{ port: number; close(): void }> {
  const answer = (line: string): unknown => {
    const parsed = question.safeParse(json(line));
    if (!parsed.success) return { error: "say inject, truth, felt, bake or log: docs/emulator.md" };
    const asked = parsed.data;
    if ("log" in asked) return { log: chip.log };
    if ("bake" in asked) {
      const { celsius, seconds } = asked.bake;
      const cool = chip.firmware.bake(celsius, Math.ceil(seconds * microsecondsPerSecond));
      return typeof cool === "number" ? { cool_at_microseconds: cool } : { error: cool.text };
    }
    if ("felt" in asked) {
      const { geometry } = chip.firmware.chip.preset;
      if (asked.felt.tile >= geometry.tiles) return { error: `there are ${geometry.tiles} tiles` };
      return { felt: Array.from(chip.firmware.chip.pulsesFeltByTile(asked.felt.tile)) };
    }
    if ("truth" in asked) {
      const { geometry } = chip.firmware.chip.preset;
      if (asked.truth.tile >= geometry.tiles) return { error: `there are ${geometry.tiles} tiles` };
      return {
        truth: Array.from(chip.firmware.chip.truthOfTile(asked.truth.tile, asked.truth.at_microseconds)),
      };
    }
    const fault = scheduledFault(asked.inject);
    const missing = placeMissing(chip.firmware.chip.preset.geometry, fault);
    if (missing !== undefined) return { error: missing };
    chip.inject(fault, systemClock.nowMicroseconds());
    if (fault.fault === "unplug") onUnplug(fault.forMilliseconds);
    return { injected: fault.fault };
  };
  const server = createServer((socket) => {
    // A test that leaves in the middle of a line is no fault of the chip's.
    socket.on("error", () => {});
    createInterface({ input: socket }).on("line", (line) =>
      socket.write(`${JSON.stringify(answer(line))}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  server.unref();
  return { port: (server.address() as { port: number }).port, close: () => void server.close() };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The door answers that it did not understand.
    return undefined;
  }
}
