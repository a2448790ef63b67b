import { MhoError } from "../src/errors.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { dyingOf } from "../src/model/dying.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { isBroken, verdicts } from "../src/program/method.ts";
import type { Random } from "../src/random.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { beliefsOf } from "./deviceBelief.ts";
import type { DriftData } from "./driftData.ts";
import { findDied } from "./dying.ts";
import { refuseFewDevices } from "./enoughData.ts";
import { fittedModel } from "./fittedModel.ts";
import type { Gathered } from "./gather.ts";
import type { Foresight } from "./foresight.ts";
import { tableOfReads } from "./freeForm/fitFreeForm.ts";
import { tableOfModel } from "./freeForm/table.ts";
import { TableForesight } from "./freeForm/tableForesight.ts";
import { type ReadingChip, readOutOf } from "./readOut.ts";
import { PowerLawForesight } from "./powerLawForesight.ts";
import { refit } from "./refit.ts";
import { averaged } from "./trimErrors.ts";
import { planTrim, type TrimPlan } from "./trimPlan.ts";
import type { TrimTask } from "./trimTask.ts";

/** One visit to a chip, and what waiting for another look would be worth. */
export interface Visit {
  readonly tiles: readonly VisitedTile[];
  readonly devices: number;
  /** 100 × mean square error over the square of the largest weight, averaged over the times that count. */
  readonly expectedBefore: number;
  readonly expectedAfter: number;
  /** The same where devices die as the model says; undefined where it knows of no deaths. */
  readonly withDeaths?: { readonly before: number; readonly after: number } | undefined;
  /** With one more look at this age and the visit after it, instead of now; none where they were not weighed. */
  readonly later: readonly { readonly ageSeconds: Seconds; readonly expected: number }[];
}

/** What to do to a tile. */
export interface VisitedTile {
  readonly targets: TileTargets;
  readonly plan: TrimPlan;
  /** How many it holds. */
  readonly weights: number;
}

/** A tile, and what is believed of its devices. */
export interface BelievedTile {
  readonly targets: TileTargets;
  readonly task: TrimTask;
}

export interface VisitTask {
  /** Of runs that correct each other, taken as one. */
  readonly gathered: Gathered;
  /** The tiles of the first of them, with their cells, in the order of its plan. */
  readonly tiles: readonly TileTargets[];
  /** What the chip that read them is like. */
  readonly chip: ReadingChip;
  /** Whether a pulse leaves what earlier ones brought to age as before: `Technology.stepsAddUp`. */
  readonly stepsAddUp?: boolean | undefined;
  /** What is believed of devices that are programmed anew, but for the programming error, which is fitted. */
  readonly model: ModelDefinition;
  /** Chip time at which the visit will be over. */
  readonly at: Microseconds;
  readonly timesSeconds: readonly Seconds[];
  readonly timeWeights: Float64Array;
  /** Errors are those of the mean of so many reads. */
  readonly reads: number;
}

/**
 * What is believed of devices, tile by tile, by how each was seen to drift. Throws `bad-argument` where too few could be read until the end,
 * and where the chip's clock shows a time before their last pulses.
 */
