import {
  type Action,
  actions,
  type AdvisedTile,
  bestAction,
  expectedByAction,
} from "../calibration/advice.ts";
import { averaged } from "../calibration/trimErrors.ts";
import type { Visit } from "../calibration/visit.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import { fitRecordOf, type ModelDefinition } from "../src/model/definition.ts";
import { testedToSecondsOf } from "../src/model/tested.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import type { ForecastResult } from "../src/results/forecasts.ts";
import type { RunContext } from "../src/run/context.ts";
import { refuseStranger } from "../src/run/engine.ts";
import { calibrationSeconds, estimateRun } from "../src/run/estimate.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId } from "../src/run/store.ts";
import type { Seconds } from "../src/units.ts";
import { parseAddress } from "./address.ts";
import { lastCalibration, usualVectors } from "./calibrate.ts";
import { refuseFailedForecasts } from "./forecasts.ts";
import { refuseImported } from "./imported.ts";
import { refuseOtherDevices } from "./modelOfChip.ts";
import { sweepAverages } from "./program.ts";
import { chainOf } from "./runChain.ts";
import { runNamed } from "./runName.ts";
import { patience } from "./session.ts";
import {
  correctionOf,
  earlierForecasts,
  modelGiven,
  type PlannedVisit,
  plannedVisit,
  refuseUnwatched,
} from "./trim.ts";
import { usualTimesSeconds } from "./usualTimes.ts";
import { refuseDoubt } from "./warnings.ts";
import type { Workplace } from "./workplace.ts";

export interface AdviseOptions {
  /** What is believed of devices that are programmed anew: a name, a file or a definition. The run's where nothing is said. */
  readonly model?: string | ModelDefinition | undefined;
  /** Use a model that failed the checks of its fit, or whose forecasts failed. Such a model is refused where nothing is said. */
  readonly believe?: boolean | undefined;
  /** When errors count, from now on; 1 s to 360 days where nothing is said. */
  readonly timesSeconds?: readonly Seconds[] | undefined;
  /** Where the chip is now, if it has moved. */
  readonly chip?: string | undefined;
}

/** What can be done about a run, and what is best. */
export interface Advice {
  readonly run: RunId;
  /** Address of its chip, or of each chip of a network. */
  readonly chips: readonly string[];
  /** The cheapest first. */
  readonly choices: readonly Choice[];
  readonly best: Action;
  readonly timesSeconds: readonly Seconds[];
  /** Wall time of the calibration whose factors are in use, ISO 8601; undefined for none: α = 1. */
  readonly calibrated: string | undefined;
  readonly model: string;
  /** Whether that model was fitted to devices, and not published. */
  readonly fitted: boolean;
  /** How the forecasts of the run and of those that it corrects came out. */
  readonly earlier: readonly (ForecastResult & { readonly run: RunId })[];
  /** Age up to which forecasts of the model's fit held, 0 where none did; undefined where that is not known. */
  readonly testedToSeconds: Seconds | undefined;
}

export interface Choice {
  readonly action: Action;
  /** Expected of one read: 100 × mean square weight error over the square of the largest weight, averaged over the times. */
  readonly tnmse: number;
  readonly tnmseByTime: readonly number[];
  readonly pulses: number;
  readonly seconds: Seconds;
  /** Devices that are programmed anew. */
  readonly devices: number;
}

/** Compares what can be done about a run by what is expected of it. Nothing is pulsed. */
export async function advise(place: Workplace, given: string, options: AdviseOptions): Promise<Advice> {
  const run = runNamed(given);
  const timesSeconds = options.timesSeconds ?? usualTimesSeconds;
  place.refuseServer();
  const store = await place.existingStore();
  // The chip's clock is marked whenever the chip is asked.
  store.mustBeWritable();
  const chain = await chainOf(store, run);
  const plan = await store.plan(chain[0]!);
  refuseImported(plan, run, "advised on");
  await refuseUnwatched(store, chain, plan, "Advice");
  const model = await modelGiven(options.model, plan);
  refuseDoubt(model, options.believe, place.emit);
  await refuseFailedForecasts(store, plan.chipName, model, options.believe, place.emit);
  const last = await lastCalibration(store, chain);
  const earlier = await earlierForecasts(store, chain);
  const session = await place.sessionOf(run, options.chip);
  refuseOtherDevices(model, session.description);
  return session.work(patience.programMilliseconds, async (context, identity) => {
    refuseStranger(plan, identity, context.driver.address);
    const planned = await plannedVisit(context, chain, plan, model, timesSeconds, oneRead, undefined);
    const { visit } = planned;
    await context.driver.standby();
    const timeWeights = new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length);
    const calibration = last?.calibration;
    const { outputsScaledBy: scaledBy = "column" } = context.driver.description;
    const advised = advisedTiles(planned);
    const expected = await expectedByAction(advised, { calibration, scaledBy, timesSeconds, timeWeights });
    const { rowBytes } = parseAddress(options.chip ?? plan.chipAddress, place.registries.dialects).dialect;
    const costs = costsOf(context, identity, {
      run,
      plan,
      visit,
      model,
      times: timesSeconds.length,
      rowBytes,
    });
    const choices = actions.flatMap((action): Choice[] => {
      const byTime = expected[action];
      if (byTime === undefined) return [];
      return [{ action, tnmse: averaged(byTime, timeWeights), tnmseByTime: [...byTime], ...costs[action] }];
    });
    return {
      run,
      chips: [options.chip ?? plan.chipAddress],
      choices,
      best: bestAction(expected, timeWeights),
      timesSeconds,
      calibrated: last?.notedAt,
      model: model.name,
      fitted: fitRecordOf(model) !== undefined,
      earlier,
      testedToSeconds: testedToSecondsOf(model),
    };
  });
}

async function* advisedTiles(planned: PlannedVisit): AsyncIterable<AdvisedTile> {
  const plans = new Map(planned.visit.tiles.map(({ targets, plan }) => [targets, plan]));
  for await (const part of planned.believed())
    for (const tile of part) yield { ...tile, plan: plans.get(tile.targets)! };
}

/** What a product sees. */
const oneRead = 1;

type Cost = Pick<Choice, "pulses" | "seconds" | "devices">;

function costsOf(
  { driver: { description }, methods = builtInMethods }: RunContext,
  { capabilities }: ChipIdentity,
  given: {
    readonly run: RunId;
    readonly plan: RunPlan;
    readonly visit: Visit;
    readonly model: ModelDefinition;
    readonly times: number;
    readonly rowBytes: Parameters<typeof calibrationSeconds>[3];
  },
): Readonly<Record<Action, Cost>> {
  const { run, plan, visit, model, times, rowBytes } = given;
  const products = capabilities.multiply && description.multiply !== undefined;
  const by = products ? { products: usualVectors } : { averages: sweepAverages };
  const of = ({ tiles, method }: Pick<RunPlan, "tiles" | "method">): Cost => {
    const how = { model, sweepTimesSeconds: [1], sweepAverages, rowBytes };
    const found = estimateRun(
      description,
      tiles,
      methodFor(methods, method, description),
      usualPulsesPerDevice,
      how,
    );
    return { pulses: found.pulses, seconds: found.seconds, devices: found.devices };
  };
  const none = { pulses: 0, seconds: 0, devices: 0 };
  return {
    nothing: none,
    recalibrate: { ...none, seconds: times * calibrationSeconds(description, plan.tiles, by, rowBytes) },
    trim: visit.devices === 0 ? none : of(correctionOf(run, plan, visit, model, description)),
    "aim-anew": of(plan),
  };
}
