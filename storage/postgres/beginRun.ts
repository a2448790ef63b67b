import type { ChipDocument } from "../../src/chip/description.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { firstChange } from "../../src/run/labels.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import type { RunId } from "../../src/run/store.ts";
import { emptyChain } from "../chains.ts";
import { chainsOfRun, tileValuesOf } from "../rowValues.ts";
import { begunValuesOf, rowSumOf } from "../runRows.ts";
import { sumOf } from "../sums.ts";
import type { Queries } from "./connection.ts";
import type { ServerChains } from "./serverChains.ts";
import type { ServerTable } from "./serverRows.ts";
import { insertRun, keepDescription, ownBench } from "./serverWrites.ts";

export interface BegunRun {
  readonly plan: RunPlan;
  readonly identity: ChipIdentity;
  /** Wall time, ISO 8601. */
  readonly startedAt: string;
  readonly description: ChipDocument | undefined;
}

/** Begins a run of the server's own bench, with its tiles, forecasts and first labels. Belongs into a commit. @param changed  `run_changes` after it. */
export async function beginRunAt(
  queries: Queries,
  chains: ServerChains,
  { plan, identity, startedAt, description }: BegunRun,
  changed: number,
): Promise<RunId> {
  const { tiles, forecasts = [], labels = {}, ...settings } = plan;
  if (description !== undefined) await keepDescription(queries, description);
  const ofBench = { bench: ownBench, run: 0 };
  const chain = await chains.get(queries, ofBench, "runs");
  const number = chain.rows + 1;
  const key = { bench: ownBench, run: number };
  const begins = {
    id: number,
    chip_serial_number: identity.serialNumber,
    chip: JSON.stringify(identity),
    plan: JSON.stringify(settings),
    started_at: startedAt,
    description: description?.sha256 ?? null,
    outcome: "running",
  } as const;
  const row = { ...begins, begun: sumOf(begunValuesOf(begins), chain.last) };
  const id = await insertRun(queries, ownBench, { ...row, sum: rowSumOf(row) }, identity.name, changed);
  await chains.set(queries, ofBench, "runs", { ...chain, rows: number, last: row.begun });
  await chains.setAll(queries, key, new Map(chainsOfRun.map((of) => [of, emptyChain])));
  const append = (table: ServerTable, values: Parameters<typeof sumOf>[0][]): Promise<unknown> =>
    values.length === 0 ? Promise.resolve() : chains.append(queries, table, key, values);
  await append(
    "run_tiles",
    tiles.map((tile, place) => tileValuesOf(number, place, tile)),
  );
  await append(
    "forecasts",
    forecasts.map((forecast) => [number, JSON.stringify(forecast)]),
  );
  const label = firstChange(labels, startedAt);
  if (label !== undefined) await append("labels", [[number, JSON.stringify(label)]]);
  if (labels.note !== undefined) {
    const note = { what: "note", text: labels.note, by: labels.operator };
    await append("notes", [[number, startedAt, JSON.stringify(note)]]);
  }
  return `r${id}`;
}
