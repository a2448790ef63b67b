import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectInProcess } from "../drivers/inProcess.ts";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import type { Preset } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import type { ChipTiming } from "../src/chip/description.ts";
import type { Clock } from "../src/clock.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { executeRun } from "../src/run/engine.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { type RunPlan, type TileTargets, usualPulsesPerDevice } from "../src/run/plan.ts";
import { recall } from "../src/run/recall.ts";
import type { RunStore } from "../src/run/store.ts";
import { openWorkspace } from "../storage/workspace.ts";

let sessions = 0;

/** A chip that was programmed by the engine, over the chip's own bytes. */
export interface ProgrammedChip {
  readonly firmware: PacketFirmware;
  readonly memories: readonly TileMemory[];
  /** Chip time after the last pulse. */
  readonly endedAt: number;
  /** What the chip's time, and the host's, took. */
  readonly chipSeconds: number;
  readonly hostSeconds: number;
}

export async function programChip(given: {
  preset: Preset;
  seed: number;
  method: string;
  model: DeviceModel;
  tiles: readonly TileTargets[];
  pulsesPerDevice?: number;
  /** Of a board that is slower than its usual description says. */
  timing?: ChipTiming;
  /** A chip that was programmed before. */
  chip?: PacketFirmware;
  /** Chip time passes before anything is done, s. */
  waitSeconds?: number;
  definition?: ModelDefinition;
  /** Ages at which every tile is read once after its last pulse; none where nothing is said. */
  sweepTimesSeconds?: readonly number[];
  /** Looks at the run before its workspace is removed. */
  onRun?: (store: RunStore, run: string) => Promise<void>;
}): Promise<ProgrammedChip> {
  const { preset, seed, method, model, tiles, pulsesPerDevice = usualPulsesPerDevice } = given;
  const described = await readChipDescription(`chips/${preset.name}.json`);
  // The board's own loop is measured as well, whatever the description knows of its limits.
  const limits = { ...described.limits, boardEnforces: described.limits };
  const { timing = described.timing } = given;
  const description = { ...described, geometry: preset.geometry, timing, limits };
  const firmware = given.chip ?? new PacketFirmware(preset, seed);
  const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
  const driver = new PacketDriver(transport, { address: "in process", description, session: ++sessions });
  const folder = mkdtempSync(join(tmpdir(), "mho-bench-"));
  const store = await openWorkspace(folder);
  const plan: RunPlan = {
    title: "bench",
    chipName: preset.name,
    chipSerialNumber: (await driver.identify()).serialNumber,
    chipAddress: "in process",
    method,
    model: given.definition ?? builtInDefinition(model.name)!,
    sweepTimesSeconds: given.sweepTimesSeconds ?? [],
    sweepAverages: 1,
    pulsesPerDevice,
    tiles,
  };
  const begun = process.hrtime.bigint();
  const context = {
    driver,
    store,
    clock: noClock,
    stop: { requested: false },
    wallTime: () => "2026-01-01T00:00:00Z",
    onEvent() {},
    // What earlier runs pulsed of the chip stands in workspaces that are gone.
    acceptUnknownWear: given.chip !== undefined,
  };
  if (given.waitSeconds !== undefined) {
    await driver.identify();
    await driver.advance(given.waitSeconds * 1e6);
  }
  const run = await executeRun(context, plan);
  const hostSeconds = Number(process.hrtime.bigint() - begun) / 1e9;
  await driver.identify();
  const endedAt = await driver.chipTime();
  const memories = await recall(store, run);
  await given.onRun?.(store, run);
  await store.close();
  rmSync(folder, { recursive: true });
  return { firmware, memories, endedAt, chipSeconds: endedAt / 1e6, hostSeconds };
}

const noClock: Clock = { nowMicroseconds: () => 0, sleep: () => Promise.resolve() };

/** Means of `reads` reads of every device of a tile, spread over a second, µS. */
export function readTile(firmware: PacketFirmware, tile: number, at: number, reads: number): Float32Array {
  const { chip } = firmware;
  const { geometry, readout } = chip.preset;
  const perRow = chip.devicesPerRow;
  const sums = new Float32Array(geometry.rows * perRow);
  const codes = new Uint16Array(perRow);
  for (let read = 0; read < reads; read++) {
    const now = Math.round(at + (read * 1e6) / reads);
    for (let row = 0; row < geometry.rows; row++) {
      chip.readRow(tile, row, 1, now + row, codes);
      for (let k = 0; k < perRow; k++) {
        sums[row * perRow + k]! += (codes[k]! * readout.microsiemensPerCode) / reads;
      }
    }
  }
  return sums;
}
