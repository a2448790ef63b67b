import { MhoError } from "../../src/errors.ts";
import { type Alarm, type AlarmingChip, type AlarmingJob, alarmsOf } from "../../src/fleet/alarms.ts";
import { placeOnWafer } from "../../src/run/labels.ts";
import type { RunAtBench, RunId, Unforeseen } from "../../src/run/store.ts";
import type { KeptRuns } from "../../storage/keptRuns.ts";
import { ChipFigures, type FiguredRun } from "../../storage/postgres/chipFigures.ts";
import { openServer, type Server } from "../../storage/postgres/connection.ts";
import type { ServerJobRow } from "../../storage/postgres/fleetRows.ts";
import {
  type BenchAtServer,
  benchesAt,
  type ChipAtServer,
  chipsAt,
} from "../../storage/postgres/fleetView.ts";
import { rightsAt } from "../../storage/postgres/schema.ts";
import { runNames, serverJobs } from "../../storage/postgres/serverJobs.ts";
import type { QueuedJob } from "../queue/changeQueue.ts";
import { isRunName } from "../runName.ts";
import type { Workplace } from "../workplace.ts";
import { queuedJobs } from "./serverQueue.ts";

/** The benches of a server, their chips, the queue, and what has to be looked after. */
export interface Fleet {
  readonly benches: readonly BenchAtServer[];
  /** Chips that identified themselves at a bench, and those of runs that were handed on. */
  readonly chips: readonly FleetChip[];
  /** Jobs that are not over. */
  readonly jobs: readonly QueuedJob[];
  readonly alarms: readonly Alarm[];
}

export interface FleetChip extends Pick<ChipAtServer, "chip" | "bench" | "nicknames"> {
  readonly wafer: string | undefined;
  readonly die: string | undefined;
  readonly figures: ChipState;
}

/** What a chip's runs say of it, the newest that says it. Null where none does. */
export interface ChipState {
  /** Its newest run, and how the bench calls that which made it. */
  readonly run: RunId | undefined;
  readonly madeAt: RunAtBench | undefined;
  /** Of the newest run that is no trim. */
  readonly yieldPercent: number | null;
  readonly errorPercent: number | null;
  readonly errorAgeSeconds: number | null;
  /** Mean drift exponent ν. */
  readonly exponent: number | null;
  /** Pulses of all its runs, over its devices. */
  readonly pulsesPerDevice: number | null;
  /** What of its newest judged run was foretold and did not hold; none of a run that is archived. */
  readonly unforeseen: readonly Unforeseen[];
}

/** Looks at a server once. Throws `bad-argument` where the workspace is a folder. */
export async function fleet(place: Workplace): Promise<Fleet> {
  const view = await FleetView.open(place);
  try {
    return await view.look();
  } finally {
    await view.close();
  }
}

/** Looks at a server again and again; it keeps its connections, and what has not changed. */
export class FleetView {
  readonly #server: Server;
  readonly #store: KeptRuns;
  readonly #figures = new ChipFigures();

  private constructor(server: Server, store: KeptRuns) {
    this.#server = server;
    this.#store = store;
  }

