import { gather } from "../calibration/gather.ts";
import { mostDevices } from "../calibration/measured.ts";
import { expectedOnceReached } from "../calibration/trimPlan.ts";
import {
  type BelievedTile,
  believedTiles,
  joinVisits,
  planVisit,
  type Visit,
  weightsOfVisit,
} from "../calibration/visit.ts";
import { readModel } from "../files/model.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { testedToSecondsOf } from "../src/model/tested.ts";
import { verdicts } from "../src/program/method.ts";
import { Random } from "../src/random.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import type { RunContext } from "../src/run/context.ts";
import { type ForecastResult, forecastResults } from "../src/results/forecasts.ts";
import type { ShareOfGroup } from "../src/run/groups.ts";
import { executeRun } from "../src/run/engine.ts";
import { type RunPlan, type TileTargets, usualPulsesPerDevice } from "../src/run/plan.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import { recallTiles } from "../src/run/recall.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { refuseFailedForecasts, trimForecast } from "./forecasts.ts";
import { refuseImported } from "./imported.ts";
import type { LabelOptions } from "./labelOptions.ts";
import { labelled } from "./labels.ts";
import { seenBy } from "./seenBy.ts";
import { refuseOtherDevices } from "./modelOfChip.ts";
import { sweepAverages } from "./program.ts";
import { chainOf } from "./runChain.ts";
import { runNamed } from "./runName.ts";
import { patience } from "./session.ts";
import { usualTimesSeconds } from "./usualTimes.ts";
import { refuseDoubt } from "./warnings.ts";
import type { Workplace } from "./workplace.ts";

export interface TrimOptions extends LabelOptions {
  /** What is believed of devices that are programmed anew: a name, a file or a definition. The run's where nothing is said. */
  readonly model?: string | ModelDefinition | undefined;
  /** Use a model that failed the checks of its fit, or whose forecasts failed. Such a model is refused where nothing is said. */
  readonly believe?: boolean | undefined;
  /** When errors count, from the visit on; 1 s to 360 days where nothing is said. */
  readonly timesSeconds?: readonly Seconds[] | undefined;
  /** Errors are those of the mean of so many reads (1: what one product sees). */
  readonly reads?: number | undefined;
  /** Pulses that a device may be given in this visit, at most (200). */
  readonly pulsesPerDevice?: number | undefined;
  /** Say what is expected, and pulse nothing. */
  readonly dryRun?: boolean | undefined;
  /** Where the chip is now, if it has moved. */
  readonly chip?: string | undefined;
}

/** What came of a trim. */
export interface Trimmed {
  readonly corrects: RunId;
  readonly visit: Visit;
  /** When errors count, from the visit on. */
  readonly timesSeconds: readonly Seconds[];
  /** Age up to which forecasts of the model's fit held, 0 where none did; undefined where that is not known. */
  readonly testedToSeconds: Seconds | undefined;
  /** How the forecasts of the run and of those that it corrects came out. */
  readonly earlier: readonly (ForecastResult & { readonly run: RunId })[];
  /** The visit's own run; undefined where nothing was pulsed. */
  readonly run: RunId | undefined;
  /** TNMSE to expect with what the visit reached; undefined likewise. */
  readonly expectedNow: number | undefined;
}

/**
 * Programs anew the devices of a run where that is worth its harm; the visit is a run of its own.
 *
 * @param share  which part the visit's run is of a network; asked when the run is about to begin, with how many devices it pulses.
 */
