import type { EmulatedChip } from "../../emulator/chip.ts";
import type { Firmware } from "../../emulator/firmware.ts";
import { amplitudePerCode, type ChipDescription, highestCode } from "../../src/chip/description.ts";
import type { ChipKey } from "../../src/chip/driver.ts";
import { type Block, type ChipGeometry, devicesOfTile, devicesPerRow } from "../../src/chip/geometry.ts";
import { isFinal, verdicts } from "../../src/program/method.ts";
import {
  emptyMemory,
  foldTurn,
  type JournalledOrder,
  type SweepRecord,
  type TileMemory,
  type TurnRecord,
} from "../../src/run/journal.ts";
import { PulseLedger } from "../../src/run/ledger.ts";
import { recall } from "../../src/run/recall.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { microsecondsPerSecond } from "../../src/units.ts";
import { claim } from "./claim.ts";

/** Pulses of a chip that one store cannot know of. */
export interface Elsewhere {
  /** Other workspaces that used it. */
  readonly stores: readonly RunStore[];
  /** One count a device of a tile: what stood in a store before an older copy took its place. */
  readonly lostOfTile: (tile: number) => Uint32Array | undefined;
}

/**
 * The devices felt what the ledger says, or less by what it calls uncertain.
 *
 * @param settled  false while the last orders of a run may still be on their way: then they felt no more than that.
 */
export async function checkFelt(
  store: RunStore,
  firmware: Firmware,
  { chipName: name, chipSerialNumber: serialNumber }: Pick<RunPlan, "chipName" | "chipSerialNumber">,
  settled: boolean,
  elsewhere?: Elsewhere,
): Promise<void> {
  const { geometry } = firmware.chip.preset;
  const chip = { name, serialNumber };
  // Other runs may fire while this is counted: what was felt by now has been booked by then.
  const feltByTile = Array.from({ length: geometry.tiles }, (_, tile) =>
    firmware.chip.pulsesFeltByTile(tile).slice(),
  );
  const ledger = await PulseLedger.ofChip(store, chip, geometry);
  const others = elsewhere?.stores ?? [];
  const ledgers = await Promise.all(others.map((other) => PulseLedger.ofChip(other, chip, geometry)));
  const underWay = await Promise.all(others.map((other) => underWayOf(other, chip, geometry)));
  for (let tile = 0; tile < geometry.tiles; tile++) {
    const felt = feltByTile[tile]!;
    const lost = elsewhere?.lostOfTile(tile);
    const booked = sumOf(
      felt.length,
      [ledger, ...ledgers].map((one) => one.pulsesOfTile(tile)),
    );
    const uncertain = sumOf(felt.length, [
      ...[ledger, ...ledgers].map((one) => one.uncertainOfTile(tile)),
      ...underWay.flatMap((one) => one.get(tile) ?? []),
    ]);
    for (let i = 0; i < felt.length; i++) {
      const least = settled ? booked[i]! - uncertain[i]! : 0;
      const unknown = lost?.[i] ?? 0;
      claim(
        felt[i]! <= booked[i]! + unknown && felt[i]! >= least,
        () =>
          `device ${i} of tile ${tile} felt ${felt[i]} pulses, and ${booked[i]} are booked` +
          (settled ? `, ${uncertain[i]} of them as uncertain` : " while some may be under way") +
          (unknown > 0 ? `, and ${unknown} were lost with files` : ""),
      );
    }
  }
}

function sumOf(devices: number, parts: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from({ length: devices }, (_, i) => parts.reduce((sum, part) => sum + part[i]!, 0));
}

/** Pulses of a chip that runs of a store have written down and of which they have not heard, a device, by tile. */
export async function underWayOf(
  store: RunStore,
  chip: ChipKey,
  geometry: ChipGeometry,
): Promise<Map<number, Uint32Array>> {
  const tiles = new Map<number, Uint32Array>();
  for (const run of await store.runsOfChip(chip)) {
    for (const { block, lastOrders, lastIterations, devicesPerRow: perRow } of await recall(store, run)) {
      const counts = tiles.get(block.tile) ?? new Uint32Array(devicesOfTile(geometry));
      tiles.set(block.tile, counts);
      for (const codes of lastOrders) {
        codes.forEach((code, i) => {
          if (code !== 0) counts[block.rowStart * perRow + i]! += lastIterations;
        });
      }
    }
  }
  return tiles;
}

