import { actions, bestAction, type ExpectedErrors } from "../../calibration/advice.ts";
import { assert } from "../../src/errors.ts";
import type { GroupId } from "../../src/run/groups.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { advise, type Advice, type AdviseOptions, type Choice } from "../advise.ts";
import { chainOf } from "../runChain.ts";
import { runsOfGroup } from "../runName.ts";
import { refuseUnwatchedNetwork } from "./refuseForNetwork.ts";
import type { Workplace } from "../workplace.ts";
import { sideBySide } from "./sideBySide.ts";

/**
 * What can be done about a network over several chips. @returns the same as of a run: errors are means over the weights of all chips, pulses
 * are summed, and the time is that of the chip that takes longest, as they work side by side.
 */
export async function adviseGroup(place: Workplace, id: GroupId, options: AdviseOptions): Promise<Advice> {
  place.refuseServer();
  const store = await place.existingStore();
  await refuseUnwatchedNetwork(store, id, await runsOfGroup(store, id), "Advice");
  const parts = await sideBySide(place, id, { ...options }, "advise", async (run) => ({
    advice: await advise(place, run, options),
    weights: await weightsOf(store, run),
  }));
  const [first] = parts;
  assert(first !== undefined, "a network has shares");
  const choices = actions.flatMap((action): Choice[] => {
    const all = parts.flatMap(({ advice, weights }) => {
      const choice = advice.choices.find((one) => one.action === action);
      return choice === undefined ? [] : [{ choice, weights }];
    });
    return all.length === parts.length ? [together(all)] : [];
  });
  const { timesSeconds, model, fitted, testedToSeconds } = first.advice;
  const expected = Object.fromEntries(
    actions.map((action) => [action, choices.find((one) => one.action === action)?.tnmseByTime]),
  );
  const dates = parts.flatMap(({ advice: { calibrated } }) => calibrated ?? []).sort();
  return {
    run: id,
    chips: parts.flatMap(({ advice }) => advice.chips),
    choices,
    best: bestAction(inArrays(expected), new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length)),
    timesSeconds,
    calibrated: dates.length === parts.length ? dates[0] : undefined,
    model,
    fitted,
    earlier: parts.flatMap(({ advice: { earlier } }) => earlier),
    testedToSeconds,
  };
}

function together(all: readonly { readonly choice: Choice; readonly weights: number }[]): Choice {
  const weights = all.reduce((sum, part) => sum + part.weights, 0);
  const mean = (of: (choice: Choice) => number): number =>
    all.reduce((sum, part) => sum + part.weights * of(part.choice), 0) / Math.max(1, weights);
  const sum = (of: (choice: Choice) => number): number => all.reduce((so, { choice }) => so + of(choice), 0);
  const [{ choice: first }] = all as [(typeof all)[number]];
  return {
    action: first.action,
    tnmse: mean(({ tnmse }) => tnmse),
    tnmseByTime: first.tnmseByTime.map((_, t) => mean(({ tnmseByTime }) => tnmseByTime[t]!)),
    pulses: sum(({ pulses }) => pulses),
    seconds: Math.max(...all.map(({ choice }) => choice.seconds)),
    devices: sum(({ devices }) => devices),
  };
}

function inArrays(expected: Record<string, readonly number[] | undefined>): ExpectedErrors {
  const arrays = Object.entries(expected).map(([action, byTime]) => [
    action,
    byTime && Float64Array.from(byTime),
  ]);
  return Object.fromEntries(arrays) as ExpectedErrors;
}

/** Weights that a run's chip holds; a trim corrects those of the first run. */
async function weightsOf(store: RunStore, run: RunId): Promise<number> {
  const [first] = await chainOf(store, run);
  const { tiles } = await store.plan(first!);
  return tiles.reduce((sum, { cells }) => sum + (cells?.wantedMicrosiemens.length ?? 0), 0);
}