export async function trim(
  place: Workplace,
  given: string,
  options: TrimOptions,
  share?: (devices: number) => Promise<ShareOfGroup>,
): Promise<Trimmed> {
  const corrects = runNamed(given);
  const timesSeconds = options.timesSeconds ?? usualTimesSeconds;
  const labels = labelled(place, options);
  place.refuseServer();
  const store = await place.existingStore();
  store.mustBeWritable();
  const chain = await chainOf(store, corrects);
  const plan = await store.plan(chain[0]!);
  refuseImported(plan, corrects, "trimmed");
  await refuseUnwatched(store, chain, plan, "A trim");
  const believed = await modelGiven(options.model, plan);
  const model = believed;
  const reads = options.reads ?? 1;
  seenBy(reads, model);
  refuseDoubt(model, options.believe, place.emit);
  await refuseFailedForecasts(store, plan.chipName, believed, options.believe, place.emit);
  const earlier = await earlierForecasts(store, chain);
  const session = await place.sessionOf(chain[0]!, options.chip);
  refuseOtherDevices(model, session.description);
  return session.work(patience.programMilliseconds, async (context) => {
    const found = await plannedVisit(context, chain, plan, model, timesSeconds, reads, place.seed);
    const { visit } = found;
    const planned = { corrects, visit, timesSeconds, testedToSeconds: testedToSecondsOf(model), earlier };
    const { devices, expectedBefore, expectedAfter, later } = visit;
    place.emit({
      type: "trim_planned",
      corrects,
      devices_to_trim: devices,
      expected_before: expectedBefore,
      expected_after: expectedAfter,
      expected_with_deaths: visit.withDeaths ?? null,
      later: later.map(({ ageSeconds, expected }) => ({ age_seconds: ageSeconds, expected_after: expected })),
      tested_to_seconds: testedToSecondsOf(model) ?? null,
    });
    const { methods } = context;
    const { description } = context.driver;
    const correction = correctionOf(corrects, plan, visit, model, description);
    if (devices > 0)
      checkPlan(
        correction,
        description,
        methodFor(methods ?? builtInMethods, correction.method, description),
      );
    if (options.dryRun === true || devices === 0) {
      session.tellOfNoTickets();
      await context.driver.standby();
      return { ...planned, run: undefined, expectedNow: undefined };
    }
    const pulsesPerDevice = options.pulsesPerDevice ?? usualPulsesPerDevice;
    const forecasts = [trimForecast(visit, believed, timesSeconds)];
    const part = await share?.(devices);
    const run = await executeRun(context, {
      ...correction,
      ...labels,
      pulsesPerDevice,
      forecasts,
      share: part,
    });
    return { ...planned, run, expectedNow: await expectedOf(store, run, found) };
  });
}

export async function modelGiven(given: TrimOptions["model"], plan: RunPlan): Promise<ModelDefinition> {
  if (given === undefined) return plan.model;
  return typeof given === "string" ? readModel(given) : given;
}

/** The run of a visit: what programs anew the devices that it names. `plan` is that of the first run of the chain. */
export function correctionOf(
  corrects: RunId,
  plan: RunPlan,
  visit: Visit,
  model: ModelDefinition,
  { pulses: { technology } }: Pick<ChipDescription, "pulses">,
): RunPlan {
  return {
    ...plan,
    share: undefined,
    title: `trim of ${corrects}: ${plan.title.replace(/^trim of \S+: /, "")}`,
    method: technology.usualMethods.conductances,
    model,
    sweepTimesSeconds: [1],
    sweepAverages,
    corrects,
    tiles: visit.tiles.map(({ targets, plan: { targetsMicrosiemens } }) => ({
      ...targets,
      targetsMicrosiemens,
    })),
  };
}

export async function earlierForecasts(
  store: RunStore,
  chain: readonly RunId[],
): Promise<Trimmed["earlier"]> {
  const found = [];
  for (const run of chain)
    for (const result of await forecastResults(store, run)) found.push({ run, ...result });
  return found;
}

/**
 * @param what   that needs to know how devices drift: "A trim".
 * @param named  what is to be watched: the last run, or the network that it holds a share of.
 */
export async function refuseUnwatched(
  store: RunStore,
  chain: readonly RunId[],
  { tiles }: RunPlan,
  what: string,
  named = chain.at(-1)!,
): Promise<void> {
  const [first] = chain;
  if (tiles.some(({ cells }) => cells === undefined)) {
    throw new MhoError(
      "bad-argument",
      `Run ${first} was programmed from conductances, not from weights. ${what} works only on a run made from a strategy.`,
      { run: first! },
    );
  }
  const newest = chain.at(-1)!;
  let sweeps = 0;
  for await (const _ of store.sweeps(newest, 0, new Set([tiles[0]!.block.tile]))) sweeps++;
  if (sweeps >= fewestSweeps) return;
  throw new MhoError(
    "bad-argument",
    `Run ${newest} was read ${counted(sweeps, "time")}, and ${what.toLowerCase()} needs to see how its devices drift: ` +
      `mho watch ${named} --until 2h --per-decade 6 comes first.`,
    { run: newest },
  );
}

