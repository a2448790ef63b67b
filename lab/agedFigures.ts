import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import type { ProgrammingMethod } from "../src/program/method.ts";
import { forecastResults } from "../src/results/forecasts.ts";
import { figuresOf } from "../src/results/listedFigures.ts";
import { MeanExponent } from "../src/results/meanExponent.ts";
import { sweepTables } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import { recall } from "../src/run/recall.ts";
import type { AgedFigures, ListedFigures, RunId, RunStore } from "../src/run/store.ts";
import { forecastSentence, worstOf } from "./forecastTexts.ts";
import { auditSentence, lastAudit } from "./modelAudit.ts";

/** By what a run is told from others, and how it aged: as kept, or else made of its turns and sweeps, and kept. */
export async function agedFiguresOf(
  store: RunStore,
  run: RunId,
  methods: readonly ProgrammingMethod[],
): Promise<ListedFigures & { readonly aged: AgedFigures }> {
  const kept = await store.keptFigures(run);
  if (kept?.aged !== undefined) return { ...kept, aged: kept.aged };
  // Asked before: what is appended meanwhile makes the figures too old, never too new.
  const counts = await store.rowCounts(run);
  const listed = await figuresOf(store, run);
  const memories = await recall(store, run);
  const aged = {
    exponent: (await exponentOf(store, run, memories)) ?? null,
    unforeseen: [...(await failedForecasts(store, run, memories)), ...(await failedModel())],
  };
  const figures = { ...listed, aged };
  // What cannot be kept, as on a full disk, is made anew the next time.
  await store.keepFigures(run, counts, figures).catch(() => undefined);
  return figures;

  async function failedModel(): Promise<AgedFigures["unforeseen"]> {
    const audit = await lastAudit(store, run, methods, memories);
    if (audit === undefined || audit.holds) return [];
    const { model, ageSeconds } = audit;
    return [{ by: "model", model, ageSeconds, message: auditSentence(audit) }];
  }
}

async function exponentOf(
  store: RunStore,
  run: RunId,
  memories: readonly TileMemory[],
): Promise<number | undefined> {
  const plan = await store.plan(run);
  const mean = new MeanExponent(modelOf(plan.model));
  for await (const table of sweepTables(store, run, plan, memories)) mean.add(table);
  return mean.value();
}

/** Forecasts of which a later sweep was off by more than is allowed. */
async function failedForecasts(
  store: RunStore,
  run: RunId,
  memories: readonly TileMemory[],
): Promise<AgedFigures["unforeseen"]> {
  const results = await forecastResults(store, run, memories);
  return results.flatMap((result) => {
    const worst = worstOf(result.points);
    if (worst === undefined) return [];
    const { by, model } = result.forecast;
    return [{ by, model, ageSeconds: worst.ageSeconds, message: forecastSentence(result) }];
  });
}

/** Whether a run is damaged, so that nothing can be said of it: others can be judged all the same. */
export function isDamage(error: unknown): boolean {
  return error instanceof MhoError && error.facts["what"] !== undefined;
}
