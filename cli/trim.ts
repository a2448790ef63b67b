import { gather } from "../calibration/gather.ts";
import { readOutOf } from "../calibration/measured.ts";
import { expectedOnceReached } from "../calibration/trimPlan.ts";
import { planVisit, type Visit } from "../calibration/visit.ts";
import { readModel } from "../files/model.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import type { PowerLawDefinition } from "../src/model/definition.ts";
import { verdicts } from "../src/program/method.ts";
import { verifyPcm } from "../src/program/verifyPcm.ts";
import { Random } from "../src/random.ts";
import { executeRun } from "../src/run/engine.ts";
import type { RunContext } from "../src/run/context.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { recall } from "../src/run/recall.ts";
import { formatDuration, microsecondsPerSecond } from "../src/units.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import { powerLawBefore } from "./fit.ts";
import { wholeNumber } from "./numbers.ts";
import type { TrimOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { runNamed } from "../lab/runName.ts";
import { warnOfDoubt } from "./showFit.ts";
import { percentOf, sweepAverages, timesOf, withChip } from "./program.ts";

/** Programs anew the devices of a run where that is worth its harm; the visit is a run of its own. */
export async function trim(run: RunId, options: TrimOptions, output: Output): Promise<void> {
  runNamed(run);
  const times = timesOf("--times", options.times ?? usualTimes);
  const pulsesPerDevice = wholeNumber("--budget", options.budget, usualPulsesPerDevice);
  const { address, chain, plan } = await inWorkspace(options, async (store) => {
    const runs = await chainOf(store, run);
    const first = await store.plan(runs[0]!);
    await refuseUnwatched(store, runs, first);
    return { address: options.chip ?? first.chipAddress, chain: runs, plan: first };
  });
  const given = options.model === undefined ? plan.model : await readModel(options.model);
  const model = powerLawBefore(given);
  warnOfDoubt(model, output);
  await withChip(address, options, output, percentOf(options.minYield), async (context) => {
    const visit = await plannedVisit(context, chain, plan, model, times, options.seed);
    tellVisit(visit, run, output);
    if (options.dryRun === true || visit.devices === 0) {
      await context.driver.standby();
      const done = visit.devices === 0 ? "nothing is worth a pulse" : "a dry run";
      output.say(`Nothing was pulsed: ${done}.`);
      output.event({ type: "result", run: null, ...forMachines(visit) });
      return undefined;
    }
    const trimmed = await executeRun(context, { ...correctionOf(run, plan, visit, model), pulsesPerDevice });
    const got = await expectedNow(context.store, trimmed, visit);
    output.say(
      `Expected was ${percent(visit.expectedAfter)}; with what was reached it will be ${percent(got)} (${percent(visit.expectedBefore)} before).`,
    );
    output.event({
      type: "trimmed",
      run: trimmed,
      corrects: run,
      ...forMachines(visit),
      expected_once_reached: got,
    });
    return trimmed;
  });
}

/** The run of a visit: what programs anew the devices that it names. `plan` is that of the first run of the chain. */
export function correctionOf(
  corrects: RunId,
  plan: RunPlan,
  visit: Visit,
  model: PowerLawDefinition,
): RunPlan {
  return {
    ...plan,
    title: `trim of ${corrects}: ${plan.title.replace(/^trim of \S+: /, "")}`,
    method: verifyPcm.name,
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

const usualTimes = "1,60,1h,1d,30d,360d";

/** The run, and those that it corrects, the first one first. */
async function chainOf(store: RunStore, run: RunId): Promise<RunId[]> {
  const { corrects } = await store.plan(run);
  return corrects === undefined ? [run] : [...(await chainOf(store, corrects)), run];
}

async function refuseUnwatched(store: RunStore, chain: readonly RunId[], { tiles }: RunPlan): Promise<void> {
  const [first] = chain;
  if (tiles.some(({ cells }) => cells === undefined)) {
    throw new MhoError(
      "bad-argument",
      `Run ${first} says nothing of weights, and a trim corrects weights. Program a strategy to have them.`,
      { run: first! },
    );
  }
  const newest = chain.at(-1)!;
  let sweeps = 0;
  for await (const { tile } of store.sweeps(newest)) if (tile === tiles[0]!.block.tile) sweeps++;
  if (sweeps >= fewestSweeps) return;
  throw new MhoError(
    "bad-argument",
    `Run ${newest} was read ${counted(sweeps, "time")}, and a trim needs to see how its devices drift: ` +
      `mho watch ${newest} --until 2h --per-decade 6 comes first.`,
    { run: newest },
  );
}

const fewestSweeps = 4;

/** What to correct of a chain of runs, the first one first, and what to expect of it; its plan is the first run's. */
export async function plannedVisit(
  { driver, store }: Pick<RunContext, "driver" | "store">,
  chain: readonly RunId[],
  { tiles }: RunPlan,
  model: PowerLawDefinition,
  timesSeconds: readonly number[],
  seed: number,
): Promise<Visit> {
  const gathered = await gather(store, chain, driver.description, { asOne: true });
  return planVisit({
    gathered,
    tiles,
    readOut: readOutOf(driver.description, model),
    model,
    at: (await driver.chipTime()) + visitSeconds * microsecondsPerSecond,
    timesSeconds,
    timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
    random: new Random(seed).fork("visit"),
  });
}

/** About what a visit to one tile takes: most of it is waiting until devices have settled. */
const visitSeconds = 60;

/** What to expect with what the visit reached. */
async function expectedNow(store: RunStore, trimmed: RunId, visit: Visit): Promise<number> {
  const memories = await recall(store, trimmed);
  let sum = 0;
  let cells = 0;
  visit.tiles.forEach(({ task, targets }) => {
    const memory = memories.find(({ block }) => block.tile === targets.block.tile)!;
    const reached = memory.lastReadMicrosiemens.map((g, i) =>
      memory.verdicts[i] === verdicts.leftAlone || memory.pulses[i] === 0 ? Number.NaN : g,
    );
    const count = task.cells.wantedMicrosiemens.filter((w) => !Number.isNaN(w)).length;
    sum += count * expectedOnceReached(task, reached);
    cells += count;
  });
  return sum / Math.max(1, cells);
}

function tellVisit(visit: Visit, run: RunId, output: Output): void {
  const { devices, expectedBefore, expectedAfter, later } = visit;
  output.say(
    `Weight error to expect, averaged over the times: ${percent(expectedBefore)} of the largest weight; with ` +
      `${counted(devices, "device")} programmed anew now, ${percent(expectedAfter)}.`,
  );
  for (const { ageSeconds, expected } of later) {
    output.say(
      `  with one more look at ${formatDuration(ageSeconds)} and the visit then: ${percent(expected)}`,
    );
  }
  const best = later.reduce((a, b) => (b.expected < a.expected ? b : a), {
    ageSeconds: 0,
    expected: expectedAfter,
  });
  if (best.ageSeconds > 0 && best.expected < 0.97 * expectedAfter) {
    output.say(
      `A later visit would win more, also after this one: mho watch ${run} --until ${Math.round(best.ageSeconds / 3600) || 1}h.`,
    );
  }
}

/** 100 × mean square over the square of the largest weight → root mean square in percent of the largest weight. */
function percent(tnmse: number): string {
  return `${(10 * Math.sqrt(tnmse)).toFixed(2)} %`;
}

function forMachines({
  devices,
  expectedBefore,
  expectedAfter,
  later,
}: Visit): Readonly<Record<string, unknown>> {
  return {
    devices_to_trim: devices,
    expected_before: expectedBefore,
    expected_after: expectedAfter,
    later: later.map(({ ageSeconds, expected }) => ({ age_seconds: ageSeconds, expected_after: expected })),
  };
}
