import { join } from "node:path";
import { readModel } from "../files/model.ts";
import { judgedAt } from "../lab/demo/contest.ts";
import { accuracyLimit } from "../lab/limit.ts";
import { optimize } from "../lab/optimize.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import type { TranslationOptions } from "../src/optimize/layerStrategy.ts";
import { formatDuration } from "../src/units.ts";
import { line, prepared } from "./realPrepared.ts";

/** Nothing is programmed: chips are drawn from the model, and the network is run with the weights that they hold. */
export async function predict(folder: string, name: string, draws: number, reads: number): Promise<void> {
  const { network, figures } = await prepared(folder);
  const model = await readModel(name);
  const translation: TranslationOptions = {
    layout: { pairs: 2, significance: { kind: "free" }, scale: "within" },
    timesSeconds: judgedAt,
    timeWeights: new Float64Array(judgedAt.length).fill(1 / judgedAt.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer: "column",
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  };
  const tileShape = [256, 256] as const;
  const options = { model, translation, reads, per: "layer", tileShape } as const;
  const strategy = await optimize(
    join(folder, "net.onnx"),
    options,
    () => {},
    () => {},
  );
  /** Of each draw and time, in the order in which they are judged. */
  const found: number[][] = [];
  const watched: TrainedNetwork = {
    ...network,
    async scoreWith(values) {
      const outputs = await network.outputsWith!(values);
      found.push(figures.map(({ of }) => of(outputs)));
      return { score: found.at(-1)![0]! };
    },
  };
  await accuracyLimit(strategy, watched, { draws, seed: 7, tileShape, causes: [] });
  console.log(`\n${network.text}; ${draws} drawn from ${model.name}, means of ${reads} reads`);
  console.log(line("after the last pulse", judgedAt.map(formatDuration)));
  for (const [f, figure] of figures.entries()) {
    const means = judgedAt.map((_, t) => {
      const own = found.filter((__, k) => k % judgedAt.length === t);
      return own.reduce((sum, one) => sum + one[f]!, 0) / own.length;
    });
    console.log(`  ${figure.name}`);
    console.log(
      line(
        "best open loop",
        means.map((mean) => mean.toFixed(figure.digits)),
      ),
    );
  }
}
