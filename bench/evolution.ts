import { predict, type TranslationProblem } from "../src/optimize/prediction.ts";
import { onSizes } from "../src/optimize/strategySolver.ts";
import { fullScaleOf } from "../src/optimize/translate.ts";
import { type Random, uniformOf } from "../src/random.ts";

/**
 * The search that this project replaces: differential evolution over the hypercube of Mackin et al. 2022, in the
 * form that the authors later published (aihwkit, inference/converter/wpo.py). Every point of the cube stands for a
 * strategy whose conductances add up to the weight exactly. Its loss is that of our solver, without Monte Carlo noise.
 */
export interface Evolution {
  readonly tnmse: number;
  readonly significance: number;
  readonly evaluations: number;
  readonly seconds: number;
}

/**
 * @param points       weights at which curves are free, 0 and the largest included; 6 in the paper.
 * @param generations  beside the first; each evaluates 15 strategies for each unknown, as scipy does by default.
 */
export function evolve(
  problem: TranslationProblem,
  points: number,
  generations: number,
  random: Random,
): Evolution {
  const unknowns = 3 * points + 2;
  const population = 15 * unknowns;
  let draws = 0;
  const uniform = (): number => uniformOf(random.at(draws++, 0).word0);
  const begun = performance.now();
  const members = latinHypercube(population, unknowns, uniform);
  const losses = members.map((member) => lossOf(problem, member, points));
  let best = losses.indexOf(Math.min(...losses));
  let evaluations = population;
  for (let generation = 0; generation < generations; generation++) {
    const mutation = 0.5 + 0.5 * uniform();
    for (let i = 0; i < population; i++) {
      const [a, b] = twoOthers(population, i, uniform);
      const sure = Math.floor(uniform() * unknowns);
      const trial = members[i]!.map((own, k) => {
        if (k !== sure && uniform() >= 0.7) return own;
        const moved = members[best]![k]! + mutation * (members[a]![k]! - members[b]![k]!);
        return moved < 0 || moved > 1 ? uniform() : moved;
      });
      const loss = lossOf(problem, trial, points);
      evaluations++;
      if (loss > losses[i]!) continue;
      members[i] = trial;
      losses[i] = loss;
      if (loss < losses[best]!) best = i;
    }
  }
  return {
    tnmse: losses[best]!,
    significance: significanceOf(members[best]!),
    evaluations,
    seconds: (performance.now() - begun) / 1000,
  };
}

function significanceOf(member: Float64Array): number {
  return 1 + 4 * member[0]!;
}

/** F, then the share of full range, then for each pair where it stands on its line of equal difference. */
function lossOf(problem: TranslationProblem, member: Float64Array, points: number): number {
  const { table, weights } = problem;
  const significance = [significanceOf(member), 1];
  const scale = (0.05 + 0.95 * member[1]!) * fullScaleOf(problem, significance);
  const sizes = Float64Array.from({ length: points }, (_, k) => (weights.max * k) / (points - 1));
  const conductances = new Float64Array(points * 4);
  const range = table.max - table.min;
  for (let k = 0; k < points; k++) {
    let left = scale * sizes[k]!;
    for (let pair = 0; pair < 2; pair++) {
      const factor = significance[pair]!;
      const rest = pair === 0 ? range : 0;
      const low = Math.max(left - rest, -factor * range);
      const high = Math.min(left + rest, factor * range);
      const share = pair === 0 ? member[2 + points + k]! : 1;
      const part = low + share * (high - low);
      left -= part;
      const difference = part / factor;
      const least = table.min + Math.max(difference, 0);
      const most = table.max + Math.min(difference, 0);
      const plus = least + member[2 + (pair === 0 ? 0 : 2 * points) + k]! * (most - least);
      conductances[4 * k + 2 * pair] = plus;
      conductances[4 * k + 2 * pair + 1] = Math.max(table.min, plus - difference);
    }
  }
  const cells = onSizes({ sizes, conductances }, 4, weights);
  return predict(problem, cells, significance, scale).tnmse;
}

function latinHypercube(count: number, unknowns: number, uniform: () => number): Float64Array[] {
  const members = Array.from({ length: count }, () => new Float64Array(unknowns));
  for (let k = 0; k < unknowns; k++) {
    const places = members.map((_, i) => (i + uniform()) / count);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      [places[i], places[j]] = [places[j]!, places[i]!];
    }
    members.forEach((member, i) => (member[k] = places[i]!));
  }
  return members;
}

function twoOthers(count: number, self: number, uniform: () => number): [number, number] {
  let a = self;
  while (a === self) a = Math.floor(uniform() * count);
  let b = self;
  while (b === self || b === a) b = Math.floor(uniform() * count);
  return [a, b];
}