export function believedTiles(given: VisitTask): BelievedTile[] {
  const { gathered, tiles, chip, stepsAddUp, model, at, timesSeconds, timeWeights, reads } = given;
  const obeying = gathered.parts.map(({ data, memory }) => ({
    ...data,
    // A device need not be where it was wanted: it need only obey.
    usable: Uint8Array.from(memory.verdicts, (verdict) =>
      isBroken(verdict) || verdict === verdicts.leftAlone ? 0 : 1,
    ),
  }));
  // One that died since is held to stay where it is, and the others of its cell do its work.
  const { died } = findDied(obeying, modelOf(model).maxConductanceMicrosiemens);
  const parts = obeying.map((data, k) => ({
    ...data,
    usable: data.usable.map((usable, i) => (died[k]![i] === 1 ? 0 : usable)),
  }));
  refuseFewDevices(parts, "a trim");
  for (const { block, memory } of gathered.parts) refuseEarlier(at, block.tile, memory.pulsedAtMicroseconds);
  const { foresights, anew } = believed(parts, chip, model);
  return gathered.parts.map(({ block, memory }, k) => {
    const data = parts[k]!;
    const targets = tiles.find((tile) => tile.block.tile === block.tile)!;
    const task: TrimTask = {
      cells: targets.cells!,
      foresight: foresights[k]!,
      model: anew,
      agesSeconds: memory.pulsedAtMicroseconds.map((pulsedAt) =>
        Number.isNaN(pulsedAt) ? 0 : (at - pulsedAt) / microsecondsPerSecond,
      ) as Float64Array,
      timesSeconds,
      timeWeights,
      reads,
      stepsAddUp,
      dying: dyingOf(model),
      movable: data.usable,
    };
    return { targets, task };
  });
}

function refuseEarlier(at: Microseconds, tile: number, pulsedAt: Float64Array): void {
  const newest = pulsedAt.reduce((latest, time) => (time > latest ? time : latest), -Infinity);
  if (newest <= at) return;
  throw new MhoError(
    "bad-argument",
    `By the chip's clock this visit would end at ${seconds(at)} s, and devices of tile ${tile} were pulsed at ${seconds(newest)} s: how old they are is ` +
      "not known. mho check says whether the workspace is sound; a chip that was programmed elsewhere since is programmed anew.",
    { tile },
  );
}

function seconds(time: Microseconds): string {
  return (time / microsecondsPerSecond).toFixed(0);
}

/**
 * Plans which devices to program anew.
 *
 * @param random  for what one more look would show; not given, later looks are not weighed, which takes most of the time.
 */
export function planVisit(believed: readonly BelievedTile[], random?: Random): Visit {
  const planned = believed.map((tile) => ({ ...tile, plan: planTrim(tile.task) }));
  const tiles = planned.map(({ targets, task, plan }) => ({ targets, plan, weights: weightsOf(task) }));
  const mean = meanOver(tiles.map(({ weights }) => weights));
  const youngest = planned.reduce(
    (least, { task }) => task.agesSeconds.reduce((a, age) => (age > 0 && age < a ? age : a), least),
    Infinity,
  );
  const later =
    random !== undefined && Number.isFinite(youngest)
      ? lookAgain.map((factor) => ({
          ageSeconds: factor * youngest,
          expected: mean((k) => expectedLater(planned[k]!, youngest, factor, random)),
        }))
      : [];
  const last = believed[0]?.task.timesSeconds.at(-1) ?? 0;
  return {
    tiles,
    devices: tiles.reduce((sum, { plan }) => sum + plan.devices, 0),
    expectedBefore: mean((k) => tiles[k]!.plan.expectedBefore),
    expectedAfter: mean((k) => tiles[k]!.plan.expectedAfter),
    withDeaths: meanWithDeaths(
      tiles.map(({ plan }) => plan.withDeaths),
      mean,
    ),
    later: later.filter(({ ageSeconds }) => ageSeconds - youngest < last),
  };
}

function weightsOf({ cells }: TrimTask): number {
  return cells.wantedMicrosiemens.reduce((count, wanted) => count + (Number.isNaN(wanted) ? 0 : 1), 0);
}

function meanWithDeaths(
  all: readonly Visit["withDeaths"][],
  mean: (of: (k: number) => number) => number,
): Visit["withDeaths"] {
  if (all.length === 0 || all.includes(undefined)) return undefined;
  return { before: mean((k) => all[k]!.before), after: mean((k) => all[k]!.after) };
}

/** Mean of what has these weights. */
function meanOver(weights: readonly number[]): (of: (k: number) => number) => number {
  const all = weights.reduce((a, b) => a + b, 0);
  return (of) => weights.reduce((sum, count, k) => sum + count * of(k), 0) / Math.max(1, all);
}

