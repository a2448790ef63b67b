import { readingFlags, rowFates } from "../chip/driver.ts";
import { assert } from "../errors.ts";
import { verdicts } from "../program/method.ts";
import type { SweepRecord, TurnRecord } from "../run/journal.ts";
import type { TileTargets } from "../run/plan.ts";
import { microsecondsPerSecond } from "../units.ts";
import type { Aligned } from "./alignment.ts";
import type { Layout, TileLayout } from "./layout.ts";
import type { MeasuredDevice, Measurements } from "./measurements.ts";

/**
 * A tile of imported devices as a run holds one. Every device was written at chip time 0, so the time of a sweep's row is the age of its
 * devices, to the last digit. What a device conducted directly after its write is what its last turn read, as where mho verifies itself.
 */
export interface ImportedTile {
  readonly targets: TileTargets;
  /** The write of all devices, and how they read after it. */
  readonly turns: readonly TurnRecord[];
  /** Made one by one: all of them at once take more room than what was measured. */
  readonly sweeps: () => Iterable<SweepRecord>;
  /** Names of its devices, in their order. */
  readonly names: readonly string[];
}

/**
 * @param tile         which tile of the layout.
 * @param firstTicket  of the tile; one a row.
 */
export function importedTile(
  measurements: Measurements,
  { columns, tiles }: Layout,
  tile: number,
  firstTicket: number,
): ImportedTile {
  const laid = tiles[tile]!;
  const { devices: places, rowCount } = laid;
  const devices = Array.from(places, (place) => measurements.devices[place]!);
  const targetsMicrosiemens = new Float32Array(rowCount * columns).fill(Number.NaN);
  devices.forEach((device, i) => (targetsMicrosiemens[i] = targetOf(device)));
  return {
    targets: { block: { tile, rowStart: 0, rowCount }, targetsMicrosiemens },
    turns: turnsOf(devices, rowCount, columns, tile, firstTicket),
    sweeps: () => sweepsOf(measurements, laid, columns, tile),
    names: devices.map(({ name }) => name),
  };
}

/** The middle of the range that it was aimed at. */
function targetOf({ lowMicrosiemens: low, highMicrosiemens: high }: MeasuredDevice): number {
  return low + (high - low) / 2;
}

/** What becomes of a device is known where it was aimed at a range and read after its write. */
export function verdictOf({
  lowMicrosiemens: low,
  highMicrosiemens: high,
  writtenMicrosiemens: g,
}: MeasuredDevice): number {
  if (!(low < high) || Number.isNaN(g)) return verdicts.unverified;
  return g >= low && g <= high ? verdicts.accepted : verdicts.budgetSpent;
}

/** One pulse stands for the write: what was really fired is not known. Places behind the last device are left alone. */
function turnsOf(
  devices: readonly MeasuredDevice[],
  rowCount: number,
  columns: number,
  tile: number,
  firstTicket: number,
): readonly TurnRecord[] {
  const count = rowCount * columns;
  const ofAll = (value: number, behind: number): Uint8Array =>
    new Uint8Array(count).fill(behind).fill(value, 0, devices.length);
  const written = new Float32Array(count).fill(Number.NaN);
  const ended = ofAll(verdicts.unverified, verdicts.leftAlone);
  devices.forEach((device, i) => {
    written[i] = device.writtenMicrosiemens;
    ended[i] = verdictOf(device);
  });
  const common = { tile, devices: Uint32Array.from(written.keys()), inside: 0, decidedAt: "" };
  return [
    {
      ...common,
      turn: 0,
      conductanceMicrosiemens: new Float32Array(count).fill(Number.NaN),
      verdicts: ofAll(verdicts.pending, verdicts.leftAlone),
      orders: [
        {
          kind: "set",
          codes: Uint16Array.from(ofAll(1, 0)),
          widthNanoseconds: 0,
          trailingNanoseconds: 0,
          gateCode: 0,
        },
      ],
      firstTicket,
      newestTicket: firstTicket + rowCount - 1,
      fired: { rowTimesMicroseconds: new Float64Array(0), fates: new Uint8Array(0) },
    },
    {
      ...common,
      turn: 1,
      conductanceMicrosiemens: written,
      verdicts: ended,
      orders: [],
      firstTicket: 0,
      newestTicket: 0,
      fired: {
        rowTimesMicroseconds: new Float64Array(rowCount),
        fates: new Uint8Array(rowCount).fill(rowFates.fired),
      },
    },
  ];
}

/** A row without a read in a sweep has the sweep's age, and in no case an earlier time than in the sweep before. */
function* sweepsOf(
  { reads }: Measurements,
  { devices, rowCount, sweeps, bakeCelsius }: TileLayout,
  columns: number,
  tile: number,
): Iterable<SweepRecord> {
  const places = new Map(Array.from(devices, (device, i) => [device, i]));
  const latest = new Float64Array(rowCount);
  for (const sweep of sweeps) {
    const conductanceMicrosiemens = new Float32Array(rowCount * columns).fill(Number.NaN);
    const flags = new Uint8Array(rowCount * columns).fill(readingFlags.invalid);
    const rowTimesMicroseconds = new Float64Array(rowCount).fill(Number.NaN);
    for (const read of sweep.reads) {
      const place = places.get(reads.devices[read]!)!;
      const row = Math.floor(place / columns);
      const age = reads.agesMicroseconds[read]!;
      assert(
        Number.isNaN(rowTimesMicroseconds[row]!) || rowTimesMicroseconds[row] === age,
        "a row has one time",
      );
      rowTimesMicroseconds[row] = age;
      const g = reads.conductanceMicrosiemens[read]!;
      conductanceMicrosiemens[place] = g;
      if (!Number.isNaN(g)) flags[place] = readingFlags.ok;
    }
    for (let row = 0; row < rowCount; row++) {
      if (Number.isNaN(rowTimesMicroseconds[row]!))
        rowTimesMicroseconds[row] = Math.max(latest[row]!, sweep.ageMicroseconds);
      latest[row] = Math.max(latest[row]!, rowTimesMicroseconds[row]!);
    }
    const celsius = meanOf(sweep, reads.celsius);
    yield {
      tile,
      timeSeconds: secondsOf(sweep),
      averages: sweep.averages,
      takenAt: "",
      boot: 0,
      conductanceMicrosiemens,
      flags,
      rowTimesMicroseconds,
      ...(!Number.isNaN(celsius) && { environment: { celsius, supplyVolts: Number.NaN } }),
      ...(!Number.isNaN(bakeCelsius) && { bakeCelsius }),
    };
  }
}

/** As people write it: single devices have their exact ages beside it. */
export function secondsOf({ ageMicroseconds }: Aligned): number {
  return Number((ageMicroseconds / microsecondsPerSecond).toPrecision(4));
}

function meanOf({ reads }: Aligned, values: Float64Array): number {
  let [sum, count] = [0, 0];
  for (const read of reads) {
    if (Number.isNaN(values[read]!)) continue;
    sum += values[read]!;
    count++;
  }
  return sum / count;
}
