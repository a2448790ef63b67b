import { cosineOf, similarityOf } from "../src/results/similarity.ts";

/** What a network of `bench/real-networks` is for, and so what its outputs are judged by beside their cosine. */
export type About =
  | { readonly kind: "pairs"; readonly grades: readonly number[] }
  | { readonly kind: "decisions"; readonly threshold: number }
  | { readonly kind: "lines"; readonly lines: readonly string[]; readonly characters: readonly string[] };

export type Outputs = readonly Float32Array[];

/** One figure of a network's outputs. */
export interface Figure {
  readonly name: string;
  readonly digits: number;
  readonly of: (outputs: Outputs) => number;
}

/** @param software  what the network gives for the same inputs with its weights as they were trained. */
export function figuresOf(about: About, software: Outputs): readonly Figure[] {
  return [
    {
      name: "cosine to software, mean over the inputs",
      digits: 4,
      of: (outputs) => similarityOf(outputs, software).mean,
    },
    {
      name: "cosine to software, the tenth of the inputs that does worst",
      digits: 4,
      of: (outputs) => similarityOf(outputs, software).worstTenth,
    },
    ...ownFigures(about, software),
  ];
}

function ownFigures(about: About, software: Outputs): readonly Figure[] {
  if (about.kind === "pairs") {
    const trained = pairCosines(software);
    return [
      {
        name: "rank correlation of the pairs' similarities with those in software",
        digits: 4,
        of: (outputs) => rankCorrelation(pairCosines(outputs), trained),
      },
      {
        name: "rank correlation of the pairs' similarities with their grades",
        digits: 4,
        of: (outputs) => rankCorrelation(pairCosines(outputs), about.grades),
      },
    ];
  }
  if (about.kind === "decisions") {
    const spoken = (outputs: Outputs): boolean[] =>
      outputs.flatMap((one) => Array.from(one, (share) => share > about.threshold));
    const trained = spoken(software);
    return [
      {
        name: "steps decided as in software, %",
        digits: 2,
        of: (outputs) => 100 * shareEqual(spoken(outputs), trained),
      },
    ];
  }
  const read = (outputs: Outputs): string[] => outputs.map((one) => lineOf(one, about.characters));
  const trained = read(software);
  return [
    {
      name: "lines read as in software, %",
      digits: 1,
      of: (outputs) => 100 * shareEqual(read(outputs), trained),
    },
    { name: "lines read right, %", digits: 1, of: (outputs) => 100 * shareEqual(read(outputs), about.lines) },
  ];
}

/** Sentences 2k and 2k + 1 are a pair. */
function pairCosines(outputs: Outputs): number[] {
  return Array.from({ length: outputs.length / 2 }, (_, k) => cosineOf(outputs[2 * k]!, outputs[2 * k + 1]!));
}

/** Spearman's: the correlation of the ranks, of equal values the mean of theirs. */
export function rankCorrelation(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [ranksOf(one), ranksOf(other)];
  const middle = (one.length - 1) / 2;
  let [both, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - middle, b[i]! - middle];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return both / Math.sqrt(ofA * ofB);
}

function ranksOf(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

function shareEqual<T>(one: readonly T[], other: readonly T[]): number {
  return one.filter((value, i) => value === other[i]).length / other.length;
}

/** The likeliest character of each step; repeats of one are one, and the first of all is none. */
function lineOf(steps: Float32Array, characters: readonly string[]): string {
  let line = "";
  let before = 0;
  for (let first = 0; first < steps.length; first += characters.length) {
    const step = steps.subarray(first, first + characters.length);
    const best = step.indexOf(step.reduce((most, share) => Math.max(most, share), 0));
    if (best !== before && best !== 0) line += characters[best]!;
    before = best;
  }
  return line.trim();
}
