import type { ProgrammingMethod } from "../src/program/method.ts";
import { type Audit, auditLimit, ModelAudit } from "../src/results/audit.ts";
import { type SweepTable, sweepTables } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import type { WatchedSweep } from "../src/run/watch.ts";
import { formatDuration } from "../src/units.ts";
import type { ModelAuditedEvent, WarningEvent } from "./events.ts";

/** Compares each sweep of a watch with what the model of its run foresaw, and warns once a run where the model no longer holds. */
export async function auditOf(
  store: RunStore,
  runs: readonly RunId[],
  methods: readonly ProgrammingMethod[],
  emit: (event: ModelAuditedEvent | WarningEvent) => void,
): Promise<(watched: WatchedSweep) => void> {
  const audited = new Map<RunId, { readonly plan: RunPlan; readonly audit: ModelAudit }>();
  for (const run of runs) {
    const plan = await store.plan(run);
    if (isForeseen(plan, methods)) audited.set(run, { plan, audit: new ModelAudit(plan.model) });
  }
  const warned = new Set<RunId>();
  return ({ run, memory, sweep }) => {
    const { plan, audit } = audited.get(run) ?? {};
    const planned = plan?.tiles.find(({ block }) => block.tile === sweep.tile);
    if (planned === undefined || audit === undefined) return;
    const found = audit.add(tableOf(memory, planned.targetsMicrosiemens, sweep));
    if (found === undefined) return;
    emit({ type: "model_audited", run, ...auditFields(found) });
    if (found.holds || warned.has(run)) return;
    warned.add(run);
    emit({
      type: "warning",
      code: "model_no_longer_holds",
      message: `${run}: ${auditSentence(found)} Fit a model to what was read: mho fit ${run} --out mine.json.`,
      name: found.model,
      why: `it was found off at ${formatDuration(found.ageSeconds)}`,
    });
  };
}

/** How the model of a run did at the last age that the run was read at; undefined where it foresaw nothing of its devices. */
export async function lastAudit(
  store: RunStore,
  run: RunId,
  methods: readonly ProgrammingMethod[],
  memories: readonly TileMemory[],
): Promise<Audit | undefined> {
  const plan = await store.plan(run);
  if (!isForeseen(plan, methods)) return undefined;
  const audit = new ModelAudit(plan.model);
  for await (const table of sweepTables(store, run, plan, memories)) audit.add(table);
  return audit.last();
}

/** For a person. */
export function auditSentence(audit: Audit): string {
  const { model, ageSeconds, devices, inside95, meanOffStds, holds } = audit;
  const age = formatDuration(ageSeconds);
  const inside = `${(100 * inside95).toFixed(1)} % of ${devices.toLocaleString("en")} devices lie inside its 95 % band`;
  const off = `it is ${meanOffStds.toFixed(2)} σ off over the conductances`;
  const mean = `the mean is ${audit.readMicrosiemens.toFixed(2)} µS where ${audit.foreseenMicrosiemens.toFixed(2)} µS was foreseen`;
  if (holds) return `The model ${model} still holds at ${age}: ${inside}, ${mean}, and ${off}.`;
  const figures = [
    {
      text: inside,
      limit: `, and ${100 * auditLimit.inside95} % must`,
      isBad: inside95 < auditLimit.inside95,
    },
    {
      text: off,
      limit: `, and ${auditLimit.meanOffStds} σ is allowed`,
      isBad: meanOffStds > auditLimit.meanOffStds,
    },
  ];
  // What it is about comes first; a good figure before it would hide it.
  const bad = figures.filter(({ isBad }) => isBad).map(({ text, limit }) => text + limit);
  const rest = [mean, ...figures.filter(({ isBad }) => !isBad).map(({ text }) => text)].join(", and ");
  return `The model ${model} no longer holds at ${age}: ${bad.join("; ")}. ${rest[0]!.toUpperCase()}${rest.slice(1)}.`;
}

export function auditFields(audit: Audit): Omit<ModelAuditedEvent, "type" | "run"> {
  return {
    model: audit.model,
    age_seconds: audit.ageSeconds,
    devices: audit.devices,
    inside95: audit.inside95,
    mean_off_stds: audit.meanOffStds,
    foreseen_microsiemens: audit.foreseenMicrosiemens,
    read_microsiemens: audit.readMicrosiemens,
    holds: audit.holds,
  };
}

/** Of a method that is not known any more nothing is said; and the model of what another tester measured is only a stand-in. */
function isForeseen({ method, imported }: RunPlan, methods: readonly ProgrammingMethod[]): boolean {
  if (imported !== undefined) return false;
  const named = methods.filter(({ name }) => name === method);
  return named.length > 0 && named.every((one) => one.keepsTargets);
}

function tableOf(
  { block, devicesPerRow, verdicts, pulsedAtMicroseconds }: TileMemory,
  targetsMicrosiemens: Float32Array,
  sweep: SweepTable["sweep"],
): SweepTable {
  return {
    number: 0,
    sweep,
    rowStart: block.rowStart,
    devicesPerRow,
    targetsMicrosiemens,
    verdicts,
    pulsedAtMicroseconds,
  };
}
