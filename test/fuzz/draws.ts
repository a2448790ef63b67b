import { Random } from "../../src/random.ts";

/** Draws of chance that belong to one input of one surface: the same whatever ran before. */
export class Draws {
  readonly #random: Random;
  readonly #input: number;
  #drawn = 0;

  constructor(random: Random, input: number) {
    this.#random = random;
    this.#input = input;
  }

  /** A whole number from 0 below `end`, which is at most 2^32. */
  below(end: number): number {
    return Math.floor((this.#random.at(this.#input, this.#drawn++).word0 / 0x1_0000_0000) * end);
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Small numbers often, large ones up to `most` now and then. */
  length(most: number): number {
    const bits = this.below(Math.ceil(Math.log2(most + 1)) + 1);
    return Math.min(most, 1 + this.below(1 << bits));
  }
}

/** Changes a copy of the bytes. */
export type Trick = (bytes: Uint8Array, draws: Draws, corpus: readonly Uint8Array[]) => Uint8Array;
