import { describe, expect, it } from "vitest";
import { DemoPace } from "../cli/demoPace.ts";
import { tellDemo } from "../cli/demoTelling.ts";
import { openOutput } from "../cli/output.ts";
import { accuracyMeasure, similarityMeasure } from "../src/results/networkMeasure.ts";
import type { BenchEvent, StampedEvent } from "../lab/events.ts";
import { linesOf } from "../cli/demoTable.ts";
import { judgedAt } from "../lab/demo/contest.ts";
import type { DemoResult } from "../lab/demo/demoStory.ts";
import { resultOf } from "../lab/demo/figures.ts";
import { headlineOf } from "../lab/demo/headline.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";

const networkOf = (images: number): TrainedNetwork =>
  ({
    inputs: images,
    measure: images === 0 ? undefined : accuracyMeasure,
    softwareScore: images === 0 ? Number.NaN : 0.987,
  }) as TrainedNetwork;

/** A chip whose contenders get so much right, and err by so much, at every time. */
function chipOf(...contenders: readonly (readonly [score: number, rmsPercent: number])[]) {
  return contenders.map(([score, rmsPercent]) =>
    judgedAt.map((timeSeconds) => ({ timeSeconds, rmsPercent, productPercent: 0, score })),
  );
}

describe("a demo's headline", () => {
  it("has two numbers, and the interval of their difference beside them", () => {
    const { headline, beside } = headlineOf(networkOf(597), [
      chipOf([0.434, 19], [0.948, 8.3], [0.95, 8.2], [0.987, 4.5]),
    ]);
    expect(headline).toBe(
      "After 1 year the closed loop gets 98.7 % of the images right, the best open loop 94.8 %.",
    );
    // 1.96 √((0.948 · 0.052 + 0.987 · 0.013) / 597) = 0.0200
    expect(beside).toEqual([
      "The difference is 3.9 ± 2.0 points (95 %, by 597 images).",
      "In software: 98.7 %. Programmed by hand: 43.4 %.",
    ]);
  });

  it("claims no difference that so few images cannot tell", () => {
    const { beside } = headlineOf(networkOf(597), [
      chipOf([0.97, 19], [0.974, 8.3], [0.97, 8.2], [0.979, 4.5]),
    ]);
    expect(beside[0]).toMatch(/^By 597 images no difference can be told \(0\.5 ± 1\.7 points, 95 %\)/);
  });

  it("is of the weights' error where there are no images, and of the mean over chips", () => {
    const { headline } = headlineOf(networkOf(0), [
      chipOf([0, 19], [0, 8], [0, 8], [0, 4]),
      chipOf([0, 19], [0, 9], [0, 8], [0, 5]),
    ]);
    expect(headline).toBe(
      "After 1 year the weights err by 4.5 % in the closed loop, and by 8.5 % in the best open loop.",
    );
  });
});

describe("a demo of a network without labels", () => {
  const network = {
    name: "mine.onnx",
    measure: similarityMeasure,
    inputs: 40,
    softwareScore: 1,
  } as TrainedNetwork;
  /** Cosines of the contenders, and of the tenth of their inputs that did worst. */
  const cosines = [
    [0.9, 0.8],
    [0.98, 0.95],
    [0.981, 0.951],
    [0.997, 0.99],
  ] as const;
  const chip = cosines.map(([score, worstTenth]) =>
    judgedAt.map((timeSeconds) => ({ timeSeconds, rmsPercent: 3, productPercent: 0, score, worstTenth })),
  );
  const first = {
    identity: { serialNumber: "1" },
    fit: { believe: true },
    corrected: [],
    characterisation: { pulses: 1, chipSeconds: 1 },
    description: { pulses: { technology: {} } },
    results: cosines.map((_, c) => ({ run: `r${c}`, chipSeconds: 1, overview: { pulses: 1, verdicts: {} } })),
  } as unknown as DemoResult;

  it("has the cosines of both loops for a headline, and those of the worst inputs beside them", () => {
    const { headline, beside } = headlineOf(network, [chip]);
    expect(headline).toBe(
      "After 1 year the outputs have a cosine of 0.9970 to software's in the closed loop, and of 0.9800 in the best open loop.",
    );
    expect(beside).toEqual([
      "Mean over 40 inputs. Of the tenth that does worst: 0.9900 and 0.9500.",
      "Programmed by hand: 0.9000.",
    ]);
  });

  it("shows both in its table", () => {
    const headline = headlineOf(network, [chip]);
    const text = linesOf({ network, first, chips: [chip], headline })
      .map((line) => line.text)
      .join("\n");
    expect(text).toMatch(
      /cosine of the outputs to those in software, mean over 40 inputs\n +in software +1\.0000/,
    );
    expect(text).toMatch(/tenth of the inputs that did worst\n +by hand +0\.8000/);
    expect(text).not.toMatch(/images right/);
  });

  it("gives machines the similarity, and null for accuracy", () => {
    const predicted = { mean: [0.9], low: [0.8], high: [0.95] };
    const found = resultOf(network, first, [chip], [undefined, predicted, undefined, undefined]);
    expect(found).toMatchObject({ measure: "similarity", inputs: 40, images: 0, software_accuracy: null });
    const unknown = judgedAt.map(() => null);
    expect(found.contenders[1]).toMatchObject({
      accuracy: unknown,
      accuracy_spread: unknown,
      predicted_accuracy: null,
      similarity: judgedAt.map(() => 0.98),
      similarity_worst_tenth: judgedAt.map(() => 0.95),
      predicted_similarity: predicted,
    });
    const labelled = resultOf({ ...network, measure: accuracyMeasure }, first, [chip], []);
    expect(labelled).toMatchObject({ measure: "accuracy", inputs: 40, images: 40, software_accuracy: 1 });
    expect(labelled.contenders[1]).toMatchObject({ similarity: unknown, predicted_similarity: null });
  });
});

