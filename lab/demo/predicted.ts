import { MhoError } from "../../src/errors.ts";
import type { ModelDefinition } from "../../src/model/definition.ts";
import type { StrategyLayer } from "../../src/optimize/strategy.ts";
import { accuracyLimit, type AccuracySpread } from "../limit.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { judgedAt, judgedTimesOf } from "./contest.ts";
import { contenders, type DemoResult } from "./demoStory.ts";
import type { DemoOptions } from "./options.ts";

/** What was predicted of each contender's accuracy at each time; undefined where no strategy was solved for it. */
export type Predictions = readonly (AccuracySpread | undefined)[];

/** Of so many draws the least and the most are the band of 90 %. */
export const demoDraws = 19;

/**
 * What the models of the solved strategies predict of the network's accuracy before the first pulse: the published one of the open
 * loop, and the fitted one of the closed loop before its corrections. Nothing without images.
 *
 * @throws `interrupted` when the demo is stopped.
 */
export async function predictAccuracies(
  network: TrainedNetwork,
  { curves, factory, fitted, identity }: DemoResult,
  { draws = demoDraws, seed, signal }: DemoOptions,
  onDraw: (done: number, of: number) => void,
): Promise<Predictions> {
  if (network.images === 0 || draws === 0) return contenders.map(() => undefined);
  const solved: Readonly<Record<string, [ModelDefinition, readonly StrategyLayer[]]>> = {
    "best open loop": [factory, curves.factory],
    "closed loop": [fitted, curves.fitted],
  };
  const { rows, columns } = identity.geometry;
  const all = draws * Object.keys(solved).length;
  let drawn = 0;
  const predictions: (AccuracySpread | undefined)[] = [];
  for (const { name } of contenders) {
    const own = solved[name];
    // A model that does not know all of the times would be asked for others.
    const known =
      own !== undefined && judgedTimesOf(modelOf(own[0])).every((time, t) => time === judgedAt[t]);
    if (own === undefined || !known) {
      predictions.push(undefined);
      continue;
    }
    const [model, layers] = own;
    const strategy = { model, layers, timesSeconds: judgedAt, pairDriftCorrelation: 0, reads: 1 };
    const { predicted } = await accuracyLimit(strategy, network, {
      draws,
      seed,
      tileShape: [rows, columns],
      causes: [],
      onDraw() {
        if (signal?.aborted === true) throw new MhoError("interrupted", "The demo was stopped.");
        onDraw(++drawn, all);
      },
    });
    predictions.push(predicted);
  }
  return predictions;
}
