/** One tensor of numbers, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A tensor of a file, whose numbers are read when they are asked for. */
export interface FoundTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** What counts outputs, or that the first dimension counts inputs; undefined where a kind of file does not say. */
  readonly order: "outputs-first" | "outputs-last" | "inputs-first" | undefined;
  /** Row-major. Throws `bad-file` where the file is damaged there. */
  readonly read: () => Promise<Float32Array>;
}

/** A tensor that cannot be read, or that is no matrix of weights though it looks like one. */
export interface LeftOut {
  readonly name: string;
  /** For a person, after the name. */
  readonly why: string;
  /** Whether it is read for another of its uses. */
  readonly elsewhereRead?: boolean;
}

/** What a file of weights holds. */
export interface Catalogue {
  readonly tensors: readonly FoundTensor[];
  readonly leftOut: readonly LeftOut[];
}

/** How many elements a shape has; NaN where that is no whole number that a file can have. */
export function countOf(shape: readonly number[]): number {
  const count = shape.reduce((product, length) => product * length, 1);
  return Number.isSafeInteger(count) && count >= 0 ? count : Number.NaN;
}
