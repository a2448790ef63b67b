import { convertCodes } from "../../src/chip/conversion.ts";
import { blankReport, type ChipIdentity, rowFates } from "../../src/chip/driver.ts";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import { verdicts } from "../../src/program/method.ts";
import { normalOf, Random } from "../../src/random.ts";
import type { ShareOfGroup } from "../../src/run/groups.ts";
import type { SweepRecord, TurnRecord } from "../../src/run/journal.ts";
import { type RunPlan, usualPulsesPerDevice } from "../../src/run/plan.ts";
import type { RunStore } from "../../src/run/store.ts";
import { wearOf } from "../../src/run/wear.ts";

/**
 * Writes a run of one row of pcm-64, made up, as if it had been programmed and read. One run after the other has the chip for an hour;
 * each sweep is at its own age, the last at a month.
 */
export async function writeAgedRun(
  store: RunStore,
  number: number,
  sweeps: number,
  { serialNumber = identity.serialNumber, drifts = 1, share }: AgedChip = {},
): Promise<void> {
  const begun = number * 3600e6;
  const targets = Float32Array.from({ length: devices }, (_, i) => 2 + (i % 24));
  const chip = { ...identity, serialNumber };
  const plan = { ...planOf(targets), chipSerialNumber: serialNumber, ...(share && { share }) };
  const id = await store.beginRun(plan, chip, dateOf(begun));
  for (let turn = 0; turn <= turnsOfRun; turn++)
    await store.appendTurn(id, turnOf(number, turn, begun, targets));
  const exponents = targets.map((g) => drifts * (0.05 + 0.002 * (25 - g) * (1 + 0.2 * normal())));
  for (let k = 0; k < sweeps; k++) {
    const age = Math.exp((Math.log(2_592_000) * (k + 1)) / sweeps);
    await store.appendSweep(id, sweepOf(age, begun + 1e6 * (turnsOfRun + age), targets, exponents));
  }
  await store.endRun(id, "done");
  // As a run does at its end.
  await wearOf(store, id);
}

/** Of another chip than the usual one. */
interface AgedChip {
  readonly serialNumber?: string;
  /** So many times as fast. */
  readonly drifts?: number;
  readonly share?: ShareOfGroup;
}

const devices = 256;
const converter = { microsiemensPerCode: 0.04, offsetCodes: 0, codes: 1024, readVolts: 0.2 };
const turnsOfRun = 8;
const identity: ChipIdentity = {
  name: "pcm-64",
  firmware: "made up",
  serialNumber: "EMU-7",
  boot: 1,
  geometry: { tiles: 1, rows: 64, columns: 64, devicesPerCell: 4 },
  capabilities: {
    virtualTime: true,
    multiply: false,
    onBoardVerify: false,
    environment: false,
    references: false,
  },
  newestTicket: 0,
};
const chance = new Random(7);
let draws = 0;
const normal = (): number => normalOf(chance.at(draws++, 0).word0);

function planOf(targetsMicrosiemens: Float32Array): RunPlan {
  return {
    title: "a row of devices",
    chipName: identity.name,
    chipSerialNumber: identity.serialNumber,
    chipAddress: "emulator:pcm-64?seed=7",
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [1],
    sweepAverages: 16,
    pulsesPerDevice: usualPulsesPerDevice,
    tiles: [
      {
        block: { tile: 0, rowStart: 0, rowCount: 1 },
        targetsMicrosiemens,
        cells: {
          devicesPerCell: 4,
          factors: [1, -1, 0.5, -0.5],
          wantedMicrosiemens: wantedOf(targetsMicrosiemens),
        },
      },
    ],
  };
}

function wantedOf(g: Float32Array): Float32Array {
  return Float32Array.from(
    { length: g.length / 4 },
    (_, c) => g[4 * c]! - g[4 * c + 1]! + 0.5 * (g[4 * c + 2]! - g[4 * c + 3]!),
  );
}

function turnOf(run: number, turn: number, begun: number, targets: Float32Array): TurnRecord {
  const last = turn === turnsOfRun;
  const ticket = run * 100 + turn;
  const fired = turn === 0 ? blankReport(0) : blankReport(1);
  if (turn > 0) {
    fired.rowTimesMicroseconds[0] = begun + 1e6 * turn;
    fired.fates[0] = rowFates.fired;
  }
  const order = {
    kind: "reset" as const,
    codes: Uint16Array.from(targets, (g) => 500 + Math.round(g)),
    widthNanoseconds: 100,
    trailingNanoseconds: 0,
    gateCode: 0,
  };
  return {
    tile: 0,
    turn,
    devices: Uint32Array.from(targets, (_, i) => i),
    conductanceMicrosiemens: targets.map((g) => g * (1 + 0.02 * normal())),
    verdicts: new Uint8Array(devices).fill(last ? verdicts.accepted : verdicts.pending),
    orders: last ? [] : [order],
    firstTicket: last ? 0 : ticket,
    newestTicket: last ? 0 : ticket,
    fired,
    inside: 0,
    decidedAt: dateOf(begun + 1e6 * turn),
  };
}

function sweepOf(age: number, at: number, targets: Float32Array, exponents: Float32Array): SweepRecord {
  const codes = Uint16Array.from(targets, (g, i) => {
    const drifted = g * Math.exp(-exponents[i]! * Math.log((age + 1) / 21)) * (1 + 0.01 * normal());
    return Math.max(0, Math.min(1023, Math.round(drifted / converter.microsiemensPerCode)));
  });
  const [conductanceMicrosiemens, flags] = [new Float32Array(devices), new Uint8Array(devices)];
  convertCodes({ codes, conductanceMicrosiemens, flags }, converter);
  return {
    tile: 0,
    timeSeconds: age,
    averages: 16,
    rowTimesMicroseconds: Float64Array.of(Math.round(at)),
    codes,
    conductanceMicrosiemens,
    flags,
    converter,
    takenAt: dateOf(at),
    boot: 1,
  };
}

/** Chip time as a date: a run an hour from 2026 on. */
function dateOf(microseconds: number): string {
  return new Date(1_767_225_600_000 + microseconds / 1000).toISOString();
}
