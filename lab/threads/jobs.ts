import type { LayerMatrix, LayerStrategy, TranslationOptions } from "../../src/optimize/layerStrategy.ts";
import type { ModelDefinition } from "../../src/model/definition.ts";
import type { AccuracySpread, DrawnAccuracy } from "../limit.ts";
import type { NetworkChoice } from "../trainedNetwork.ts";

/** How each job that a thread can do is set up, what it is given, and what it gives back: all of it plain data. */
export interface Jobs {
  readonly solveLayers: {
    readonly setup: {
      readonly model: ModelDefinition;
      readonly reads: number;
      readonly translation: TranslationOptions;
    };
    readonly input: {
      readonly layers: readonly LayerMatrix[];
      readonly importance?: readonly Float32Array[] | undefined;
    };
    readonly output: readonly LayerStrategy[];
  };
  readonly predictAccuracy: {
    readonly setup: NetworkChoice;
    readonly input: DrawnAccuracy;
    readonly output: AccuracySpread;
  };
}

export type JobName = keyof Jobs;

/** Does one input of a job. Where that can be told, it tells how much is done, 0 … 1. */
export type Work<J extends JobName> = (
  input: Jobs[J]["input"],
  onShare?: (share: number) => void,
) => Jobs[J]["output"] | Promise<Jobs[J]["output"]>;

/** Sets a job up, in this thread. Each loads what it needs only now. */
export async function begin<J extends JobName>(job: J, setup: Jobs[J]["setup"]): Promise<Work<J>> {
  const begun: { readonly [K in JobName]: (setup: Jobs[K]["setup"]) => Promise<Work<K>> } = {
    async solveLayers({ model, reads, translation }) {
      const { Translator } = await import("../../src/optimize/layerStrategy.ts");
      const { seenBy } = await import("../seenBy.ts");
      const { dyingOf } = await import("../../src/model/dying.ts");
      const translator = new Translator(seenBy(reads, model), translation, dyingOf(model));
      return ({ layers, importance }, onShare) => translator.strategiesFor(layers, importance, onShare);
    },
    async predictAccuracy(choice) {
      const { loadNetwork } = await import("../trainedNetwork.ts");
      const { accuracyLimit } = await import("../limit.ts");
      const network = await loadNetwork(choice);
      return async ({ strategy, draw }) =>
        (await accuracyLimit(strategy, network, { ...draw, causes: [] })).predicted;
    },
  };
  return begun[job](setup);
}
