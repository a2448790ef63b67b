import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { amplitudeFor, slopeAt } from "../src/chip/amplitudeCurve.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { type ProgrammingTask, verdicts } from "../src/program/method.ts";
import { methods } from "../src/program/methods.ts";
import { normalOf, Random } from "../src/random.ts";
import { describePcm64 } from "./support/chips.ts";

let description: ChipDescription;
beforeAll(async () => {
  description = await describePcm64();
});

function taskOf(targets: number[], pulseBudget = 1000): ProgrammingTask {
  return {
    rowCount: 1,
    devicesPerRow: targets.length,
    targetsMicrosiemens: Float32Array.from(targets),
    reset: description.reset,
    maxCode: 1000,
    pulseBudget,
  };
}

const target = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0, max: 25, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const reading = fc.oneof(fc.double({ min: 0, max: 41, noNaN: true }), fc.constantFrom(0, 40.92));

describe.each(Object.values(methods).map((method) => [method.name, method] as const))(
  "the method %s",
  (_, method) => {
    it("keeps to the limits, ends, and accepts no device unread since its last pulse, whatever it is shown", () => {
      fc.assert(
        fc.property(
          fc.array(target, { minLength: 1, maxLength: 12 }),
          fc.infiniteStream(fc.tuple(reading, fc.constantFrom(0, 0, 0, 1, 2))),
          fc.nat(40),
          (targets, world, budget) => {
            const state = method.begin(taskOf(targets, budget), pcm90nm);
            const pulses = targets.map(() => 0);
            const unread = targets.map(() => true);
            let seen: { conductanceMicrosiemens: Float32Array; flags: Uint8Array } | undefined;
            for (let turn = 0; ; turn++) {
              expect(turn).toBeLessThan(100);
              const { codes, verdicts: given, look } = method.next(state, seen);
              targets.forEach((goal, i) => {
                const code = codes?.[i] ?? 0;
                expect(code <= 1000).toBe(true);
                if (given[i] === verdicts.accepted) expect(unread[i]).toBe(false);
                if (given[i] !== verdicts.pending && given[i] !== verdicts.unverified) expect(code).toBe(0);
                if (Number.isNaN(goal)) expect([code, given[i]]).toEqual([0, verdicts.leftAlone]);
                if (code !== 0) {
                  pulses[i]!++;
                  unread[i] = true;
                }
              });
              expect(Math.max(...pulses)).toBeLessThanOrEqual(budget);
              if (look.kind === "done") {
                expect([...given]).not.toContain(verdicts.pending);
                break;
              }
              const readings = targets.map(() => world.next().value);
              seen = {
                conductanceMicrosiemens: Float32Array.from(readings.map(([g]) => g)),
                flags: Uint8Array.from(readings.map(([, flag]) => flag)),
              };
              targets.forEach((_goal, i) => (unread[i] &&= seen!.flags[i] === readingFlags.invalid));
            }
          },
        ),
      );
    });
  },
);

describe("program and verify", () => {
  /** A device that obeys the nominal curve, shifted, with scatter; it knows nothing of the emulator. */
  function converge(goals: number[], offsets: number[]): { accepted: number; pulses: number[] } {
    const method = methods.verify;
    const state = method.begin(taskOf(goals), pcm90nm);
    const random = new Random(4).fork("devices");
    const held = new Float32Array(goals.length);
    const pulses = goals.map(() => 0);
    let draws = 0;
    for (;;) {
      const {
        codes,
        verdicts: given,
        look,
      } = method.next(state, {
        conductanceMicrosiemens: held,
        flags: new Uint8Array(held.length),
      });
      if (look.kind === "done") {
        return { accepted: given.filter((v) => v === verdicts.accepted).length, pulses };
      }
      codes?.forEach((code, i) => {
        if (code === 0) return;
        pulses[i]!++;
        random.at(draws++, 0);
        const amplitude = code * 0.49 - offsets[i]! - 5 * normalOf(random.word0);
        held[i] =
          (0.12 + 29.88 / (1 + Math.exp((amplitude - 250) / 22))) * (1 + 0.06 * normalOf(random.word1));
      });
    }
  }

  it("brings 99 % of 2,000 shifted devices into their margins in at most 7 pulses in the mean", () => {
    const random = new Random(9).fork("offsets");
    const goals = Array.from({ length: 2000 }, (_, i) => 1 + (i % 25));
    const offsets = goals.map((_, i) => 20 * normalOf(random.at(i, 0).word0));
    const { accepted, pulses } = converge(goals, offsets);
    expect(accepted).toBeGreaterThanOrEqual(0.99 * goals.length);
    expect(pulses.reduce((sum, n) => sum + n, 0) / goals.length).toBeLessThan(7);
  });

  it("gives up a device that cannot get there, and says why", () => {
    const method = methods.verify;
    const state = method.begin(taskOf([0, 20]), pcm90nm);
    const stuck = { conductanceMicrosiemens: Float32Array.of(5, 5), flags: new Uint8Array(2) };
    let given: Uint8Array = new Uint8Array(0);
    for (let turn = 0; turn < 40; turn++) {
      const decision = method.next(state, turn === 0 ? undefined : stuck);
      given = decision.verdicts;
      if (decision.look.kind === "done") break;
    }
    expect([...given]).toEqual([verdicts.unreachable, verdicts.unreachable]);
  });

  it("pulses a device that already reads right, so that its drift begins with its neighbours'", () => {
    const state = methods.verify.begin(taskOf([10]), pcm90nm);
    methods.verify.next(state, undefined);
    const { codes } = methods.verify.next(state, {
      conductanceMicrosiemens: Float32Array.of(10),
      flags: new Uint8Array(1),
    });
    expect(codes?.[0]).toBeGreaterThan(0);
  });
});

describe("a nominal curve", () => {
  it("is undone by its inverse everywhere on it", () => {
    const { nominalCurve: curve } = description.reset;
    fc.assert(
      fc.property(fc.double({ min: 0.13, max: 29.9, noNaN: true }), (g) => {
        const amplitude = amplitudeFor(curve, g);
        const { amplitudeMicroamperes: x, conductanceMicrosiemens: y } = curve;
        const i = x.findIndex((_, k) => x[k + 1]! >= amplitude);
        const part = (amplitude - x[i]!) / (x[i + 1]! - x[i]!);
        expect(y[i]! + part * (y[i + 1]! - y[i]!)).toBeCloseTo(g, 6);
        expect(slopeAt(curve, g)).toBeGreaterThan(0);
      }),
    );
  });

  it("brings what lies beyond its ends to them", () => {
    const { nominalCurve: curve } = description.reset;
    expect(amplitudeFor(curve, 50)).toBe(0);
    expect(amplitudeFor(curve, 0)).toBe(490);
  });
});
