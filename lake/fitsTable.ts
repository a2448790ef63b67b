import type { Column, Part } from "../files/tableColumn.ts";
import { bytesPerLine, DriftLines, type LineLaw } from "../src/results/driftLines.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { inBatches } from "./batches.ts";

/** The line through the reads of every device (`DriftLine`): whatever comes later can add such lines up. */
export const fitColumns: readonly Column[] = [
  { name: "tile", type: "INT32", unit: "", meaning: "" },
  { name: "row", type: "INT32", unit: "", meaning: "of cells, in the tile" },
  { name: "device", type: "INT32", unit: "", meaning: "of the row: column × devices a cell + device" },
  { name: "reads", type: "INT32", unit: "", meaning: "that the line goes through" },
  { name: "first_age_seconds", type: "FLOAT", unit: "s", meaning: "of the first of them" },
  { name: "last_age_seconds", type: "FLOAT", unit: "s", meaning: "of the last of them" },
  { name: "drift_exponent", type: "FLOAT", unit: "", meaning: "ν" },
  {
    name: "drift_exponent_error",
    type: "FLOAT",
    unit: "",
    meaning: "standard error of ν, as far as reads scatter about the line",
  },
  { name: "conductance_microsiemens", type: "FLOAT", unit: "µS", meaning: "G_ref, at the reference age" },
  { name: "residual", type: "FLOAT", unit: "", meaning: "standard deviation of ln G about the line" },
];

/**
 * A part for each tile.
 *
 * @param read  gives all sweeps of the run, each time that it is called.
 */
export async function* fitParts(
  law: LineLaw,
  memories: readonly TileMemory[],
  read: () => AsyncIterable<SweepTable>,
): AsyncIterable<Part> {
  for (const some of inBatches(memories, bytesPerLine)) {
    const lines = new Map(
      some.map(({ block, verdicts }) => [block.tile, new DriftLines(law, verdicts.length)]),
    );
    for await (const table of read()) lines.get(table.sweep.tile)?.add(table);
    for (const memory of some) {
      const rows = rowsOf(memory, lines.get(memory.block.tile)!);
      yield { count: rows.length, value: (row, column) => rows[row]![column as keyof Row] };
    }
  }
}

interface Row {
  readonly tile: number;
  readonly row: number;
  readonly device: number;
  readonly reads: number;
  readonly first_age_seconds: number;
  readonly last_age_seconds: number;
  readonly drift_exponent: number;
  readonly drift_exponent_error: number;
  readonly conductance_microsiemens: number;
  readonly residual: number;
}

function rowsOf({ block, devicesPerRow }: TileMemory, lines: DriftLines): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < lines.devices; i++) {
    const line = lines.line(i);
    if (line === undefined) continue;
    rows.push({
      tile: block.tile,
      row: block.rowStart + Math.floor(i / devicesPerRow),
      device: i % devicesPerRow,
      reads: line.reads,
      first_age_seconds: line.firstAgeSeconds,
      last_age_seconds: line.lastAgeSeconds,
      drift_exponent: line.exponent,
      drift_exponent_error: line.exponentError,
      conductance_microsiemens: line.conductanceMicrosiemens,
      residual: line.residual,
    });
  }
  return rows;
}
