import type { Alarm } from "../src/fleet/alarms.ts";
import type { BenchLine, ChipLine, FailureLine, FleetState } from "./fleetState.ts";
import { harmlessJson } from "./harmlessJson.ts";
import type { PageFleet } from "./pageFleet.ts";

/** The fleet as all pages see it: looked at once for all of them, and only while a page shows it. */
export class FleetDesk {
  readonly #look: () => Promise<PageFleet>;
  readonly #wallTime: () => string;
  #looking: Promise<void> | undefined;
  #dueAt = -Infinity;
  #text = "";
  #version = 0;

  constructor(look: () => Promise<PageFleet>, wallTime: () => string) {
    this.#look = look;
    this.#wallTime = wallTime;
  }

  /** A number that is another when there is something new to show. */
  async version(): Promise<number> {
    if (performance.now() >= this.#dueAt)
      this.#looking ??= this.#refresh().finally(() => (this.#looking = undefined));
    // A page that is new waits for the first look; others have something to show meanwhile.
    if (this.#looking !== undefined) await this.#looking;
    return this.#version;
  }

  /** The state, JSON. */
  async state(): Promise<string> {
    await this.version();
    return this.#text;
  }

  async #refresh(): Promise<void> {
    const begun = performance.now();
    try {
      const text = harmlessJson(fleetState(await this.#look(), Date.parse(this.#wallTime())));
      if (text === this.#text) return;
      this.#text = text;
      this.#version++;
    } finally {
      const taken = performance.now() - begun;
      this.#dueAt = performance.now() + Math.max(betweenLooksMilliseconds, mostShare * taken);
    }
  }
}

const betweenLooksMilliseconds = 5000;
/** Of a server that is slow, looks take a small share of the time. */
const mostShare = 20;
const mostAlarms = 100;
const mostJobsNamed = 8;

function fleetState({ benches, chips, jobs, alarms }: PageFleet, nowMs: number): FleetState {
  const counts = { waiting: 0, underWay: 0, failed: 0 };
  for (const { state } of jobs)
    counts[state === "failed" ? "failed" : state === "under way" ? "underWay" : "waiting"]++;
  return {
    benches: benches
      .map(({ silentSeconds, diskFreeBytes, chips: own, ...bench }): BenchLine => {
        // So that the same moment is the same text at every look.
        const heard = new Date(10_000 * Math.round((nowMs / 1000 - silentSeconds) / 10)).toISOString();
        const { name, state, doing, host, version } = bench;
        return {
          name,
          state,
          heardAt: state === "online" ? null : heard,
          doing,
          freeGigabytes: diskFreeBytes === undefined ? null : Number((diskFreeBytes / 1e9).toPrecision(2)),
          chips: own.map(({ nickname }) => nickname),
          host,
          version,
        };
      })
      .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state)),
    chips: chips.map(({ chip, wafer, die, bench, figures }): ChipLine => {
      const { run, madeAt, yieldPercent, errorPercent, errorAgeSeconds, exponent, pulsesPerDevice } = figures;
      return {
        chip: `${chip.name}/${chip.serialNumber}`,
        wafer: wafer ?? null,
        die: die ?? null,
        bench: bench ?? null,
        run: run ?? null,
        madeAt: madeAt ?? null,
        yieldPercent,
        errorPercent,
        errorAgeSeconds,
        exponent,
        pulsesPerDevice,
        isOutOfForecast: figures.unforeseen.length > 0,
      };
    }),
    jobs: counts,
    failures: failuresOf(jobs),
    // Those of benches are few and come first; each says how long ago, and that is said anew at every look.
    alarms: alarms.slice(0, mostAlarms).map(withoutAge),
    alarmsLeftOut: Math.max(0, alarms.length - mostAlarms),
  };
}

const order: readonly BenchLine["state"][] = ["silent", "online", "stopped"];

function failuresOf(jobs: PageFleet["jobs"]): readonly FailureLine[] {
  const found = new Map<string, { readonly code: string; readonly jobs: string[]; message: string }>();
  for (const { id, state, why } of jobs) {
    if (state !== "failed") continue;
    const code = why?.code ?? "no reason";
    const line = found.get(code) ?? { code, jobs: [], message: "" };
    found.set(code, line);
    line.jobs.push(id);
    line.message = why?.message ?? "";
  }
  return [...found.values()]
    .map((line) => ({ ...line, count: line.jobs.length, jobs: line.jobs.slice(0, mostJobsNamed) }))
    .sort((a, b) => b.count - a.count);
}

/** The page tells since when a bench is silent, by its own clock. */
function withoutAge(alarm: Alarm): Alarm {
  if (alarm.about !== "bench-silent") return alarm;
  return {
    ...alarm,
    message: `Bench ${alarm.bench} is silent. It may go on without the server; look at its machine and its network.`,
  };
}