  /** Throws `bad-argument` where the workspace is a folder. */
  static async open(place: Workplace): Promise<FleetView> {
    if (!place.isServer)
      throw new MhoError(
        "bad-argument",
        `The workspace ${place.folder} is a folder, of one bench. Name a server: --workspace postgres://USER@HOST/DATABASE.`,
      );
    const store = await place.store();
    const server = await openServer(place.folder);
    try {
      await rightsAt(server);
      return new FleetView(server, store);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async look(): Promise<Fleet> {
    const server = this.#server;
    // Jobs first: the chips of all of them are known by then.
    const rows = await serverJobs(server);
    const benches = await benchesAt(server);
    const known = await chipsAt(server);
    const jobs = await queuedJobs(server, rows, { benches, chips: known });
    const runs = byChip(await this.#figures.look(server));
    const lists = await this.#store.forLists({ notes: false });
    const chips: FleetChip[] = [];
    const judged: AlarmingChip[] = [];
    for (const { chip, bench, nicknames } of [...known, ...withoutBench(known, runs)]) {
      const name = `${chip.name}/${chip.serialNumber}`;
      const ofChip = runs.get(name) ?? [];
      const { wafer, die } = placeOnWafer(await lists.chipNotes(chip));
      chips.push({ chip, bench, nicknames, wafer, die, figures: stateOf(ofChip) });
      judged.push({ name, judged: judgedOf(ofChip) });
    }
    const alarming = alarmingJobs(jobs, rows, await runNames(server, rows));
    return { benches, chips, jobs, alarms: alarmsOf(benches, alarming, judged) };
  }

  /** Jobs that are not over. */
  async jobs(): Promise<readonly QueuedJob[]> {
    return queuedJobs(this.#server, await serverJobs(this.#server));
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

function byChip(runs: readonly FiguredRun[]): ReadonlyMap<string, readonly FiguredRun[]> {
  const found = new Map<string, FiguredRun[]>();
  for (const run of runs) {
    const own = found.get(run.chip);
    if (own === undefined) found.set(run.chip, [run]);
    else own.push(run);
  }
  return found;
}

/** Chips whose runs were handed on by a bench that takes no jobs. */
function withoutBench(
  known: readonly ChipAtServer[],
  runs: ReadonlyMap<string, readonly FiguredRun[]>,
): readonly Pick<ChipAtServer, "chip" | "bench" | "nicknames">[] {
  const names = new Set(known.map(({ chip }) => `${chip.name}/${chip.serialNumber}`));
  return [...runs.keys()]
    .filter((name) => !names.has(name))
    .sort()
    .map((name) => {
      const at = name.indexOf("/");
      const chip = { name: name.slice(0, at), serialNumber: name.slice(at + 1) };
      return { chip, bench: undefined, nicknames: [] };
    });
}

/** @param runs  of the chip, the oldest first. */
function stateOf(runs: readonly FiguredRun[]): ChipState {
  const newest = runs.at(-1);
  const of = (is: (run: FiguredRun) => boolean): FiguredRun["figures"] => runs.findLast(is)?.figures;
  const withError = of(({ figures }) => figures !== undefined && figures.errorPercent !== null);
  const withExponent = of(({ figures }) => (figures?.aged?.exponent ?? null) !== null);
  const withYield = of(
    ({ figures, isTrim }) => !isTrim && figures !== undefined && figures.yieldPercent !== null,
  );
  const judged = runs.flatMap(({ figures }) => (figures === undefined ? [] : [figures.pulses]));
  const devices = newest?.devicesOfChip ?? 0;
  return {
    run: newest?.id,
    madeAt: newest?.madeAt,
    yieldPercent: withYield?.yieldPercent ?? null,
    errorPercent: withError?.errorPercent ?? null,
    errorAgeSeconds: withError?.errorAgeSeconds ?? null,
    exponent: withExponent?.aged?.exponent ?? null,
    pulsesPerDevice:
      judged.length === 0 || devices === 0 ? null : judged.reduce((sum, pulses) => sum + pulses, 0) / devices,
    unforeseen: judgedOf(runs)?.unforeseen ?? [],
  };
}

function judgedOf(runs: readonly FiguredRun[]): AlarmingChip["judged"] {
  const run = runs.findLast(({ figures }) => figures?.aged !== undefined);
  if (run === undefined || run.isArchived) return undefined;
  return { run: run.id, madeAt: run.madeAt, unforeseen: run.figures!.aged!.unforeseen };
}

function alarmingJobs(
  jobs: readonly QueuedJob[],
  rows: readonly ServerJobRow[],
  names: ReadonlyMap<string, string>,
): readonly AlarmingJob[] {
  return jobs.map(({ id, state, chipName, why }, k) => {
    const { job, runs } = rows[k]!;
    // What a bench calls a network is not known here.
    const runsAt = runs.filter(isRunName).flatMap((there) => {
      const run = names.get(`${job.bench} ${there}`);
      return run === undefined ? [] : [{ run, there }];
    });
    return { id, state, chipName, why, failedAt: state === "failed" ? job.bench : undefined, runsAt };
  });
}
