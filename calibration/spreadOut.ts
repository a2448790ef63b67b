import type { Seconds } from "../src/units.ts";

/**
 * Sweeps of a tile that a fit takes, at most. Their noise is 1/f: reads close together in log age say the same again, and what
 * weighs them costs the square of their number in memory and its cube in time.
 */
export const mostSweeps = 512;

/**
 * Items taken in by age, of which the most are kept: the first, the newest, and others about evenly over log age. All of them
 * where they are no more than that.
 */
export class SpreadOut<T> {
  readonly #most: number;
  readonly #items: T[] = [];
  readonly #logAges: number[] = [];
  #taken = 0;

  /** @param most  3 or more. */
  constructor(most = mostSweeps) {
    this.#most = most;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  get leftOut(): number {
    return this.#taken - this.#items.length;
  }

  /** @param ageSeconds  not less than that of the item before. */
  add(item: T, ageSeconds: Seconds): void {
    this.#items.push(item);
    this.#logAges.push(Math.log(ageSeconds));
    this.#taken++;
    if (this.#items.length <= this.#most) return;
    const crowded = this.#mostCrowded();
    this.#items.splice(crowded, 1);
    this.#logAges.splice(crowded, 1);
  }

  /** The item that is missed least: whose neighbours lie closest. */
  #mostCrowded(): number {
    const ages = this.#logAges;
    let [found, least] = [1, Number.POSITIVE_INFINITY];
    for (let i = 1; i < ages.length - 1; i++) {
      const gap = ages[i + 1]! - ages[i - 1]!;
      if (gap < least) [found, least] = [i, gap];
    }
    return found;
  }
}
