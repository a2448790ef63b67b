import { describe, expect, it } from "vitest";
import { doInThreads, Thread } from "../lab/threads/threads.ts";
import { MhoError } from "../src/errors.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { TranslationOptions } from "../src/optimize/layerStrategy.ts";
import { Random } from "../src/random.ts";

const translation: TranslationOptions = {
  layout: { pairs: 1, significance: { kind: "given", factors: [1] }, scale: "full" },
  timesSeconds: [1, 3600],
  timeWeights: Float64Array.of(0.5, 0.5),
  rule: "least-squares",
  compensationPer: "tile",
  scalePer: "layer",
  pairDriftCorrelation: 0,
  clipPercentile: 100,
};
const setup = { model: pcm90nmDefinition, reads: 1, translation };
const inputs = [2, 3, 4].map((outputs, k) => {
  const normal = new Random(5).fork(`layer ${k}`);
  return {
    layers: [
      {
        inputs: 8,
        outputs,
        values: Float32Array.from(
          { length: 8 * outputs },
          (_, i) => (normal.at(i, 0).word0 >>> 0) / 2 ** 31 - 1,
        ),
      },
    ],
  };
});

describe("threads", () => {
  it("give the digits that one gives, and tell them in order", async () => {
    const told: number[] = [];
    const one = await doInThreads("solveLayers", setup, inputs, { threads: 0 });
    const two = await doInThreads("solveLayers", setup, inputs, {
      threads: 2,
      onOutput: ([strategy]) => told.push(strategy!.scales.length),
    });
    expect(two).toEqual(one);
    expect(told).toEqual([2, 3, 4]);
  });

  it("hand on what a job throws, with its code", async () => {
    const impossible = { ...setup, reads: -1 };
    await expect(doInThreads("solveLayers", impossible, inputs, { threads: 2 })).rejects.toThrow(MhoError);
  });

  it("reject what a thread that ended should have answered", async () => {
    const thread = new Thread("solveLayers", setup);
    const answer = thread.do(inputs[0]!);
    await thread.end();
    await expect(answer).rejects.toThrow("ended before");
  });

  it("begin nothing more once they are told to stop", async () => {
    const stopped = AbortSignal.abort();
    await expect(
      doInThreads("solveLayers", setup, inputs, { threads: 2, signal: stopped }),
    ).rejects.toMatchObject({
      code: "interrupted",
    });
  });
});
