import { Random, uniformOf } from "../../src/random.ts";

/** Chance in an order of its own: one draw more here shifts none elsewhere. */
export class Draws {
  readonly #random: Random;
  #count = 0;

  constructor(seed: number, what: string) {
    this.#random = new Random(seed).fork(what);
  }

  uniform(): number {
    return uniformOf(this.#random.at(this.#count++, 0).word0);
  }

  whole(below: number): number {
    return Math.floor(below * this.uniform());
  }

  happens(chance: number): boolean {
    return this.uniform() < chance;
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.whole(choices.length)]!;
  }
}