describe("a demo's progress", () => {
  const started = (run: string) =>
    ({ type: "started", run, method: "verify", devices: 100 }) as unknown as BenchEvent;
  const turn = (done: number) =>
    ({ type: "turn", devices_done: done, inside: 0, devices: 100 }) as unknown as BenchEvent;
  const chapter = (number: number) => ({ type: "chapter", number, title: "x" }) as unknown as BenchEvent;
  const ended = { type: "ended", outcome: "done" } as unknown as BenchEvent;

  it("never goes back, and says nothing of the time left before it can know", () => {
    let now = 0;
    const pace = new DemoPace(() => now);
    const left: (number | undefined)[] = [];
    const story = [
      [chapter(1), started("r1"), ended],
      [chapter(2), started("r2"), turn(50), turn(40), ended],
      [chapter(3), started("r3"), ended, started("r4"), ended],
      // No correction was worth it.
      [chapter(4), started("r5"), turn(100), ended],
    ].flat();
    for (const event of story) {
      now += 4_000_000;
      pace.hear(event);
      left.push(pace.secondsLeft());
    }
    expect(left.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(left[6]).toBeGreaterThan(left[5]!);
    expect(left.at(-1)).toBeLessThan(left[8]!);
  });

  it("counts each step once, so that equal steps leave equal shares", () => {
    let now = 0;
    const pace = new DemoPace(() => now);
    const story = [
      [chapter(1), started("r1"), ended],
      [chapter(2), started("r2"), ended],
      [chapter(3), started("r3"), ended, started("r4"), ended],
      [chapter(4), started("r5"), ended, started("r6"), ended, started("r7"), ended],
    ].flat();
    const left = story.map((event) => {
      now += 10_000_000;
      pace.hear(event);
      return pace.secondsLeft();
    });
    // The fourth chapter is the longest: as it begins, more of the time lies ahead than behind.
    const fourth = story.findIndex((event) => event.type === "chapter" && event.number === 4);
    expect(left[fourth]).toBeGreaterThan(10 * (fourth + 1));
    expect(left.at(-1)).toBeLessThan(5);
  });

  it("tells a story in a dozen lines, however many turns it takes", () => {
    const said: string[] = [];
    const output = { ...openOutput({ quiet: true }), say: (text: string) => void said.push(text) };
    const tell = tellDemo(output, { chipStays: false });
    const hear = (event: BenchEvent) => tell(event as unknown as StampedEvent<{ type: string }>);
    for (let number = 1; number <= 4; number++) {
      hear(chapter(number));
      hear(started(`r${number}`));
      for (let k = 0; k < 100; k++) hear(turn(k));
      hear(ended);
    }
    hear({ type: "corrected", devices: [12, 0] } as unknown as BenchEvent);
    expect(said).toHaveLength(5);
    expect(said.at(-1)).toBe("   Corrected 12 devices, then 0 devices.");
  });
});
