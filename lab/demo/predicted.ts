import { modelOf } from "../../src/model/modelOf.ts";
import type { ModelDefinition } from "../../src/model/definition.ts";
import type { StrategyLayer } from "../../src/optimize/strategy.ts";
import type { AccuracySpread } from "../limit.ts";
import { Thread } from "../threads/threads.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";
import { judgedAt, judgedTimesOf } from "./contest.ts";
import type { DemoOptions } from "./options.ts";

/** What was predicted of each contender at each time; undefined where no strategy was solved for it. */
export type Predictions = readonly (AccuracySpread | undefined)[];

/** Of so many draws the least and the most are the band of 90 %. */
export const demoDraws = 19;

/**
 * Predicts, in a thread beside the work on the chip, how the network does by the model of each strategy that was solved: the published
 * one of the open loop, and the fitted one of the closed loop before its corrections. Nothing without inputs.
 */
export class AccuracyPredictor {
  readonly #draws: number;
  readonly #seed: number;
  readonly #begin: (() => Thread<"predictAccuracy">) | undefined;
  #thread: Thread<"predictAccuracy"> | undefined;
  readonly #asked = new Map<string, Promise<AccuracySpread>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor({ inputs: count }: TrainedNetwork, { draws = demoDraws, seed, ...choice }: DemoOptions) {
    this.#draws = draws;
    this.#seed = seed;
    const { network, onnx, images, labels, inputs, output, tensors } = choice;
    const setup = { network, onnx, images, labels, inputs, output, tensors };
    if (count > 0 && draws > 0) this.#begin = () => new Thread("predictAccuracy", setup);
  }

  /** Begins to predict what a contender will be worth. Returns at once. */
  ask(
    name: string,
    model: ModelDefinition,
    layers: readonly StrategyLayer[],
    tileShape: readonly [number, number],
  ): void {
    // A model that does not know all of the times would be asked for others.
    const known = judgedTimesOf(modelOf(model)).every((time, t) => time === judgedAt[t]);
    if (this.#begin === undefined || !known) return;
    // It loads the network anew, for seconds: while the first strategies are solved, no processor core is free for it.
    const thread = (this.#thread ??= this.#begin());
    const strategy = { model, layers, timesSeconds: judgedAt, pairDriftCorrelation: 0, reads: 1 };
    const draw = { draws: this.#draws, seed: this.#seed, tileShape };
    const asked = this.#last.then(() => thread.do({ strategy, draw }));
    // Who waits for it hears of a failure.
    asked.catch(() => undefined);
    this.#last = asked;
    this.#asked.set(name, asked);
  }

  /** The predictions for these contenders. Waits until all of them are ready. */
  async of(names: readonly string[]): Promise<Predictions> {
    return Promise.all(names.map((name) => this.#asked.get(name) ?? Promise.resolve(undefined)));
  }

  async end(): Promise<void> {
    await this.#thread?.end();
  }
}
