import type { Config } from "../files/config.ts";
import { MhoError } from "../src/errors.ts";
import type { WatchSettings } from "../src/run/journal.ts";
import { groupNamed } from "../src/results/wholeReader.ts";
import { isGroupName } from "../src/run/groups.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { watchRuns, watchTimes } from "../src/run/watch.ts";
import { auditOf } from "./modelAudit.ts";
import { ambiguousUnit, parseDuration, type Seconds } from "../src/units.ts";
import { refuseElsewhere, refuseOfOneRun } from "./group/refuseForNetwork.ts";
import { refuseImported } from "./imported.ts";
import type { LabelOptions } from "./labelOptions.ts";
import { labelled } from "./labels.ts";
import { runOrGroupNamed, runsNamed } from "./runName.ts";
import { patience } from "./session.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

/** A watch begins no run: its labels are put on the runs that it reads. */
export interface WatchOptions extends Omit<LabelOptions, "title"> {
  /** The last age to read at: seconds, or such as "30d". What was set before holds where nothing is said; else 30 days. */
  readonly until?: Seconds | string | undefined;
  /** Ages a decade, from 1 s on (3). */
  readonly perDecade?: number | undefined;
  /** Reads that the chip averages (16). */
  readonly averages?: number | undefined;
  /** Where the chip is now, if it has moved. */
  readonly chip?: string | undefined;
  /** Told of each chip whose watch ended early, while others may go on for weeks. */
  readonly onChipFailed?: ((address: string, error: unknown) => void) | undefined;
}

/** Reads runs again and again as they age. Chips are watched at the same time, the runs of one chip in turn. */
export async function watch(
  place: Workplace,
  given: readonly string[],
  options: WatchOptions,
): Promise<void> {
  place.refuseServer();
  const wanted = settingsWanted(options);
  // Tags of the config are for runs that begin.
  const { note, operator } = labelled(place, options).labels;
  const { tags = [] } = options;
  // A name that is none is told of before the workspace is looked for.
  given.forEach(runOrGroupNamed);
  const store = await place.existingStore();
  store.mustBeWritable();
  const runs = await runsNamed(store, given);
  for (const network of given.filter(isGroupName)) {
    refuseOfOneRun(network, await runsNamed(store, [network]), { chip: options.chip }, ["chip"]);
    refuseElsewhere(await groupNamed(store, network), "watch");
  }
  const chips = new Map<string, RunId[]>();
  for (const run of runs) {
    const before = await prepare(store, run, wanted, place.config.defaults.watch);
    const address = options.chip ?? before;
    chips.set(address, [...(chips.get(address) ?? []), run]);
  }
  const by = operator === undefined ? {} : { by: operator };
  for (const run of runs) {
    if (tags.length > 0) await store.appendLabel(run, { at: wallTime(), ...by, add: tags });
    if (note !== undefined)
      await store.appendNote(run, { notedAt: wallTime(), what: "note", text: note, ...by });
  }
  const ends = await Promise.allSettled(
    [...chips].map(([address, ofChip]) =>
      watchChip(place, address, ofChip).catch((error: unknown) => {
        if (chips.size > 1) options.onChipFailed?.(address, error);
        throw error;
      }),
    ),
  );
  // Each chip's log has its own; all but one end here.
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Throws `bad-argument` for options that no watch can have. */
export function checkWatch(place: Workplace, options: WatchOptions): void {
  settingsWanted(options);
  labelled(place, options);
}

async function watchChip(place: Workplace, address: string, runs: readonly RunId[]): Promise<void> {
  const session = await place.sessionOf(runs[0]!, address);
  const store = await place.existingStore();
  const audit = await auditOf(store, runs, place.registries.methods, place.emit);
  await session.work(patience.watchMilliseconds, (context) => watchRuns(context, runs, audit));
}

/** What the options say; undefined where they say nothing, and what was set before holds. */
function settingsWanted({ until, perDecade, averages }: WatchOptions): WatchSettings | undefined {
  if (until === undefined && perDecade === undefined && averages === undefined) return undefined;
  return settingsOf(until ?? usual.until, perDecade ?? usual.perDecade, averages ?? usual.averages);
}

const usual = { until: "30d", perDecade: 3, averages: 16 };

function settingsOf(until: Seconds | string, perDecade: number, averages: number): WatchSettings {
  const untilSeconds = typeof until === "number" ? until : parseDuration(until);
  const unit = typeof until === "string" ? ambiguousUnit(until) : undefined;
  if (unit !== undefined) {
    throw new MhoError(
      "bad-argument",
      `--until ${until}: this can be read in two ways, as the unit ${unit} is none of us, ms, s, min, h, d, y.`,
    );
  }
  if (untilSeconds === undefined || !(untilSeconds > 1)) {
    throw new MhoError("bad-argument", `--until ${until}: give a time beyond 1 s, such as 1d or 30d.`);
  }
  return { timesSeconds: watchTimes(untilSeconds, perDecade), averages };
}

/** Writes down when a run is to be read. @returns the address of its chip. */
async function prepare(
  store: RunStore,
  run: RunId,
  wanted: WatchSettings | undefined,
  { until, perDecade, averages }: Config["defaults"]["watch"],
): Promise<string> {
  const plan = await store.plan(run);
  refuseImported(plan, run, "watched");
  const { outcome } = await store.summary(run);
  if (outcome !== "done") {
    throw new MhoError(
      "bad-argument",
      `Run ${run} is not finished (${outcome}), and devices age from their last pulse. mho resume ${run} comes first.`,
      { run },
    );
  }
  const before = await store.watch(run);
  const settings =
    wanted ??
    before ??
    settingsOf(until ?? usual.until, perDecade ?? usual.perDecade, averages ?? usual.averages);
  await store.setWatch(run, settings);
  return plan.chipAddress;
}
