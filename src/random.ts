/**
 * Chance by counter: a draw is a pure function of (key, counter), so one draw more shifts no later one, and
 * the same seed gives the same bytes whatever the order of work.
 *
 * The generator is Threefry-2x32 with 20 rounds (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*,
 * SC 2011). Normal deviates come from one word by the inverse of the normal distribution function.
 */
export class Random {
  readonly #key0: number;
  readonly #key1: number;
  /** The two words of the last call of `at`, signed: V8 keeps such numbers without a box. */
  #last0 = 0;
  #last1 = 0;

  constructor(key0: number, key1 = 0) {
    this.#key0 = key0 | 0;
    this.#key1 = key1 | 0;
  }

  /** The two words of the last call of `at`, unsigned 32-bit. */
  get word0(): number {
    return this.#last0 >>> 0;
  }

  get word1(): number {
    return this.#last1 >>> 0;
  }

  /** Draws the pair of words that belongs to a counter; they are left in `word0` and `word1`. */
  at(counter0: number, counter1: number): this {
    this.fill(onePair, counter0, counter1);
    this.#last0 = onePair[0]!;
    this.#last1 = onePair[1]!;
    return this;
  }

  /**
   * Draws the pairs that belong to (counter0, counter1), (counter0 + stride, counter1) and so on until `words` is full, two words a
   * pair. Their bits are those of `word0` and `word1`.
   */
  fill(words: Int32Array, counter0: number, counter1: number, stride = 1): void {
    const key0 = this.#key0;
    const key1 = this.#key1;
    const key2 = parity ^ key0 ^ key1;
    const begin1 = (counter1 + key1) | 0;
    let begin0 = (counter0 + key0) | 0;
    for (let k = 0; k + 1 < words.length; k += 2) {
      let x0 = begin0;
      let x1 = begin1;
      begin0 = (begin0 + stride) | 0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
      x0 = (x0 + key1) | 0;
      x1 = (x1 + key2 + 1) | 0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
      x0 = (x0 + key2) | 0;
      x1 = (x1 + key0 + 2) | 0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
      x0 = (x0 + key0) | 0;
      x1 = (x1 + key1 + 3) | 0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
      x0 = (x0 + key1) | 0;
      x1 = (x1 + key2 + 4) | 0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
      words[k] = (x0 + key2) | 0;
      words[k + 1] = (x1 + key0 + 5) | 0;
    }
  }

  /** An independent source, named: the same label always gives the same source. */
  fork(label: string): Random {
    let source = new Random(this.#key0, this.#key1);
    for (let i = 0; i < label.length; i++) source = source.at(label.charCodeAt(i), i + 1).child();
    return source.at(label.length, 0xffffffff).child();
  }

  /** The source keyed by the last pair of words. */
  child(): Random {
    return new Random(this.word0, this.word1);
  }
}

const parity = 0x1bd11bda;
const onePair = new Int32Array(2);

/** A uniform deviate in the open interval (0, 1) from one word. */
export function uniformOf(word: number): number {
  return (word + 0.5) * 2.3283064365386963e-10;
}

/** A standard normal deviate from one word; the 2^32 words reach ±6.2 standard deviations. */
export function normalOf(word: number): number {
  return normalQuantile((word + 0.5) * 2.3283064365386963e-10);
}

/**
 * The inverse of the normal distribution function, good to 7 digits: far finer than any statistic drawn here
 * can see.
 *
 * @param probability in (0, 1).
 * @source Wichura 1988, Applied Statistics 37, 477: algorithm AS 241, routine PPND7.
 */
export function normalQuantile(probability: number): number {
  const q = probability - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  let r = Math.sqrt(-Math.log(q < 0 ? probability : 1 - probability));
  let x: number;
  if (r <= 5) {
    r -= 1.6;
    x =
      (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
      ((0.12021132975 * r + 0.7370016425) * r + 1);
  } else {
    r -= 5;
    x =
      (((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115) /
      ((0.012258202635 * r + 0.24197894225) * r + 1);
  }
  return q < 0 ? -x : x;
}
