import { type FileHandle, open } from "node:fs/promises";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { npzWriter } from "./npyWriter.ts";
import { harmless } from "../src/harmless.ts";
import { type SweepColumn, sweepColumns, type SweepTable, sweepValue } from "../src/results/sweepTable.ts";

/** What a table of sweeps says of itself. */
export type Header = Readonly<Record<string, string>>;

type Write = (path: string, header: Header, tables: AsyncIterable<SweepTable>) => Promise<number>;

/** One row a device and sweep, behind lines that begin with `#`. @returns rows written. */
export const writeSweepsCsv: Write = (path, header, tables) =>
  toFile(path, async (file) => {
    let rows = 0;
    for (const [name, value] of Object.entries(header))
      await file.appendFile(`# ${name}: ${harmless(value)}\n`);
    for (const [name, meaning] of sweepColumns)
      if (meaning !== "") await file.appendFile(`# ${name}: ${meaning}\n`);
    await file.appendFile(`${sweepColumns.map(([name]) => name).join(",")}\n`);
    for await (const table of tables) {
      const count = table.sweep.flags.length;
      let text = "";
      for (let i = 0; i < count; i++) {
        text += `${sweepColumns.map(([name]) => csvValue(table, i, name)).join(",")}\n`;
        if (text.length > chunkCharacters) {
          await file.appendFile(text);
          text = "";
        }
      }
      await file.appendFile(text);
      rows += count;
    }
    return rows;
  });

const chunkCharacters = 1 << 20;

function csvValue(table: SweepTable, device: number, column: SweepColumn): string {
  if (column === "taken_at") return table.sweep.takenAt;
  const value = sweepValue(table, device, column);
  return Number.isNaN(value) ? "" : String(value);
}

const parquetTypes: Readonly<Record<SweepColumn, "INT32" | "FLOAT" | "DOUBLE" | "STRING">> = {
  sweep: "INT32",
  tile: "INT32",
  row: "INT32",
  line: "INT32",
  asked_age_seconds: "DOUBLE",
  age_seconds: "DOUBLE",
  conductance_microsiemens: "FLOAT",
  code: "INT32",
  flag: "INT32",
  averages: "INT32",
  target_microsiemens: "FLOAT",
  verdict: "INT32",
  celsius: "DOUBLE",
  taken_at: "STRING",
};

/** The same table, a row group a sweep; what is empty is null. @returns rows written. */
export const writeSweepsParquet: Write = async (path, header, tables) => {
  const columns = sweepColumns.map(([name]) => name);
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    createdBy: "mho",
    kvMetadata: Object.entries(header).map(([key, value]) => ({ key, value })),
    schema: [
      { name: "sweeps", num_children: columns.length },
      ...columns.map((name) => {
        const type = parquetTypes[name];
        return type === "STRING"
          ? ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const)
          : ({ name, type, repetition_type: mayBeEmpty.has(name) ? "OPTIONAL" : "REQUIRED" } as const);
      }),
    ],
  });
  let rows = 0;
  for await (const table of tables) {
    const count = table.sweep.flags.length;
    await writer.write({
      columnData: columns.map((name) => ({ name, data: parquetColumn(table, name, count) })),
      rowGroupSize: count,
    });
    rows += count;
  }
  await writer.finish();
  return rows;
};

const mayBeEmpty: ReadonlySet<SweepColumn> = new Set([
  "age_seconds",
  "conductance_microsiemens",
  "code",
  "target_microsiemens",
  "celsius",
]);

function parquetColumn(table: SweepTable, name: SweepColumn, count: number): (number | string | null)[] {
  return Array.from({ length: count }, (_, i) => {
    if (name === "taken_at") return table.sweep.takenAt;
    const value = sweepValue(table, i, name);
    return Number.isNaN(value) ? null : value;
  });
}

/**
 * Arrays of a numpy archive: for every tile t and sweep s `t/s/codes` where converters gave them, `t/s/conductance_microsiemens`, `t/s/flags` (rows,
 * devices a row), `t/s/row_times_microseconds` (rows); and for every tile `t/targets_microsiemens`, `t/verdicts`,
 * `t/pulsed_at_microseconds`. @returns devices read, over all sweeps.
 */
export const writeSweepsNpz: Write = (path, header, tables) =>
  toFile(path, async (file) => {
    const archive = npzWriter(file);
    const text = JSON.stringify(header);
    await archive.add("about", [text.length], new Uint8Array(Buffer.from(text, "latin1")));
    const described = new Set<number>();
    let devices = 0;
    for await (const table of tables) {
      const { sweep, number, devicesPerRow } = table;
      const shape = [sweep.flags.length / devicesPerRow, devicesPerRow];
      const tile = `tile${sweep.tile}`;
      if (!described.has(sweep.tile)) {
        described.add(sweep.tile);
        await archive.add(`${tile}/targets_microsiemens`, shape, table.targetsMicrosiemens);
        await archive.add(`${tile}/verdicts`, shape, table.verdicts);
        await archive.add(`${tile}/pulsed_at_microseconds`, shape, table.pulsedAtMicroseconds);
      }
      const place = `${tile}/sweep${number}`;
      if (sweep.codes !== undefined) await archive.add(`${place}/codes`, shape, sweep.codes);
      await archive.add(`${place}/conductance_microsiemens`, shape, sweep.conductanceMicrosiemens);
      await archive.add(`${place}/flags`, shape, sweep.flags);
      await archive.add(`${place}/row_times_microseconds`, [shape[0]!], sweep.rowTimesMicroseconds);
      const celsius = sweep.environment?.celsius ?? Number.NaN;
      await archive.add(
        `${place}/asked_age_averages_celsius`,
        [3],
        Float64Array.of(sweep.timeSeconds, sweep.averages, celsius),
      );
      devices += sweep.flags.length;
    }
    await archive.end();
    return devices;
  });

/** A file that is written piece by piece, and closed whatever happens. */
async function toFile(path: string, write: (file: FileHandle) => Promise<number>): Promise<number> {
  const file = await open(path, "w");
  try {
    return await write(file);
  } finally {
    await file.close();
  }
}
