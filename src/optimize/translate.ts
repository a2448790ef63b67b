import { assert } from "../errors.ts";
import { looksOf, minimise } from "./minimise.ts";
import type { TranslationProblem } from "./prediction.ts";
import { finish, type Solution, type SolverOptions, solveStrategy } from "./strategySolver.ts";

/** What may be chosen besides the conductances. */
export interface Layout {
  /** Pairs of devices in a cell, 1 … 6. */
  readonly pairs: number;
  readonly significance:
    /** One factor a pair. */
    | { readonly kind: "given"; readonly factors: readonly number[] }
    /** The ratio of each pair's factor to the next one's: one of a few. */
    | { readonly kind: "one-of"; readonly ratios: readonly number[] }
    /** A factor a pair, each found by itself; the last one counts 1. */
    | { readonly kind: "free" };
  /** β: at full range, at full range or less of it where that errs less, wherever the error is least, or in µS per unit of weight. */
  readonly scale: "full" | "within" | "free" | number;
}

export interface Translation extends Solution {
  /** How many strategies were solved on the way. */
  readonly strategiesTried: number;
  /** Why the search for the significance and the scale ended. */
  readonly searchStopped: string;
}

/**
 * The best strategy for a problem: curves by `solveStrategy`, the significance and the scale around it by searches
 * in one dimension, on a coarser grid.
 *
 * @param onShare  hears how much of the work is done, 0 … 1, as far as that can be told.
 */
export function translate(
  problem: TranslationProblem,
  layout: Layout,
  onShare: (share: number) => void = () => {},
): Translation {
  const { pairs, significance, scale } = layout;
  assert(pairs >= 1 && pairs <= 6, "a cell has 1 to 6 pairs");
  const search = new Search(problem, layout, onShare);
  if (problem.weights.max > 0) {
    search.coarse(significance.kind === "one-of" ? significance.ratios : freeRatios, freeShares);
    if (scale === "free") search.coarse(undefined, undefined);
    if (scale === "within") search.lessRange();
    search.fine();
    search.finePairs();
  }
  return {
    ...finish(problem, search.best()),
    strategiesTried: search.tried,
    searchStopped: search.stopped(),
  };
}

/** What a strategy on the real grid costs of one on the coarse. */
const costOfFine = 4;
const pairSteps = [1.2, 1.2, 1.07];

/** The work of a search, in strategies on the coarse grid: roughly, and rather too much. */
function workOf({ pairs, significance, scale }: Layout): number {
  const looks = (places: readonly number[]): number => looksOf(places, 0.02);
  const near = (factor: number): number => looks(around(2, factor));
  const ratios = significance.kind === "free" && pairs > 1;
  let coarse = significance.kind === "one-of" ? significance.ratios.length : 0;
  let fine = 1;
  if (ratios) [coarse, fine] = [coarse + looks(freeRatios), fine + near(1.04)];
  if (scale === "free")
    [coarse, fine] = [coarse + looks(freeShares) + (ratios ? 2 : 1) * near(1.15), fine + near(1.04) + 1];
  if (scale === "within") coarse += 2;
  if (ratios && pairs > 2) fine += (pairs - 1) * pairSteps.reduce((sum, step) => sum + near(step), 0);
  return coarse + costOfFine * fine;
}

const freeRatios = [1, 1.4, 1.8, 2.2, 2.7, 3.3, 4.2, 5.6, 8];
/** Of full range, where less of it may be better: devices that drift most when they are full. */
const lesserShares = [0.3, 0.45, 0.65, 0.85, 1];
const freeShares = [0.7, 1, 1.2, 1.4, 1.6, 1.9, 2.4];

/** Factors that fall by one ratio from pair to pair, the last 1. */
export function ladder(ratio: number, pairs: number): number[] {
  let factor = 1;
  const factors = [1];
  for (let pair = 1; pair < pairs; pair++) factors.unshift((factor *= ratio));
  return factors;
}

/** The β at which the largest weight that is not clipped uses all that a cell can hold; 1 for a layer of zeros. */
export function fullScaleOf(
  { table, weights }: Pick<TranslationProblem, "table" | "weights">,
  significance: readonly number[],
): number {
  const span = significance.reduce((sum, factor) => sum + factor * (table.max - table.min), 0);
  return weights.clip === 0 ? 1 : span / weights.clip;
}

/** Looks for the significance and the scale in turns: far and wide on a coarse grid, then close by on the real one. */
class Search {
  readonly #problem: TranslationProblem;
  readonly #layout: Layout;
  #ratio = 1;
  /** What each pair's factor is of the ladder's. */
  #ofLadder: number[] = [];
  /** β over that of full range. */
  #share = 1;
  #atEdge = false;
  #best: Solution | undefined;
  /** By place and grid: searches of neighbouring variables meet where each found its best. */
  readonly #solved = new Map<string, Solution>();
  readonly #onShare: (share: number) => void;
  readonly #work: number;
  #worked = 0;
  tried = 0;

  constructor(problem: TranslationProblem, layout: Layout, onShare: (share: number) => void) {
    this.#problem = problem;
    this.#layout = layout;
    this.#onShare = onShare;
    this.#work = workOf(layout);
    this.#ofLadder = Array.from({ length: layout.pairs }, () => 1);
    if (layout.scale === "free") this.#share = 1.4;
  }

