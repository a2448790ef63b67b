import { builtInDefinitions } from "../src/model/builtIn.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { translate } from "../src/optimize/translate.ts";
import { Random } from "../src/random.ts";
import { gaussianProblem, tabulatedDefinition } from "./gaussian.ts";
import { sampledTnmse } from "./sampledTnmse.ts";

/** Predicted errors against 100,000 weights drawn afresh, for every model and layout; ends with 1 if one is off. */
const weights = 100_000;
let off = 0;
for (const definition of [...builtInDefinitions, tabulatedDefinition]) {
  const model = modelOf(definition);
  for (const pairs of [1, 2, 3]) {
    const problem = gaussianProblem(model);
    const solution = translate(problem, { pairs, significance: { kind: "free" }, scale: "full" });
    const random = new Random(12).fork(`${definition.name} ${pairs}`);
    const { tnmse, standardError } = sampledTnmse(model, problem, solution, weights, random);
    const worst = Math.max(
      ...tnmse.map((sampled, t) => {
        const predicted = solution.tnmseByTime[t]!;
        const difference = Math.abs(sampled - predicted);
        // Within 1 % or 3 standard errors, whichever is more.
        return difference / Math.max(0.01 * predicted, 3 * standardError[t]!);
      }),
    );
    if (worst > 1) off++;
    const relative = tnmse.map((sampled, t) => (100 * (sampled / solution.tnmseByTime[t]! - 1)).toFixed(2));
    console.log(
      `${definition.name}, ${pairs} pair(s): predicted ${solution.tnmse.toFixed(5)}; drawn, % off by time: ` +
        `${relative.join(", ")}; ${worst.toFixed(2)} of what is allowed`,
    );
  }
}
console.log(off === 0 ? "all agree" : `${off} are off`);
process.exitCode = off === 0 ? 0 : 1;
