import { describe, expect, it } from "vitest";
import { tellWait } from "../cli/progress.ts";
import type { CalculatingEvent, StampedEvent } from "../lab/events.ts";
import { ShareTeller } from "../lab/shareTeller.ts";
import { doInThreads } from "../lab/threads/threads.ts";
import { tellEvents } from "../cli/tellEvents.ts";
import type { Output } from "../cli/output.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { Random } from "../src/random.ts";
import { translationFor } from "../lab/translation.ts";

const random = new Random(3);
const values = Float32Array.from({ length: 24 * 16 }, (_, i) => random.at(i, 0).word0 / 2 ** 31 - 1);
const layer = { inputs: 24, outputs: 16, values };

describe("how far a calculation is", () => {
  it("is told every two seconds at most, with what is left by what was done", () => {
    const told: CalculatingEvent[] = [];
    let now = 0;
    const teller = new ShareTeller(
      "curves",
      4,
      (event) => told.push(event),
      () => now,
    );
    teller.note(0, 0.04);
    now = 2.5e6;
    teller.note(0, 0.04);
    now = 4e6;
    teller.note(0, 1);
    teller.note(1, 0.6);
    now = 5e6;
    teller.note(0, 0.2);
    expect(told).toEqual([
      {
        type: "calculating",
        what: "curves",
        parts: 4,
        parts_done: 0,
        share: 0.01,
        elapsed_seconds: 2.5,
        left_seconds: null,
      },
      {
        type: "calculating",
        what: "curves",
        parts: 4,
        parts_done: 1,
        share: 0.4,
        elapsed_seconds: 5,
        left_seconds: 7.5,
      },
    ]);
  });

  const given = { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" } as const;
  it.each([
    ["as usual", {}],
    ["of a significance that is given", { layout: given }],
    ["with an α a column", { layout: given, compensationPer: "column" }],
  ] as const)("a translation %s knows roughly, and never goes back", (_, asked) => {
    const model = modelOf(pcm90nmDefinition);
    const translator = new Translator(model, { ...translationFor(model, { timesSeconds: [60] }), ...asked });
    const shares: number[] = [];
    translator.strategiesFor([layer, layer], undefined, (share) => shares.push(share));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBeGreaterThan(0.6);
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
  });

  it("is heard from other threads, whose digits are the same", async () => {
    const model = modelOf(pcm90nmDefinition);
    const layout = { pairs: 2, significance: { kind: "one-of", ratios: [1, 2, 4] }, scale: "full" } as const;
    const translation = { ...translationFor(model, { timesSeconds: [1] }), layout };
    const setup = { model: pcm90nmDefinition, reads: 1, translation };
    const heard = async (threads: number) => {
      const shares: [number, number][] = [];
      const outputs = await doInThreads("solveLayers", setup, [{ layers: [layer] }, { layers: [layer] }], {
        threads,
        onShare: (index, share) => shares.push([index, share]),
      });
      return {
        outputs,
        shares: [0, 1].map((index) => shares.filter(([of]) => of === index).map(([, share]) => share)),
      };
    };
    const [here, there] = [await heard(0), await heard(2)];
    expect(there).toEqual(here);
    expect(here.shares[0]!.length).toBe(4);
  });

  it("is a line on a terminal, and one every ten seconds in a log", () => {
    const lines: (readonly [string, string | undefined])[] = [];
    const output = {
      say: () => undefined,
      progress: (text: string | readonly string[], steady?: string) =>
        void lines.push([typeof text === "string" ? text : text[0]!, steady]),
    } as unknown as Output;
    const tell = tellEvents(output, {});
    const event = (
      what: "curves" | "chips",
      parts: number,
      seconds: number,
    ): StampedEvent<CalculatingEvent> => ({
      type: "calculating",
      what,
      parts,
      parts_done: 1,
      share: 0.256,
      elapsed_seconds: seconds,
      left_seconds: what === "chips" ? null : 95.4,
      time: "",
      seq: 0,
      version: 1,
    });
    tell(event("curves", 1, 4));
    tell(event("curves", 5, 11));
    tell(event("chips", 25, 12));
    expect(lines).toEqual([
      ["translating, 25 %, about 1.58 min left", undefined],
      [
        expect.stringMatching(/^translating, 1 of 5 done, 25 %, about /),
        expect.stringMatching(/^translating, 1 of 5/),
      ],
      ["1 of 25 chips drawn, 25 %", undefined],
    ]);
  });

  it("is, of a wait, what is left of it whenever that is asked again", () => {
    const told: (readonly string[])[] = [];
    let again: () => string | readonly string[] = () => "";
    const progress: Output["progress"] = (text, steady, later) => {
      told.push([text].flat(), steady === undefined ? [] : [steady]);
      again = later!;
    };
    tellWait({ progress }, 0.4, (when, at) => [when, at]);
    expect(told).toEqual([[expect.stringMatching(/^at .*, in 400 ms$/), expect.any(String)], []]);
    expect(again()[0]).toMatch(/^at .*, in 1 s$/);
    tellWait({ progress }, 3600, (when, at) => [when, at]);
    expect(told.at(-1)).toEqual([expect.stringMatching(/^at .*, in 1 h$/)]);
  });
});
