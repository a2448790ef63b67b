import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalOf, normalQuantile, Random, uniformOf } from "../src/random.ts";

describe("Random", () => {
  it("gives the published words of Threefry-2x32 with 20 rounds", () => {
    const zeros = new Random(0, 0).at(0, 0);
    expect([zeros.word0, zeros.word1]).toEqual([0x6b200159, 0x99ba4efe]);
    const ones = new Random(0xffffffff, 0xffffffff).at(0xffffffff, 0xffffffff);
    expect([ones.word0, ones.word1]).toEqual([0x1cb996fc, 0xbb002be7]);
    const pi = new Random(0x13198a2e, 0x03707344).at(0x243f6a88, 0x85a308d3);
    expect([pi.word0, pi.word1]).toEqual([0xc4923a9c, 0x483df7a0]);
  });

  it("fills a row with the very words of its counters, over the end of 32 bits too", () => {
    for (const [first, stride] of [
      [7, 1],
      [0xfffffffe, 1],
      [100, 2],
    ] as const) {
      const random = new Random(0x89abcdef, 5);
      const words = new Int32Array(12);
      random.fill(words, first, 99, stride);
      const oneByOne = Array.from({ length: 6 }, (_, n) => {
        const { word0, word1 } = random.at(first + n * stride, 99);
        return [word0, word1];
      });
      expect([...new Uint32Array(words.buffer)]).toEqual(oneByOne.flat());
    }
  });

  it("draws the same words for a counter whatever was drawn before", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat()), (counter, others) => {
        const fresh = new Random(5).at(counter, 1).word0;
        const used = new Random(5);
        for (const other of others) used.at(other, 0);
        expect(used.at(counter, 1).word0).toBe(fresh);
      }),
    );
  });

  it("forks to a source that depends on the whole label and the whole key", () => {
    const words = ["reads", "read", "reads ", "sread", ""].flatMap((label) =>
      [new Random(1), new Random(2), new Random(1, 1)].map((random) => random.fork(label).at(0, 0).word0),
    );
    expect(new Set(words).size).toBe(words.length);
    expect(new Random(1).fork("reads").at(0, 0).word0).toBe(words[0]);
  });

  it("keeps uniform deviates inside the open interval (0, 1)", () => {
    expect(uniformOf(0)).toBeGreaterThan(0);
    expect(uniformOf(0xffffffff)).toBeLessThan(1);
  });
});

describe("normal deviates", () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [0.6, 0.2533471031357997],
    [1e-6, -4.753424308822899],
    [1e-13, -7.348796102800681],
  ])("has the quantile of %f right to seven digits", (probability, quantile) => {
    expect(Math.abs(normalQuantile(probability) - quantile)).toBeLessThan(2e-6);
  });

  it("rise with the word and are symmetric", () => {
    fc.assert(
      fc.property(fc.nat({ max: 0x7fffffff }), (word) => {
        expect(normalOf(word + 1)).toBeGreaterThanOrEqual(normalOf(word));
        expect(normalOf(word) + normalOf(0xffffffff - word)).toBeCloseTo(0, 5);
      }),
    );
  });

  it("have the first four moments of the normal law (100,000 draws, 4 standard errors)", () => {
    const n = 100_000;
    const random = new Random(11).fork("moments");
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const z = normalOf(random.at(i, 0).word0);
      sums[0]! += z;
      sums[1]! += z * z;
      sums[2]! += z * z * z;
      sums[3]! += z * z * z * z;
    }
    // Standard errors of the mean moments: sqrt of 1, 2, 15 and 96, over sqrt(n).
    [0, 1, 0, 3].forEach((moment, k) => {
      const error = Math.sqrt([1, 2, 15, 96][k]! / n);
      expect(Math.abs(sums[k]! / n - moment)).toBeLessThan(4 * error);
    });
  });
});