/**
 * Visits to parts of a network as one; errors are means over the weights.
 *
 * @param agesAgree  how far the ages of a later look may be apart, as a share, for the looks to be one; there is none where they differ more.
 */
export function joinVisits(visits: readonly Visit[], agesAgree = 0): Visit {
  const [first] = visits;
  if (first !== undefined && visits.length === 1) return first;
  const mean = meanOver(visits.map(weightsOfVisit));
  const looks = Math.min(...visits.map(({ later }) => later.length));
  const alike = (k: number): boolean => {
    const ages = visits.map(({ later }) => later[k]!.ageSeconds);
    return Math.max(...ages) <= (1 + agesAgree) * Math.min(...ages);
  };
  const isOne = visits.every(({ later }) => later.length === looks) || agesAgree > 0;
  const kept = isOne && first !== undefined ? first.later.slice(0, looks) : [];
  return {
    tiles: visits.flatMap(({ tiles }) => tiles),
    devices: visits.reduce((sum, { devices }) => sum + devices, 0),
    expectedBefore: mean((k) => visits[k]!.expectedBefore),
    expectedAfter: mean((k) => visits[k]!.expectedAfter),
    withDeaths: meanWithDeaths(
      visits.map(({ withDeaths }) => withDeaths),
      mean,
    ),
    later: kept.every((_, k) => alike(k))
      ? kept.map(({ ageSeconds }, k) => ({
          ageSeconds,
          expected: mean((v) => visits[v]!.later[k]!.expected),
        }))
      : [],
  };
}

export function weightsOfVisit({ tiles }: Visit): number {
  return tiles.reduce((sum, { weights }) => sum + weights, 0);
}

/** Later looks that are weighed, as multiples of the youngest device's age. */
const lookAgain = [3, 10, 30];

/** What is believed of the devices as they are, block by block, and of those that are programmed anew. */
function believed(
  parts: readonly DriftData[],
  chip: VisitTask["chip"],
  model: ModelDefinition,
): { foresights: readonly Foresight[]; anew: DeviceModel } {
  const law = asPowerLaw(model);
  if (law === undefined) {
    const table = model.family === "free-form" ? tableOfModel(model) : tableOfReads(parts);
    return { foresights: parts.map((data) => new TableForesight(table, data)), anew: modelOf(model) };
  }
  const found = refit(parts, readOutOf(chip, law), law);
  const { programmingStdMicrosiemens } = fittedModel(found, law, "as seen");
  let offset = 0;
  const foresights = parts.map((data, k) => {
    const beliefs = beliefsOf(found, k, data, offset);
    offset += data.usable.length;
    return new PowerLawForesight(beliefs, found);
  });
  return { foresights, anew: modelOf({ ...law, programmingStdMicrosiemens }) };
}

/**
 * What to expect when the visit waits for one more look: until then errors are as they are; by then each device is known better.
 */
function expectedLater(
  { task, plan }: { readonly task: TrimTask; readonly plan: TrimPlan },
  ageSeconds: Seconds,
  factor: number,
  random: Random,
): number {
  const { timesSeconds, timeWeights, agesSeconds } = task;
  const wait = (factor - 1) * ageSeconds;
  const after = planTrim({
    ...task,
    foresight: task.foresight.afterLook(agesSeconds, ageSeconds, factor, random),
    agesSeconds: agesSeconds.map((age) => age + wait),
    timesSeconds: timesSeconds.map((time) => Math.max(1, time - wait)),
    timeWeights: timeWeights.map((weight, t) => (timesSeconds[t]! > wait ? weight : 0)),
  });
  return averaged(
    plan.before.map((error, t) => (timesSeconds[t]! > wait ? after.after[t]! : error)),
    timeWeights,
  );
}