/**
 * Devices that a run calls accepted are where they should be. Noise, offsets and a few minutes of drift leave them within a
 * quarter of the range; one in fifty may have been born odd.
 *
 * @param now  chip time.
 */
export async function checkAccepted(
  store: RunStore,
  run: RunId,
  chip: EmulatedChip,
  rangeMicrosiemens: number,
  now: number,
): Promise<void> {
  const { tiles } = await store.plan(run);
  const memories = await recall(store, run);
  tiles.forEach(({ block, targetsMicrosiemens }, k) => {
    const truth = chip.truthOfBlock(block, now);
    const accepted = Array.from(truth.keys()).filter((i) => memories[k]!.verdicts[i] === verdicts.accepted);
    const far = accepted.filter((i) => Math.abs(truth[i]! - targetsMicrosiemens[i]!) > rangeMicrosiemens / 4);
    claim(
      far.length <= 2 + accepted.length / 50,
      () =>
        `of ${accepted.length} devices of tile ${block.tile} that ${run} calls accepted, ${far.length} are elsewhere`,
    );
  });
}

/** The journal of a run folds turn after turn, and no order in it is beyond what the chip, the plan or a verdict allows. */
export async function checkJournal(store: RunStore, run: RunId, description: ChipDescription): Promise<void> {
  const plan = await store.plan(run);
  const memories = new Map<number, TileMemory>();
  const perRow = devicesPerRow(description.geometry);
  for (const { block } of plan.tiles) memories.set(block.tile, emptyMemory(block, perRow));
  for await (const turn of store.turns(run)) {
    const memory = memories.get(turn.tile)!;
    claim(
      turn.turn === memory.turns,
      () => `turn ${turn.turn} of tile ${turn.tile} of ${run} comes after turn ${memory.turns - 1}`,
    );
    checkOrders(run, turn, memory, perRow, description);
    foldTurn(memory, turn);
  }
  for (const memory of memories.values()) {
    memory.pulses.forEach((given, i) =>
      claim(
        given <= plan.pulsesPerDevice,
        () =>
          `device ${i} of tile ${memory.block.tile} got ${given} pulses of ${run}, whose budget is ${plan.pulsesPerDevice}`,
      ),
    );
  }
}

function checkOrders(
  run: RunId,
  turn: TurnRecord,
  memory: TileMemory,
  perRow: number,
  description: ChipDescription,
): void {
  const { limits, pulses } = description;
  const where = `turn ${turn.turn} of tile ${turn.tile} of ${run}`;
  for (const order of turn.orders) {
    const rows = new Float64Array(memory.block.rowCount);
    order.codes.forEach((code, k) => {
      if (code === 0) return;
      const device = turn.devices[k]!;
      claim(
        !isFinal(memory.verdicts[device]!),
        () => `${where} fires at device ${device}, which has its verdict`,
      );
      claim(
        code <= highestCode(description),
        () => `${where} fires with code ${code}, beyond ${highestCode(description)}`,
      );
      rows[Math.floor(device / perRow)]! += code * amplitudePerCode(pulses);
    });
    checkRow(where, order, Math.max(...rows), limits);
  }
}

function checkRow(
  where: string,
  { kind, widthNanoseconds, trailingNanoseconds }: JournalledOrder,
  mostMicroamperes: number,
  {
    minWidthNanoseconds,
    maxWidthNanoseconds,
    maxTrailingNanoseconds,
    maxRowMilliamperes,
  }: ChipDescription["limits"],
): void {
  claim(
    widthNanoseconds >= minWidthNanoseconds && widthNanoseconds <= maxWidthNanoseconds,
    () => `${where} fires for ${widthNanoseconds} ns`,
  );
  claim(trailingNanoseconds <= maxTrailingNanoseconds, () => `${where} falls for ${trailingNanoseconds} ns`);
  if (kind === "on-board" || maxRowMilliamperes === undefined) return;
  claim(
    mostMicroamperes <= 1000 * maxRowMilliamperes + 1e-6,
    () => `${where} draws ${mostMicroamperes} µA on one row, beyond ${maxRowMilliamperes} mA`,
  );
}