  /** Places to look at; those of a second turn lie about the best of the first. */
  coarse(ratios: readonly number[] | undefined, shares: readonly number[] | undefined): void {
    const { pairs, significance, scale } = this.#layout;
    const options = { gridPoints: pairs > 2 ? 13 : 21, maxRounds: 12 };
    const error = (ratio: number, share: number): number => this.#solve(ratio, share, options).tnmse;
    if (significance.kind === "one-of" && ratios !== undefined) {
      const errors = ratios.map((ratio) => error(ratio, this.#share));
      this.#ratio = ratios[errors.indexOf(Math.min(...errors))]!;
    }
    if (this.#searchesRatio) {
      const places = ratios ?? within(around(this.#ratio, 1.15));
      const found = minimise((ratio) => error(ratio, this.#share), places, 0.02);
      this.#ratio = found.at;
      this.#atEdge = found.atEdge;
    }
    if (scale === "free") {
      const places = shares ?? around(this.#share, 1.15);
      this.#share = minimise((share) => error(this.#ratio, share), places, 0.02).at;
    }
  }

  /** Goes below full range where that errs less there, and looks for the significance again. */
  lessRange(): void {
    const options = { gridPoints: 21, maxRounds: 12 };
    const error = (share: number): number => this.#solve(this.#ratio, share, options).tnmse;
    if (error(lesserShares.at(-2)!) >= error(1)) return;
    this.#share = minimise(error, lesserShares, 0.02).at;
    this.coarse(undefined, undefined);
  }

  fine(): void {
    const solve = (ratio: number, share: number): number => this.#keepBest(this.#solve(ratio, share, {}));
    solve(this.#ratio, this.#share);
    if (this.#searchesRatio) {
      this.#ratio = minimise(
        (ratio) => solve(ratio, this.#share),
        within(around(this.#ratio, 1.04)),
        0.02,
      ).at;
    }
    if (this.#layout.scale === "within" && this.#share < 1) {
      minimise(
        (share) => solve(this.#ratio, share),
        around(this.#share, 1.04).map((share) => Math.min(1, share)),
        0.02,
      );
    }
    if (this.#layout.scale === "free") {
      minimise((share) => solve(this.#ratio, share), around(this.#share, 1.04), 0.02);
      solve(this.#ratio, 1);
    }
  }

  /** Of three pairs and more, moves each factor by itself, as long as that wins something. */
  finePairs(): void {
    if (!this.#searchesRatio || this.#layout.pairs < 3) return;
    for (const step of pairSteps) {
      for (let pair = this.#layout.pairs - 2; pair >= 0; pair--) {
        const was = this.#ofLadder[pair]!;
        const error = (share: number): number => {
          this.#ofLadder[pair] = share;
          return this.#keepBest(this.#solve(this.#ratio, this.#share, {}));
        };
        this.#ofLadder[pair] = minimise(error, around(was, step), 0.02).at;
      }
    }
  }

  best(): Solution {
    return this.#best ?? this.#solve(this.#ratio, this.#share, {});
  }

  stopped(): string {
    const { pairs, significance, scale } = this.#layout;
    if (this.#problem.weights.max === 0) return "nothing to program";
    const about =
      significance.kind === "given" || pairs === 1
        ? "significance given"
        : significance.kind === "one-of"
          ? `best of ${significance.ratios.length} significances`
          : this.#atEdge
            ? "significance at the edge of 1 to 8"
            : `significance${pairs > 2 ? " of each pair" : ""} found to 2 %`;
    const range =
      scale === "free"
        ? "scale found to 2 %"
        : scale === "full" || (scale === "within" && this.#share === 1)
          ? "full range"
          : `${scale === "within" ? "scale found to 2 %" : "scale given"}, ${this.#ofFullRange()}`;
    return `${about}, ${range}`;
  }

  #ofFullRange(): string {
    const { significance, scaleMicrosiemensPerUnit } = this.best();
    return `${Number(((100 * scaleMicrosiemensPerUnit) / fullScaleOf(this.#problem, significance)).toPrecision(3))} % of full range`;
  }

  #keepBest(solution: Solution): number {
    if (this.#best === undefined || solution.tnmse < this.#best.tnmse) this.#best = solution;
    return solution.tnmse;
  }

  get #searchesRatio(): boolean {
    return this.#layout.significance.kind === "free" && this.#layout.pairs > 1;
  }

  #solve(ratio: number, share: number, options: SolverOptions): Solution {
    const place = [ratio, share, ...this.#ofLadder, options.gridPoints].join();
    const known = this.#solved.get(place);
    if (known !== undefined) return known;
    const solution = this.#solveAnew(ratio, share, options);
    this.#solved.set(place, solution);
    return solution;
  }

  #solveAnew(ratio: number, share: number, options: SolverOptions): Solution {
    const { pairs, significance, scale } = this.#layout;
    const factors =
      significance.kind === "given"
        ? significance.factors
        : ladder(ratio, pairs).map((factor, pair) => factor * this.#ofLadder[pair]!);
    const full = fullScaleOf(this.#problem, factors);
    this.tried++;
    const beta = typeof scale === "number" ? scale : share * full;
    const solution = solveStrategy(this.#problem, factors, beta, options);
    this.#worked += options.gridPoints === undefined ? costOfFine : 1;
    this.#onShare(Math.min(1, this.#worked / this.#work));
    return solution;
  }
}

/** Ratios below 1 only exchange the pairs. */
function within(ratios: readonly number[]): number[] {
  return [...new Set(ratios.map((ratio) => Math.min(8, Math.max(1, ratio))))];
}

function around(x: number, factor: number): number[] {
  return [Math.max(1e-3, x / factor), x, x * factor];
}
