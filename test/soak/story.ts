import { parseAddress } from "../../lab/address.ts";
import { fitModel } from "../../lab/fit.ts";
import { describeChip } from "../../lab/openChip.ts";
import { correctionOf, plannedVisit } from "../../lab/trim.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import type { PowerLawDefinition } from "../../src/model/definition.ts";
import { builtInMethods, methodFor } from "../../src/program/methods.ts";
import { executeRun, resumeRun } from "../../src/run/engine.ts";
import { type RunPlan, usualPulsesPerDevice } from "../../src/run/plan.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { tryStandby } from "../../src/run/standby.ts";
import { summarise } from "../../src/results/summary.ts";
import { watchRuns, watchTimes } from "../../src/run/watch.ts";
import { checkAccepted, checkJournal } from "./checks.ts";
import { claim } from "./claim.ts";
import type { Controller } from "./controller.ts";
import { Lab } from "./lab.ts";
import { believedIn, layOut, powerLawBelievedIn } from "./layers.ts";
import { type Result, resultOf } from "./results.ts";
import type { SmallDisk } from "./smallDisk.ts";
import { isSpoilt, type World } from "./world.ts";

/** What came of a world's story. */
export interface Told {
  readonly programmed: Result;
  /** Where its weights were corrected. */
  readonly trimmed: Result | undefined;
  readonly crossings: number;
  readonly processes: number;
  readonly faults: readonly string[];
  readonly deeds: readonly string[];
  /** Whether its results may be held against those of an undisturbed world. */
  readonly comparable: boolean;
}

/**
 * Programs a chip, watches it, refits its model, corrects it and watches on, through all that a world has in store; checks after
 * each thing that happens. Throws what is refuted.
 */
export async function tellStory(world: World, folder: string, disk?: SmallDisk): Promise<Told> {
  const address = `emulator:${world.preset.name}?tiles=${world.preset.geometry.tiles}&state=none`;
  const lab = new Lab(world, folder, disk, await describedIn(world, address), address);
  try {
    const run = await programFirst(lab, await planOf(lab));
    const law = powerLawBelievedIn(world);
    await watch(lab, run, (law === undefined ? world.days : Math.min(world.days, 1)) * day);
    const trimmed = law === undefined ? undefined : await correct(lab, run, law);
    for (const { id } of await lab.store.runs()) await checkJournal(lab.store, id, lab.description);
    await lab.checkStore();
    const { crossings, done: deeds } = lab.operator;
    const { processes, faults, isComparable: comparable } = lab;
    const programmed = await resultOf(lab.store, run);
    return { programmed, trimmed, crossings, processes, faults, deeds, comparable };
  } finally {
    await lab.close();
  }
}

/** A slow board says in its description how long it takes. */
async function describedIn({ readRowMicroseconds }: World, address: string): Promise<ChipDescription> {
  const description = await describeChip(parseAddress(address));
  if (readRowMicroseconds === undefined) return description;
  const timing = { readRowMicroseconds, pulseRowMicroseconds: readRowMicroseconds };
  return { ...description, timing };
}

const day = 86_400;

async function planOf(lab: Lab): Promise<RunPlan> {
  const { serialNumber } = await ask(lab, ({ driver }) => driver.identify());
  const { seed, preset, method } = lab.world;
  return {
    title: `world ${seed}`,
    chipName: preset.name,
    chipSerialNumber: serialNumber,
    chipAddress: lab.address,
    method,
    model: believedIn(lab.world),
    sweepTimesSeconds: [1, 60],
    sweepAverages: 4,
    pulsesPerDevice: usualPulsesPerDevice,
    tiles: layOut(lab.world),
    ...(lab.network && { share: lab.network.share(0) }),
  };
}

/** While another chip may be programmed beside it, and another workspace may use this one. */
async function programFirst(lab: Lab, plan: RunPlan): Promise<RunId> {
  lab.operator.visitsMayCome = true;
  const run = await program(lab, plan);
  lab.operator.visitsMayCome = false;
  await lab.finishCompanion();
  const { meanCelsius, swingCelsius } = lab.world.preset.array.temperature;
  // Devices conduct more when they are warm, and are read as they are.
  const isCool = Math.abs(meanCelsius - 25) + swingCelsius <= 5;
  if (!isSpoilt(lab.world) && lab.isComparable && isCool && keepsTargets(lab)) {
    const { firmware, time } = lab.chip;
    await checkAccepted(lab.store, run, firmware.chip, lab.world.preset.physics.maxConductance, time);
  }
  return run;
}

