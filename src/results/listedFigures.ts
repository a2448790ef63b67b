import type { ListedFigures, ListReader, RunId, RunStore } from "../run/store.ts";
import { judgeRun } from "./runResult.ts";

/**
 * As they were kept, or else made of the run's turns and sweeps, and kept: lists of many runs come at once.
 *
 * @param lists  what is at hand of all runs.
 */
export async function figuresOf(
  store: RunStore,
  run: RunId,
  lists: Pick<ListReader, "keptFigures"> = store,
): Promise<ListedFigures> {
  const kept = await lists.keptFigures(run);
  if (kept !== undefined) return kept;
  // Asked before: what is appended meanwhile makes the figures too old, never too new.
  const counts = await store.rowCounts(run);
  const { overview, yieldPercent, errors } = await judgeRun(store, run);
  const last = errors.at(-1);
  const figures = {
    devices: overview.devices,
    pulses: overview.pulses,
    yieldPercent: yieldPercent ?? null,
    errorPercent: last?.rmsPercent ?? null,
    errorAgeSeconds: last?.timeSeconds ?? null,
  };
  // What cannot be kept, as on a full disk, is made anew the next time.
  await store.keepFigures(run, counts, figures).catch(() => undefined);
  return figures;
}
