import type { Column } from "../files/tableColumn.ts";
import type { Part } from "../files/tableWriters.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { ageOf, type SweepTable } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { inBatches } from "./batches.ts";

/**
 * A straight line through the reads of every device, by least squares:
 *
 *     ln G = ln G_ref − ν · (ln(age + onset) − ln(reference + onset))
 *
 * It believes nothing but a power law of drift, and needs no other device: whatever comes later can add such lines up. `mho fit` takes the
 * noise of reads out of their spread. Devices have none that read mostly noise, and those that were read too seldom.
 */
export const fitColumns: readonly Column[] = [
  { name: "tile", type: "INT32", unit: "", meaning: "" },
  { name: "row", type: "INT32", unit: "", meaning: "of cells, in the tile" },
  { name: "device", type: "INT32", unit: "", meaning: "of the row: column × devices a cell + device" },
  { name: "reads", type: "INT32", unit: "", meaning: "that the line goes through" },
  { name: "first_age_seconds", type: "FLOAT", unit: "s", meaning: "of the first of them" },
  { name: "last_age_seconds", type: "FLOAT", unit: "s", meaning: "of the last of them" },
  { name: "drift_exponent", type: "FLOAT", unit: "", meaning: "ν" },
  { name: "conductance_microsiemens", type: "FLOAT", unit: "µS", meaning: "G_ref, at the reference age" },
  { name: "residual", type: "FLOAT", unit: "", meaning: "standard deviation of ln G about the line" },
];

/** A line through fewer reads, or over a shorter stretch, tells noise from drift no more. */
const fewestReads = 3;
const shortestStretch = Math.log(10);

type Law = Pick<DeviceModel, "onsetSeconds" | "referenceAgeSeconds" | "maxConductanceMicrosiemens">;

/** Beneath this share of the range a device reads mostly noise. */
const leastShare = 0.04;

/**
 * A part for each tile.
 *
 * @param read  gives all sweeps of the run, each time that it is called.
 */
export async function* fitParts(
  law: Law,
  memories: readonly TileMemory[],
  read: () => AsyncIterable<SweepTable>,
): AsyncIterable<Part> {
  for (const some of inBatches(memories, bytesPerDevice)) {
    const sums = new Map(some.map(({ block, verdicts }) => [block.tile, sumsFor(verdicts.length)]));
    for await (const table of read()) {
      const its = sums.get(table.sweep.tile);
      if (its !== undefined) add(its, table, law);
    }
    for (const memory of some) {
      const lines = linesOf(memory, sums.get(memory.block.tile)!, law);
      yield { count: lines.length, value: (row, column) => lines[row]![column as keyof Line] };
    }
  }
}

/** Of the sums. */
const bytesPerDevice = 58;

function add(sums: Sums, table: SweepTable, { onsetSeconds, referenceAgeSeconds }: Law): void {
  const { conductanceMicrosiemens, flags } = table.sweep;
  const zero = Math.log(referenceAgeSeconds + onsetSeconds);
  for (let i = 0; i < flags.length; i++) {
    const age = ageOf(table, i);
    const x = Math.log(age + onsetSeconds) - zero;
    const y = Math.log(conductanceMicrosiemens[i]!);
    if (flags[i] !== 0 || !Number.isFinite(x) || !Number.isFinite(y)) continue;
    sums.reads[i]!++;
    sums.x[i]! += x;
    sums.y[i]! += y;
    sums.xx[i]! += x * x;
    sums.xy[i]! += x * y;
    sums.yy[i]! += y * y;
    if (age < sums.first[i]!) sums.first[i] = age;
    if (age > sums.last[i]!) sums.last[i] = age;
  }
}

interface Line {
  readonly tile: number;
  readonly row: number;
  readonly device: number;
  readonly reads: number;
  readonly first_age_seconds: number;
  readonly last_age_seconds: number;
  readonly drift_exponent: number;
  readonly conductance_microsiemens: number;
  readonly residual: number;
}

function linesOf(
  { block, devicesPerRow }: TileMemory,
  sums: Sums,
  { onsetSeconds: onset, maxConductanceMicrosiemens: most }: Law,
): Line[] {
  const lines: Line[] = [];
  sums.reads.forEach((n, i) => {
    const [first, last] = [sums.first[i]!, sums.last[i]!];
    if (n < fewestReads || Math.log((last + onset) / (first + onset)) < shortestStretch) return;
    const [x, y, xy] = [sums.x[i]! / n, sums.y[i]! / n, sums.xy[i]!];
    const spread = sums.xx[i]! - n * x * x;
    const slope = (xy - n * x * y) / spread;
    const conductance = Math.exp(y - slope * x);
    if (conductance < leastShare * most) return;
    const rest = sums.yy[i]! - n * y * y - slope * slope * spread;
    lines.push({
      tile: block.tile,
      row: block.rowStart + Math.floor(i / devicesPerRow),
      device: i % devicesPerRow,
      reads: n,
      first_age_seconds: first,
      last_age_seconds: last,
      drift_exponent: -slope,
      conductance_microsiemens: conductance,
      residual: Math.sqrt(Math.max(0, rest) / (n - 2)),
    });
  });
  return lines;
}

interface Sums {
  readonly reads: Uint16Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xx: Float64Array;
  readonly xy: Float64Array;
  readonly yy: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
}

function sumsFor(devices: number): Sums {
  const zeros = (): Float64Array => new Float64Array(devices);
  return {
    reads: new Uint16Array(devices),
    x: zeros(),
    y: zeros(),
    xx: zeros(),
    xy: zeros(),
    yy: zeros(),
    first: zeros().fill(Infinity),
    last: zeros().fill(-Infinity),
  };
}