const fewestSweeps = 4;

/** What to correct of a chain of runs, the first one first, and what to expect of it. */
export interface PlannedVisit {
  readonly visit: Visit;
  /** What is believed of the devices of its tiles, in their order: of some tiles at a time, as that of all takes much memory. */
  readonly believed: () => AsyncIterable<readonly BelievedTile[]>;
}

/**
 * Plans a visit; its plan is the first run's.
 *
 * @param seed              for what later looks would show; undefined: none is weighed.
 * @param mostDevicesAPart  of tiles that are thought about together, and have their own fit; a tile is always one whole.
 */
export async function plannedVisit(
  { driver, store, methods }: Pick<RunContext, "driver" | "store" | "methods">,
  chain: readonly RunId[],
  { tiles }: RunPlan,
  model: ModelDefinition,
  timesSeconds: readonly number[],
  reads: number,
  seed: number | undefined,
  mostDevicesAPart = mostDevices,
): Promise<PlannedVisit> {
  const at = (await driver.chipTime()) + visitSeconds * microsecondsPerSecond;
  const parts = partsOf(tiles, mostDevicesAPart);
  // Read once, however many parts there are.
  const plans = new Map<RunId, Promise<RunPlan>>();
  const planOfRun = (run: RunId): Promise<RunPlan> => {
    const found = plans.get(run) ?? store.plan(run);
    plans.set(run, found);
    return found;
  };
  const believe = async (part: readonly TileTargets[]): Promise<readonly BelievedTile[]> =>
    believedTiles({
      gathered: await gather(store, chain, driver.description, {
        asOne: true,
        plan: planOfRun,
        ...(parts.length > 1 && { tiles: new Set(part.map(({ block }) => block.tile)) }),
        ...(methods && { methods }),
      }),
      tiles: part,
      chip: driver.description,
      stepsAddUp: driver.description.pulses.technology.stepsAddUp,
      model,
      at,
      timesSeconds,
      timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
      reads,
    });
  const random = seed === undefined ? undefined : new Random(seed).fork("visit");
  const visits: Visit[] = [];
  const onlyPart = parts.length === 1 ? await believe(parts[0]!) : undefined;
  for (const part of parts) visits.push(planVisit(onlyPart ?? (await believe(part)), random));
  return {
    visit: joinVisits(visits, agesAgree),
    believed: async function* () {
      for (const part of parts) yield onlyPart ?? (await believe(part));
    },
  };
}

/** The tiles of a chip are looked at one after the other. */
const agesAgree = 0.5;

function partsOf(tiles: readonly TileTargets[], most: number): readonly (readonly TileTargets[])[] {
  const parts: TileTargets[][] = [];
  let room = 0;
  for (const tile of tiles) {
    const devices = tile.targetsMicrosiemens.length;
    if (devices > room) {
      parts.push([]);
      room = most;
    }
    parts.at(-1)!.push(tile);
    room -= devices;
  }
  return parts;
}

/** About what a visit to one tile takes: most of it is waiting until devices have settled. */
const visitSeconds = 60;

/** What to expect with what the visit reached: of some tiles at a time, as what is remembered of all takes much memory. */
async function expectedOf(
  store: RunStore,
  trimmed: RunId,
  { visit, believed }: PlannedVisit,
): Promise<number> {
  const plan = await store.plan(trimmed);
  const weights = new Map(visit.tiles.map((tile) => [tile.targets.block.tile, tile.weights]));
  let sum = 0;
  for await (const part of believed()) {
    const tiles = new Set(part.map(({ targets }) => targets.block.tile));
    const recalled = await recallTiles(store, trimmed, plan, tiles);
    const memories = new Map(recalled.map((memory) => [memory.block.tile, memory]));
    for (const { task, targets } of part) {
      const { tile } = targets.block;
      const { lastReadMicrosiemens, verdicts: given, pulses } = memories.get(tile)!;
      const reached = lastReadMicrosiemens.map((g, i) =>
        given[i] === verdicts.leftAlone || pulses[i] === 0 ? Number.NaN : g,
      );
      sum += weights.get(tile)! * expectedOnceReached(task, reached);
    }
  }
  return sum / Math.max(1, weightsOfVisit(visit));
}