/** One that knows of weights fills their cells as it sees fit. */
function keepsTargets({ world, description }: Lab): boolean {
  const method = methodFor(builtInMethods, world.method, description);
  return method.keepsTargets && !method.needsCells;
}

/** Carries a plan out, as often as it is interrupted; then every pulse that was felt is booked. */
async function program(lab: Lab, plan: RunPlan): Promise<RunId> {
  await lab.beginPhase();
  const before = (await lab.store.runsOfChip(lab.chip.key)).length;
  const run = await lab.untilDone(async (controller, store) => {
    const begun = (await store.runsOfChip(lab.chip.key))[before];
    lab.operator.run = begun;
    if (begun !== undefined && (await store.summary(begun)).outcome === "done") return begun;
    if (begun === undefined && plan.share !== undefined) await lab.network?.begin(controller.store);
    await lab.attendCompanion();
    const context = controller.context(lab.chip.acceptsUnknownWear);
    return inSession(controller, () =>
      begun === undefined ? executeRun(context, plan) : resumeRun(context, begun),
    );
  });
  await lab.checkStore(true);
  const { pending } = (await summarise(lab.store, run)).verdicts;
  claim(pending === 0, () => `${run} is done, and ${pending} of its devices have no verdict`);
  return run;
}

async function watch(lab: Lab, run: RunId, untilSeconds: number): Promise<void> {
  await lab.beginPhase();
  lab.operator.run = run;
  await lab.untilDone(async (controller) => {
    const { driver, store } = controller;
    await store.setWatch(run, { timesSeconds: watchTimes(untilSeconds, 2), averages: 4 });
    const context = { ...controller.context(false), markClock: () => driver.mark() };
    await inSession(controller, () => watchRuns(context, [run]));
  });
  let newest = 0;
  for await (const { timeSeconds } of lab.store.sweeps(run)) newest = Math.max(newest, timeSeconds);
  claim(
    newest === untilSeconds,
    () => `the watch of ${run} ended with a read at ${newest} s, and not at ${untilSeconds} s`,
  );
}

/** By a model that is refitted to what was measured, programs anew what will go wrong, and watches on. */
async function correct(lab: Lab, run: RunId, before: PowerLawDefinition): Promise<Result | undefined> {
  const { seed, days } = lab.world;
  const model = await refit(lab.store, run, before, seed);
  const plan = await lab.store.plan(run);
  const times = [1, 3600, day, 30 * day];
  const planned = await orTooLittle(
    ask(lab, ({ driver, store }) => plannedVisit({ driver, store }, [run], plan, model, times, 1, seed)),
  );
  if (planned === undefined || planned.visit.devices === 0) return undefined;
  const corrected = await program(lab, correctionOf(run, plan, planned.visit, model, lab.description));
  await watch(lab, corrected, days * day);
  return resultOf(lab.store, corrected);
}

/** The model before where what was measured says too little. */
async function refit(
  store: RunStore,
  run: RunId,
  before: PowerLawDefinition,
  seed: number,
): Promise<PowerLawDefinition> {
  const fitted = await orTooLittle(fitModel(store, [run], before, "refitted", seed));
  return fitted?.model.family === "power-law" ? fitted.model : before;
}

/** Undefined when it was refused because too little can be read, as of rows that have died. */
async function orTooLittle<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof MhoError && error.code === "bad-argument") return undefined;
    throw error;
  }
}

/** What only asks the chip something. */
function ask<T>(lab: Lab, question: (controller: Controller) => Promise<T>): Promise<T> {
  return lab.untilDone(async (controller) => {
    await controller.driver.identify();
    try {
      return await question(controller);
    } finally {
      await controller.driver.standby();
    }
  });
}

/** Greets the chip and marks its clock first, and tries standby where anything fails, as a session does. */
async function inSession<T>({ driver }: Controller, work: () => Promise<T>): Promise<T> {
  try {
    await driver.identify();
    await driver.mark();
    return await work();
  } catch (error) {
    await tryStandby(driver);
    throw error;
  }
}