/**
 * What a sweep says of every row is what that row's devices hold, and was read when it should have been.
 *
 * @param now  chip time as devices age by it; `clockNow` as the chip's clock shows it.
 */
export function checkSweep(
  chip: EmulatedChip,
  block: Block,
  sweep: SweepRecord,
  dueAt: number,
  now: number,
  clockNow: number,
): void {
  const perRow = devicesPerRow(chip.preset.geometry);
  sweep.rowTimesMicroseconds.forEach((time, row) => {
    if (Number.isNaN(time)) return;
    claim(
      time >= dueAt - 1 && time <= clockNow,
      () =>
        `row ${row} of tile ${block.tile} is said to be read at ${time} µs, and it was due from ${dueAt} µs on and is ${clockNow} µs now`,
    );
  });
  const truth = chip.truthOfBlock(block, now);
  for (let row = 0; row < block.rowCount; row++) {
    const places = Array.from({ length: perRow }, (_, k) => row * perRow + k).filter(
      (i) => sweep.flags[i] === 0,
    );
    const what = `row ${block.rowStart + row} of tile ${block.tile} at ${sweep.timeSeconds} s`;
    checkLikeness(
      what,
      places.map((i) => sweep.conductanceMicrosiemens[i]!),
      places.map((i) => truth[i]!),
    );
  }
}

/** What a turn says that its devices read is what they hold before they are fired at again. */
export function checkTurn(chip: EmulatedChip, block: Block, turn: TurnRecord, now: number): void {
  const perRow = devicesPerRow(chip.preset.geometry);
  const truth = chip.truthOfBlock(block, now);
  for (let row = 0; row < block.rowCount; row++) {
    const places = Array.from(turn.devices.keys()).filter(
      (k) => Math.floor(turn.devices[k]! / perRow) === row && turn.conductanceMicrosiemens[k]! > 0,
    );
    const what = `row ${block.rowStart + row} of tile ${block.tile} in turn ${turn.turn}`;
    checkLikeness(
      what,
      places.map((k) => turn.conductanceMicrosiemens[k]!),
      places.map((k) => truth[turn.devices[k]!]!),
    );
  }
}

/**
 * Readings follow the truth as they do when each is its own device's: noise, offset, gain and drift leave them alike. Those of
 * another row do not: of 60 devices and more, they would by chance in one of 10,000 cases.
 */
function checkLikeness(what: string, readings: readonly number[], truth: readonly number[]): void {
  const n = readings.length;
  if (n < 60) return;
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / n;
  const [readMean, trueMean] = [mean(readings), mean(truth)];
  const spread = (values: readonly number[], middle: number): number =>
    Math.sqrt(mean(values.map((v) => (v - middle) * (v - middle))));
  const [readSpread, trueSpread] = [spread(readings, readMean), spread(truth, trueMean)];
  if (trueSpread < 1.5) return;
  const together = mean(readings.map((v, i) => (v - readMean) * (truth[i]! - trueMean)));
  const likeness = together / (readSpread * trueSpread);
  claim(
    likeness > 0.5,
    () => `${what} was read, and follows its devices by ${likeness.toFixed(2)} only (of ${n})`,
  );
}

/** Ages of a run's sweeps: when one was due, by chip time. */
export function dueOf({ corrects }: RunPlan, memory: TileMemory, ofAll: number, timeSeconds: number): number {
  const own = lastOf(memory);
  const pulsedAt = Number.isNaN(own) && corrects !== undefined ? ofAll : own;
  return pulsedAt + Math.round(timeSeconds * microsecondsPerSecond);
}

export function lastOf({ pulsedAtMicroseconds }: TileMemory): number {
  return pulsedAtMicroseconds.reduce((last, at) => (Number.isNaN(at) || at <= last ? last : at), Number.NaN);
}
