import { type SweepColumn, sweepColumns, type SweepTable, sweepValue } from "../src/results/sweepTable.ts";
import { npzWriter } from "./npyWriter.ts";
import { type Column, type Header, type Part, toFile, writeCsv, writeParquet } from "./tableWriters.ts";

type Write = (path: string, header: Header, tables: AsyncIterable<SweepTable>) => Promise<number>;

const types: Readonly<Record<SweepColumn, Column["type"]>> = {
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
  verdict: "STRING",
  weight_row: "INT32",
  weight_column: "INT32",
  sign: "INT32",
  significance: "DOUBLE",
  celsius: "DOUBLE",
  taken_at: "TIMESTAMP",
  device: "STRING",
};

const mayBeEmpty: ReadonlySet<SweepColumn> = new Set([
  "age_seconds",
  "conductance_microsiemens",
  "code",
  "target_microsiemens",
  "weight_row",
  "weight_column",
  "sign",
  "significance",
  "celsius",
  "taken_at",
  "device",
]);

/** One row a device and sweep. */
export const sweepTableColumns: readonly Column[] = sweepColumns.map(([name, unit, meaning]) => ({
  name,
  unit,
  meaning,
  type: types[name],
  optional: mayBeEmpty.has(name),
}));

export const writeSweepsCsv: Write = (path, header, tables) =>
  writeCsv(path, header, sweepTableColumns, partsOf(tables));

export const writeSweepsParquet: Write = (path, header, tables) =>
  writeParquet(path, header, sweepTableColumns, partsOf(tables));

async function* partsOf(tables: AsyncIterable<SweepTable>): AsyncIterable<Part> {
  for await (const table of tables) {
    yield {
      count: table.sweep.flags.length,
      value: (row, column) => sweepValue(table, row, column as SweepColumn),
    };
  }
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
