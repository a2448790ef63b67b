import { systemClock } from "../drivers/systemClock.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import type { WatchSettings } from "../src/run/journal.ts";
import type { RunId } from "../src/run/store.ts";
import { SteadyClock } from "../drivers/steadyClock.ts";
import { describeAnew } from "../src/run/programmedAnew.ts";
import type { RunEvent } from "../src/run/events.ts";
import { watchRuns, watchTimes } from "../src/run/watch.ts";
import { formatDuration, parseDuration } from "../src/units.ts";
import type { Workspace } from "../storage/workspace.ts";
import { parseAddress } from "../lab/address.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import { wholeNumber } from "./numbers.ts";
import { chipOptions } from "../lab/openChip.ts";
import { openLasting } from "../lab/openLasting.ts";
import { wallTime } from "../lab/wallTime.ts";
import type { WatchOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { runNamed } from "../lab/runName.ts";
import { listenForStop, type StopListener } from "./stop.ts";

/** Reads runs again and again as they age. Chips are watched at the same time, the runs of one chip in turn. */
export async function watch(runs: readonly RunId[], options: WatchOptions, output: Output): Promise<void> {
  runs.forEach(runNamed);
  const wanted = settingsWanted(options);
  await inWorkspace(options, async (store) => {
    const chips = new Map<string, RunId[]>();
    for (const run of new Set(runs)) {
      const address = await prepare(store, run, wanted, options);
      chips.set(address, [...(chips.get(address) ?? []), run]);
    }
    const stop = listenForStop(options.json);
    let sweeps = 0;
    const count = (event: RunEvent): void => {
      if (event.type === "sweep") sweeps++;
    };
    try {
      const ends = await Promise.allSettled(
        [...chips].map(([address, ofChip]) =>
          watchChip(store, address, ofChip, options, stop, output, count).catch((error: unknown) => {
            // Another chip may be at work for weeks: what happened to this one is told now.
            if (chips.size > 1)
              output.say(`${address}: ${error instanceof Error ? error.message : String(error)}`);
            throw error;
          }),
        ),
      );
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    } finally {
      stop.release();
    }
    output.say(`watch: nothing is left to read; ${counted(sweeps, "sweep")} taken`);
    output.event({ type: "result", runs: [...new Set(runs)], sweeps, workspace: store.file });
  });
}

/** What the flags say; undefined where they say nothing, and what was set before holds. */
function settingsWanted(options: WatchOptions): WatchSettings | undefined {
  const { until, perDecade, averages } = options;
  if (until === undefined && perDecade === undefined && averages === undefined) return undefined;
  return settingsOf(
    until ?? usual.until,
    wholeNumber("--per-decade", perDecade, usual.perDecade, 50),
    wholeNumber("--averages", averages, usual.averages, 256),
  );
}

const usual = { until: "30d", perDecade: 3, averages: 16 };

function settingsOf(until: string, perDecade: number, averages: number): WatchSettings {
  const untilSeconds = parseDuration(until);
  if (untilSeconds === undefined || !(untilSeconds > 1)) {
    throw new MhoError("bad-argument", `--until ${until}: give a time beyond 1 s, such as 1d or 30d.`);
  }
  return { timesSeconds: watchTimes(untilSeconds, perDecade), averages };
}

/** Writes down when a run is to be read. @returns the address of its chip. */
async function prepare(
  store: Workspace,
  run: RunId,
  wanted: WatchSettings | undefined,
  options: WatchOptions,
): Promise<string> {
  const plan = await store.plan(run);
  const { outcome } = (await store.runs()).find(({ id }) => id === run)!;
  if (outcome !== "done") {
    throw new MhoError(
      "bad-argument",
      `Run ${run} is not finished (${outcome}), and devices age from their last pulse. mho resume ${run} comes first.`,
      { run },
    );
  }
  const before = await store.watch(run);
  const settings = wanted ?? before ?? settingsOf(usual.until, usual.perDecade, usual.averages);
  await store.setWatch(run, settings);
  return options.chip ?? plan.chipAddress;
}

async function watchChip(
  store: Workspace,
  text: string,
  runs: readonly RunId[],
  options: WatchOptions,
  stop: StopListener,
  output: Output,
  count: (event: RunEvent) => void,
): Promise<void> {
  const address = parseAddress(text);
  const link = await openLasting(address, chipOptions(address, options), stop, output, patienceMilliseconds);
  const driver = new SteadyClock(link, store, wallTime);
  stop.onSecond(
    () => driver.standby(),
    () => `mho watch ${runs.join(" ")}`,
  );
  try {
    await watchRuns(
      {
        driver,
        markClock: () => driver.mark(),
        store,
        clock: systemClock,
        stop,
        wallTime,
        onEvent(event) {
          count(event);
          output.event(event);
          tellEvent(event, output);
        },
      },
      runs,
    );
  } finally {
    await driver.close();
  }
}

/** Nothing is under way between two sweeps: a watch of weeks outlives a cable that is out for a while. */
const patienceMilliseconds = 3_600_000;

function tellEvent(event: RunEvent, output: Output): void {
  if (event.type === "watching") {
    const { runs, sweeps } = event;
    output.say(`watch: ${runs.join(", ")}; ${counted(sweeps, "sweep")} to take`);
    return;
  }
  if (event.type === "left_out") {
    output.say(`watch: ${describeAnew(event)}`);
    return;
  }
  if (event.type === "paused" || event.type === "unpaused") {
    const what = event.type === "paused" ? "paused from the live page; the chip is in standby" : "going on";
    output.say(`watch: ${event.run}, ${what}`);
    return;
  }
  if (event.type !== "sweep") return;
  const { run, tile, time_seconds: timeSeconds, late_seconds: lateSeconds, celsius, left } = event;
  // A tile takes a moment to read; only what is late for its age is worth a word.
  const late = lateSeconds > 0.02 * timeSeconds ? `, ${formatDuration(lateSeconds)} late` : "";
  const warm = celsius === null ? "" : `, ${celsius.toFixed(1)} °C`;
  const text = `watch: ${run}, tile ${tile} at ${formatDuration(timeSeconds)}${late}${warm}; ${left} left`;
  output.progress(text, text);
}
