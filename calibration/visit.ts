import type { PowerLawDefinition } from "../src/model/definition.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { isBroken, verdicts } from "../src/program/method.ts";
import { normalOf, type Random } from "../src/random.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { beliefsOf, type DeviceBeliefs } from "./deviceBelief.ts";
import type { ReadOut } from "./driftData.ts";
import { refuseFewDevices } from "./enoughData.ts";
import { fittedModel } from "./fittedModel.ts";
import type { Gathered } from "./gather.ts";
import { type Refit, refit } from "./refit.ts";
import { averaged } from "./trimErrors.ts";
import { planTrim, type TrimPlan } from "./trimPlan.ts";
import type { TrimTask } from "./trimTask.ts";

/** One visit to a chip, and what waiting for another look would be worth. */
export interface Visit {
  readonly tiles: readonly {
    readonly targets: TileTargets;
    readonly task: TrimTask;
    readonly plan: TrimPlan;
  }[];
  readonly devices: number;
  /** 100 × mean square error over the square of the largest weight, averaged over the times that count. */
  readonly expectedBefore: number;
  readonly expectedAfter: number;
  /** With one more look at this age and the visit after it, instead of now. */
  readonly later: readonly { readonly ageSeconds: Seconds; readonly expected: number }[];
}

export interface VisitTask {
  /** Of runs that correct each other, taken as one. */
  readonly gathered: Gathered;
  /** The tiles of the first of them, with their cells, in the order of its plan. */
  readonly tiles: readonly TileTargets[];
  readonly readOut: ReadOut;
  /** What is believed of devices that are programmed anew, but for the programming error, which is fitted. */
  readonly model: PowerLawDefinition;
  /** Chip time at which the visit will be over. */
  readonly at: Microseconds;
  readonly timesSeconds: readonly Seconds[];
  readonly timeWeights: Float64Array;
  readonly random: Random;
}

/**
 * Plans which devices to program anew, tile by tile, from how each was seen to drift. Throws `bad-argument` where too few could be
 * read until the end.
 */
export function planVisit(given: VisitTask): Visit {
  const { gathered, tiles, readOut, model, at, timesSeconds, timeWeights, random } = given;
  const parts = gathered.parts.map(({ data, memory }) => ({
    ...data,
    // A device need not be where it was wanted: it need only obey.
    usable: Uint8Array.from(memory.verdicts, (verdict) =>
      isBroken(verdict) || verdict === verdicts.leftAlone ? 0 : 1,
    ),
  }));
  refuseFewDevices(parts, "a trim");
  const found = refit(parts, readOut, model);
  const { programmingStdMicrosiemens } = fittedModel(found, model, "as seen");
  const anew = modelOf({ ...model, programmingStdMicrosiemens });
  let offset = 0;
  const planned = gathered.parts.map(({ block, memory }, k) => {
    const data = parts[k]!;
    const targets = tiles.find((tile) => tile.block.tile === block.tile)!;
    const task: TrimTask = {
      cells: targets.cells!,
      beliefs: beliefsOf(found, k, data, offset),
      model: anew,
      agesSeconds: memory.pulsedAtMicroseconds.map((pulsedAt) =>
        Number.isNaN(pulsedAt) ? 0 : (at - pulsedAt) / microsecondsPerSecond,
      ) as Float64Array,
      timesSeconds,
      timeWeights,
      movable: data.usable,
      onsetSeconds: found.law.onsetSeconds,
    };
    offset += data.usable.length;
    return { targets, task, plan: planTrim(task) };
  });
  const cells = planned.map(
    ({ task }) => task.cells.wantedMicrosiemens.filter((w) => !Number.isNaN(w)).length,
  );
  const mean = (of: (k: number) => number): number =>
    cells.reduce((sum, count, k) => sum + count * of(k), 0) /
    Math.max(
      1,
      cells.reduce((a, b) => a + b, 0),
    );
  const youngest = planned.reduce(
    (least, { task }) => task.agesSeconds.reduce((a, age) => (age > 0 && age < a ? age : a), least),
    Infinity,
  );
  const later = Number.isFinite(youngest)
    ? lookAgain.map((factor) => ({
        ageSeconds: factor * youngest,
        expected: mean((k) => expectedLater(planned[k]!, found, youngest, factor, random)),
      }))
    : [];
  return {
    tiles: planned,
    devices: planned.reduce((sum, { plan }) => sum + plan.devices, 0),
    expectedBefore: mean((k) => planned[k]!.plan.expectedBefore),
    expectedAfter: mean((k) => planned[k]!.plan.expectedAfter),
    later: later.filter(({ ageSeconds }) => ageSeconds - youngest < timesSeconds.at(-1)!),
  };
}

/** Later looks that are weighed, as multiples of the youngest device's age. */
const lookAgain = [3, 10, 30];

/**
 * What to expect when the visit waits for one more look: until then errors are as they are; by then each device's exponent is
 * known better, as if it had been read on evenly over the logarithm of age, which makes a slope's precision grow with the cube
 * of the span. What that look will say is drawn once a device, which over a tile is its mean.
 */
function expectedLater(
  { task, plan }: { task: TrimTask; plan: TrimPlan },
  found: Refit,
  ageSeconds: Seconds,
  factor: number,
  random: Random,
): number {
  const { timesSeconds, timeWeights, agesSeconds } = task;
  const wait = (factor - 1) * ageSeconds;
  const span = Math.log(ageSeconds + 1);
  const longer = Math.max(1, Math.log(factor * ageSeconds + 1) / span);
  const growth = longer * longer * longer;
  const after = planTrim({
    ...task,
    beliefs: knownBetter(task.beliefs, found, growth, random),
    agesSeconds: agesSeconds.map((age) => age + wait),
    timesSeconds: timesSeconds.map((time) => Math.max(1, time - wait)),
    timeWeights: timeWeights.map((weight, t) => (timesSeconds[t]! > wait ? weight : 0)),
  });
  return averaged(
    plan.before.map((error, t) => (timesSeconds[t]! > wait ? after.after[t]! : error)),
    timeWeights,
  );
}

/** A draw of what will be believed when a device's own reads weigh `growth` times as much. */
function knownBetter(beliefs: DeviceBeliefs, found: Refit, growth: number, random: Random): DeviceBeliefs {
  const { exponentSpread } = found.population.laws;
  const count = beliefs.logA.length;
  const better = {
    ...beliefs,
    exponent: beliefs.exponent.slice(),
    varianceLogA: beliefs.varianceLogA.slice(),
    covariance: beliefs.covariance.slice(),
    varianceExponent: beliefs.varianceExponent.slice(),
  };
  for (let i = 0; i < count; i++) {
    const variance = beliefs.varianceExponent[i]!;
    if (beliefs.lawless[i] === 1 || !(variance > 0)) continue;
    const spread = exponentSpread.value(Math.exp(beliefs.logA[i]!));
    const prior = 1 / Math.max(1e-8, spread * spread);
    const own = Math.max(0, 1 / variance - prior);
    const left = 1 / (prior + growth * own) / variance;
    const draw = normalOf(random.at(i, 0).word0);
    better.exponent[i]! += Math.sqrt(Math.max(0, 1 - left) * variance) * draw;
    better.varianceExponent[i]! *= left;
    better.covariance[i]! *= left;
    better.varianceLogA[i]! *= left;
  }
  return better;
}
