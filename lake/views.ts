import { join } from "node:path";
import { MhoError } from "../src/errors.ts";
import type { LakeNetwork, LakeRun } from "./checkLake.ts";
import type { LakeFile } from "./manifest.ts";

/** The views that a lake is asked by, and what each is for. */
export const viewNames = [
  "chips",
  "runs",
  "networks",
  "sweeps",
  "sweeps_wide",
  "readouts",
  "devices",
  "fits",
] as const;

/**
 * SQL that makes the views. Only runs with a manifest are in them, each file by its own name: what lies beside them is not read. `sweeps` is the
 * long form of the wide files: one branch for each sweep, which reads its own columns alone. Runs with equally many sweeps share theirs.
 */
export function viewsOf(
  lake: string,
  { runs, networks }: { readonly runs: readonly LakeRun[]; readonly networks: readonly LakeNetwork[] },
): string[] {
  if (runs.length === 0) {
    throw new MhoError(
      "bad-argument",
      `The lake ${lake} holds no run. mho archive r2 --lake ${lake} puts one there.`,
      { lake },
    );
  }
  const plain = (view: string, file: LakeFile): string =>
    `CREATE VIEW ${view} AS SELECT chip, run, * EXCLUDE (chip, run) FROM ${tableOf(lake, runs, file)}`;
  return [
    plain("runs", "run.parquet"),
    plain("readouts", "readouts.parquet"),
    plain("devices", "devices.parquet"),
    plain("fits", "fits.parquet"),
    plain("sweeps_wide", "sweeps.parquet"),
    `CREATE VIEW chips AS
       SELECT chip, chip_name, serial_number, arg_max(wafer, started_at) AS wafer, arg_max(die, started_at) AS die,
              arg_max(firmware, started_at) AS firmware, max(tiles) AS tiles, max(rows) AS rows, max(columns) AS columns,
              max(devices_per_cell) AS devices_per_cell, count(*) AS runs, min(started_at) AS first_run_at,
              max(started_at) AS last_run_at
       FROM runs GROUP BY chip, chip_name, serial_number`,
    `CREATE VIEW networks AS ${networksOf(lake, networks)}`,
    `CREATE VIEW sweeps AS ${longForm(lake, runs)}`,
  ];
}

/** A lake of before networks were kept has none. */
function networksOf(lake: string, networks: readonly LakeNetwork[]): string {
  if (networks.length === 0) return `${emptyNetworks} WHERE false`;
  const files = networks.map(({ folder }) => textOf(join(lake, folder, "network.parquet")));
  return `SELECT network, * EXCLUDE (network) FROM read_parquet([${files.join(", ")}], hive_partitioning = true, hive_types_autocast = false, union_by_name = true)`;
}

const emptyNetworks = `SELECT '' AS network, '' AS name, '' AS title, 'epoch'::TIMESTAMPTZ AS begun_at, '' AS corrects, 0::INTEGER AS shares,
  0::INTEGER AS share, '' AS chip, '' AS run, 0::INTEGER AS first_tile, 0::INTEGER AS tiles`;

function longForm(lake: string, runs: readonly LakeRun[]): string {
  const shapes = new Map<string, LakeRun[]>();
  for (const run of runs) {
    const { sweeps, codes, conductances } = run.manifest;
    const shape = JSON.stringify([sweeps, codes, conductances]);
    shapes.set(shape, [...(shapes.get(shape) ?? []), run]);
  }
  const branches = [...shapes.values()].flatMap((same) => {
    const table = tableOf(lake, same, "sweeps.parquet");
    const { sweeps, codes, conductances } = same[0]!.manifest;
    return Array.from({ length: sweeps }, (_, k) => branchOf(table, k, codes, conductances));
  });
  return branches.length === 0 ? `${emptySweeps} WHERE false` : branches.join("\nUNION ALL\n");
}

function branchOf(table: string, k: number, codes: boolean, conductances: boolean): string {
  const byCode = `(code_${k} - offset_codes_${k}) * microsiemens_per_code_${k}`;
  const own = `conductance_microsiemens_${k}`;
  const reckoned = codes && conductances ? `coalesce(${own}, ${byCode})` : codes ? byCode : own;
  return `SELECT chip, run, tile, "row", device, ${k}::USMALLINT AS sweep, read_at_microseconds_${k} AS read_at_microseconds,
    (read_at_microseconds_${k} - pulsed_at_microseconds) / 1e6 AS age_seconds,
    ${codes ? `code_${k}` : "NULL::USMALLINT"} AS code, flag_${k} AS flag,
    CASE WHEN flag_${k} <> 2 THEN (${reckoned})::FLOAT END AS conductance_microsiemens
  FROM ${table} WHERE read_at_microseconds_${k} IS NOT NULL`;
}

const emptySweeps = `SELECT '' AS chip, '' AS run, 0::USMALLINT AS tile, 0::USMALLINT AS "row", 0::USMALLINT AS device, 0::USMALLINT AS sweep,
  0::DOUBLE AS read_at_microseconds, 0::DOUBLE AS age_seconds, 0::USMALLINT AS code, 0::UTINYINT AS flag, 0::FLOAT AS conductance_microsiemens`;

/** Chip and run are in the paths: `hive_partitioning` makes columns of them. */
function tableOf(lake: string, runs: readonly LakeRun[], file: LakeFile): string {
  const files = runs.map(({ folder }) => textOf(join(lake, folder, file)));
  return `read_parquet([${files.join(", ")}], hive_partitioning = true, hive_types_autocast = false, union_by_name = true)`;
}

/** As SQL has a text. */
export function textOf(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
