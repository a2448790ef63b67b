import { hermes2Definition, pcm90nmDefinition } from "../src/model/builtIn.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { baselinesOf } from "../src/optimize/baselines.ts";
import { translate } from "../src/optimize/translate.ts";
import { Random } from "../src/random.ts";
import { evolve } from "./evolution.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { gaussianProblem, tabulatedDefinition, timesFor } from "./gaussian.ts";
import { gaussianLayer } from "./layerGaussian.ts";

/**
 * The optimiser's figures and time for Gaussian weights, beside today's rules; with `--evolution`, beside the
 * differential evolution that it replaces, in the same run.
 */
for (const definition of [pcm90nmDefinition, hermes2Definition, tabulatedDefinition]) {
  const model = modelOf(definition);
  const rules = baselinesOf(gaussianProblem(model)).map(({ name, tnmse }) => `${name} ${tnmse.toFixed(4)}`);
  console.log(`\n${definition.name}: ${rules.join("; ")}`);
  for (const scale of ["full", "free"] as const) {
    const seconds: number[] = [];
    let line = "";
    for (let repeat = 0; repeat < 5; repeat++) {
      const begun = performance.now();
      const found = translate(gaussianProblem(model), { pairs: 2, significance: { kind: "free" }, scale });
      seconds.push((performance.now() - begun) / 1000);
      line =
        `  β ${scale}: TNMSE ${found.tnmse.toFixed(5)}, F ${found.significance[0]!.toFixed(3)}, ` +
        `β ${found.scaleMicrosiemensPerUnit.toFixed(1)} µS, ${found.strategiesTried} strategies tried`;
    }
    const median = seconds.sort((a, b) => a - b)[2]!;
    console.log(`${line}, ${median.toFixed(2)} s (median of 5 for 65 points, moments included)`);
  }
}

columnScales();

/** Layers as they are: one scale, or one a column, in turns in the same run. */
function columnScales(): void {
  const model = modelOf(pcm90nmDefinition);
  const timesSeconds = timesFor(model);
  console.log("\npcm-90nm, Gaussian layers: one scale | a scale a column | a scale a column, searched");
  for (const [inputs, outputs] of [
    [64, 256],
    [512, 64],
    [64, 4096],
  ] as const) {
    const layer = gaussianLayer(inputs, outputs);
    const seconds: number[] = [];
    const cells = (
      [
        ["layer", "full"],
        ["column", "within"],
        ["column", "free"],
      ] as const
    ).map(([scalePer, scale]) => {
      const options = {
        layout: { pairs: 2, significance: { kind: "free" }, scale },
        timesSeconds,
        timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
        rule: "least-squares",
        compensationPer: "tile",
        scalePer,
        pairDriftCorrelation: 0,
        clipPercentile: 100,
      } as const;
      const begun = performance.now();
      const { translation } = new Translator(model, options).strategyFor(layer);
      seconds.push((performance.now() - begun) / 1000);
      return `${translation.tnmse.toFixed(5)} (F ${translation.significance[0]!.toFixed(2)}, ${seconds.at(-1)!.toFixed(2)} s)`;
    });
    console.log(
      `  ${layer.name.padEnd(10)} ${cells.join(" | ")}; time of the second over the first ${(seconds[1]! / seconds[0]!).toFixed(2)}`,
    );
  }
}

if (process.argv.includes("--evolution")) {
  const problem = gaussianProblem(modelOf(pcm90nmDefinition));
  const begun = performance.now();
  const ours = translate(problem, { pairs: 2, significance: { kind: "free" }, scale: "full" });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`\npcm-90nm, solved: ${ours.tnmse.toFixed(5)} in ${seconds.toFixed(2)} s`);
  for (const [points, generations] of [
    [6, 1339],
    [17, 500],
  ] as const) {
    const theirs = evolve(problem, points, generations, new Random(1).fork("evolution"));
    console.log(
      `evolution of ${3 * points + 2} unknowns: ${theirs.tnmse.toFixed(5)} at F ${theirs.significance.toFixed(3)}, ` +
        `${theirs.evaluations} evaluations, ${theirs.seconds.toFixed(0)} s: ` +
        `${(theirs.seconds / seconds).toFixed(0)} times as long, ${(theirs.tnmse / ours.tnmse).toFixed(3)} times the error`,
    );
  }
}
