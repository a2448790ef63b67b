import { commonAges } from "../../src/results/commonAges.ts";
import { type ForecastResult, forecastResults } from "../../src/results/forecasts.ts";
import { standingOf } from "../../src/results/outcome.ts";
import { judgeRun, type RunResult } from "../../src/results/runResult.ts";
import { groupNamed, heldShares, outcomeOfShares, wholeReader } from "../../src/results/wholeReader.ts";
import type { GroupId, LeftChip, RunGroup } from "../../src/run/groups.ts";
import type { RunNote } from "../../src/run/journal.ts";
import { recall } from "../../src/run/recall.ts";
import type { RunId, RunStore, RunSummary } from "../../src/run/store.ts";
import type { Seconds } from "../../src/units.ts";

/** A network over several chips, and how it went as a whole. */
export interface NetworkDetails {
  readonly id: GroupId;
  readonly title: string;
  /** Wall time, ISO 8601. */
  readonly begunAt: string;
  readonly corrects: GroupId | undefined;
  readonly shares: readonly NetworkShare[];
  /** Addresses of chips that wait to take the place of one that fails. */
  readonly spares: readonly string[];
  /** Of the shares that runs hold; undefined where none does. */
  readonly result: RunResult | undefined;
  readonly forecasts: readonly ForecastResult[];
  /** Ages at which only some of its runs were read: nothing is said of the whole at these. */
  readonly partlyRead: readonly { readonly timeSeconds: Seconds; readonly missing: readonly RunId[] }[];
  readonly notes: readonly RunNote[];
}

/** What one chip holds of it. */
export interface NetworkShare {
  /** From 1. */
  readonly share: number;
  readonly firstTile: number;
  readonly tiles: number;
  /** Address of its chip. */
  readonly chip: string;
  /** Undefined where none has begun on the chip; so is what follows. */
  readonly run: RunId | undefined;
  readonly chipName: string | undefined;
  readonly serialNumber: string | undefined;
  readonly outcome: RunSummary["outcome"] | undefined;
  /** Chips that it was on before. */
  readonly before: readonly LeftChip[];
}

export async function networkDetails(store: RunStore, id: GroupId): Promise<NetworkDetails> {
  const group = await groupNamed(store, id);
  const { title, begunAt, corrects, spares } = group;
  const about = { id, title, begunAt, corrects, spares, shares: await sharesOf(store, group) };
  if (heldShares(group).length === 0)
    return { ...about, result: undefined, forecasts: [], partlyRead: [], notes: [] };
  const whole = wholeReader(store);
  const memories = await recall(whole, id);
  return {
    ...about,
    result: await judgeRun(whole, id, memories),
    forecasts: await forecastResults(whole, id, memories),
    partlyRead: (await commonAges(store, group)).partly,
    notes: await whole.notes(id),
  };
}

export async function sharesOf(store: RunStore, { shares }: RunGroup): Promise<NetworkShare[]> {
  const found: NetworkShare[] = [];
  for (const [k, { run, ...share }] of shares.entries()) {
    const summary = run === undefined ? undefined : await standingOf(store, await store.summary(run));
    found.push({
      ...share,
      share: k + 1,
      run,
      chipName: summary?.chipName,
      serialNumber: summary?.chipSerialNumber,
      outcome: summary?.outcome,
    });
  }
  return found;
}

/** A network in a list. */
export interface ListedNetwork {
  readonly id: GroupId;
  readonly title: string;
  readonly begunAt: string;
  readonly corrects: GroupId | undefined;
  readonly outcome: RunSummary["outcome"];
  /** Undefined for a share that no run holds, or whose run was deleted. */
  readonly runs: readonly (RunId | undefined)[];
  /** Whether all of its runs are archived or deleted. */
  readonly archived: boolean;
}

/** But for those whose runs were all deleted. */
export async function listNetworks(store: RunStore): Promise<ListedNetwork[]> {
  const summaries = new Map((await store.runs()).map((summary) => [summary.id, summary]));
  const isThere = ({ shares }: RunGroup): boolean =>
    shares.every(({ run }) => run === undefined) ||
    shares.some(({ run }) => run !== undefined && summaries.has(run));
  return Promise.all(
    (await store.groups()).filter(isThere).map(async ({ id, title, begunAt, corrects, shares }) => {
      const found = shares.map(({ run }) => (run === undefined ? undefined : summaries.get(run)));
      const known = found.filter((summary) => summary !== undefined);
      const standing = await Promise.all(known.map((summary) => standingOf(store, summary)));
      const outcome = outcomeOfShares(
        standing.map((one) => one.outcome),
        known.length < shares.length,
      );
      const labels = await Promise.all(known.map((summary) => store.labels(summary.id)));
      const archived = shares.some(({ run }) => run !== undefined) && labels.every((one) => one.archived);
      return { id, title, begunAt, corrects, outcome, runs: found.map((summary) => summary?.id), archived };
    }),
  );
}
