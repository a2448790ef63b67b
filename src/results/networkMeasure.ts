/** By what a network is judged, and how that is said. */
export interface NetworkMeasure {
  readonly name: "accuracy" | "similarity";
  /** `Accuracy`: begins a title. */
  readonly title: string;
  /** What it is, of so many inputs, for the title of a table; the unit of `number` included. */
  readonly ofInputs: (inputs: number) => string;
  /** `image`. */
  readonly input: string;
  /** A score in the unit of tables and axes: 97.8 of 0.978. */
  readonly inUnit: (score: number) => number;
  /** `percent`, empty for a plain number. */
  readonly unit: string;
  /** What is written after a number: ` %`. */
  readonly sign: string;
  readonly digits: number;
  /** Of the axis of a chart. */
  readonly axis: string;
  /** Less of a range is chance: the least that an axis shows. */
  readonly leastRange: number;
}

/** The share of images right. */
export const accuracyMeasure: NetworkMeasure = {
  name: "accuracy",
  title: "Accuracy",
  ofInputs: (images) =>
    `images right, % (of ${images} that training did not see; one is ${(100 / images).toPrecision(2)} %)`,
  input: "image",
  inUnit: (share) => 100 * share,
  unit: "percent",
  sign: " %",
  digits: 1,
  axis: "accuracy, % of the images",
  leastRange: 5,
};

/** Cosine of the outputs to those in software: for networks without labels. */
export const similarityMeasure: NetworkMeasure = {
  name: "similarity",
  title: "Similarity to software",
  ofInputs: (inputs) => `cosine of the outputs to those in software, mean over ${inputs} inputs`,
  input: "input",
  inUnit: (cosine) => cosine,
  unit: "",
  sign: "",
  digits: 4,
  axis: "cosine to the outputs in software",
  leastRange: 0.01,
};

/** All of them. */
export const networkMeasures = [accuracyMeasure, similarityMeasure] as const;

/** That of a name; accuracy where none was written down. */
export function measureNamed(name: NetworkMeasure["name"] | undefined): NetworkMeasure {
  return networkMeasures.find((one) => one.name === name) ?? accuracyMeasure;
}

/** `97.8 %`, `0.9971`. */
export function scoreText({ inUnit, digits, sign }: NetworkMeasure, score: number): string {
  return `${inUnit(score).toFixed(digits)}${sign}`;
}
