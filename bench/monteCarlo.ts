import { builtInDefinitions, hermes2Definition, pcm90nmDefinition } from "../src/model/builtIn.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { translate } from "../src/optimize/translate.ts";
import { Random } from "../src/random.ts";
import type { PowerLawDefinition } from "../src/model/definition.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { strategyLayer } from "../src/optimize/strategy.ts";
import { gaussianProblem, tabulatedDefinition, timesFor } from "./gaussian.ts";
import { gaussianLayer } from "./layerGaussian.ts";
import { sampledLayer } from "./sampledLayer.ts";
import { sampledTnmse } from "./sampledTnmse.ts";

/**
 * Predicted errors against 100,000 weights drawn afresh, for every model and layout, and against layers of 65,536 weights as their strategies
 * tell them, by scale, significance and number of reads; ends with 1 if one is off.
 */
const weights = 100_000;
const scales = [
  ["layer", "full"],
  ["column", "within"],
  ["column", "free"],
] as const;
let off = 0;
for (const definition of [...builtInDefinitions, tabulatedDefinition]) {
  const model = modelOf(definition);
  for (const pairs of [1, 2, 3]) {
    const problem = gaussianProblem(model);
    const solution = translate(problem, { pairs, significance: { kind: "free" }, scale: "full" });
    const random = new Random(12).fork(`${definition.name} ${pairs}`);
    const { tnmse, standardError } = sampledTnmse(model, problem, solution, weights, random);
    say(`${definition.name}, ${pairs} pair(s)`, solution.tnmseByTime, tnmse, standardError);
  }
}
for (const definition of [pcm90nmDefinition, hermes2Definition]) {
  for (const pairs of [1, 2, 3]) {
    for (const [scalePer, scale] of scales) {
      for (const reads of [1, 16]) byLayer(definition, pairs, scalePer, scale, reads);
    }
  }
}
console.log(off === 0 ? "all agree" : `${off} are off`);
process.exitCode = off === 0 ? 0 : 1;

function byLayer(
  definition: PowerLawDefinition,
  pairs: number,
  scalePer: "layer" | "column",
  scale: "full" | "within" | "free",
  reads: number,
): void {
  const model = modelOf(definition);
  const timesSeconds = timesFor(model);
  const layer = gaussianLayer(64, 1024);
  const translator = new Translator(reads === 1 ? model : model.meanOfReads(reads)!, {
    layout: {
      pairs,
      significance: pairs === 1 ? { kind: "given", factors: [1] } : { kind: "free" },
      scale,
    },
    timesSeconds,
    timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer,
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const told = strategyLayer(
    { name: layer.name, shape: [64, 1024], weightsSource: { file: "", tensor: "", digest: "" } },
    translator.strategyFor(layer),
  );
  const random = new Random(13).fork(`${definition.name} ${pairs} ${scalePer} ${scale} ${reads}`);
  const { tnmse, standardError } = sampledLayer(definition, told, layer, timesSeconds, reads, random);
  const name = `${definition.name}, ${pairs} pair(s) (F ${told.significance.map((f) => f.toFixed(2)).join(", ")}), scale ${scalePer} ${scale}, ${reads} read(s)`;
  say(name, told.predicted.tnmseByTime, tnmse, standardError);
}

/** Within 1 % or 3 standard errors, whichever is more. */
function say(
  name: string,
  predicted: ArrayLike<number>,
  drawn: readonly number[],
  standardError: readonly number[],
): void {
  const worst = Math.max(
    ...drawn.map(
      (sampled, t) =>
        Math.abs(sampled - predicted[t]!) / Math.max(0.01 * predicted[t]!, 3 * standardError[t]!),
    ),
  );
  if (worst > 1) off++;
  const relative = drawn.map((sampled, t) => (100 * (sampled / predicted[t]! - 1)).toFixed(2));
  const mean = Array.from(predicted).reduce((sum, error) => sum + error / predicted.length, 0);
  console.log(
    `${name}: predicted ${mean.toFixed(5)}; drawn, % off by time: ${relative.join(", ")}; ${worst.toFixed(2)} of what is allowed`,
  );
}
