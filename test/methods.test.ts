import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { amplitudeFor, slopeAt } from "../src/chip/amplitudeCurve.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { PcmPulses } from "../src/chip/technologies/pcm.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { isOpen, type ProgrammingTask, type Seen, verdictNames, verdicts } from "../src/program/method.ts";
import { chipNames } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { ProductProbe } from "../src/program/productProbe.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import { verifyPcm } from "../src/program/verifyPcm.ts";
import { verifyRram } from "../src/program/verifyRram.ts";
import { normalOf, Random } from "../src/random.ts";
import { describePcm64 } from "./support/chips.ts";

let description: ChipDescription;
let rram: ChipDescription;
/** A chip of each technology. */
let chips: readonly ChipDescription[];
beforeAll(async () => {
  description = await describePcm64();
  rram = await readChipDescription("chips/rram-128.json");
  chips = await Promise.all(chipNames.map((name) => readChipDescription(`chips/${name}.json`)));
});

function taskOf(targets: number[], pulseBudget = 1000): ProgrammingTask {
  return {
    rowCount: 1,
    tileRows: 1,
    devicesPerRow: targets.length,
    targetsMicrosiemens: Float32Array.from(targets),
    pulses: description.pulses,
    maxCode: 1000,
    pulsesLeft: new Uint32Array(targets.length).fill(pulseBudget),
  };
}

/** Read at the reference age, nothing in doubt. */
function justPulsed(devices: number) {
  return { agesSeconds: new Float32Array(devices).fill(20), unsure: new Uint8Array(devices) };
}

const target = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0, max: 25, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const reading = fc.oneof(fc.double({ min: 0, max: 41, noNaN: true }), fc.constantFrom(0, 40.92));

/** For what is claimed of every device in every turn: an `expect` for each takes most of a minute. */
function holds(claim: boolean, says: () => string): void {
  if (!claim) throw new Error(says());
}

const onTechnologies = builtInMethods.flatMap((method) =>
  method.technologies.map((technology) => [method.name, technology, method] as const),
);

describe.each(onTechnologies)("the method %s on %s devices", (_, technology, method) => {
  it("keeps to the limits, ends, and accepts no device unread since its last pulse, whatever it is shown", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(target, target, target, target), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.tuple(reading, fc.constantFrom(0, 0, 0, 1, 2))),
        fc.nat(40),
        (cellTargets, world, budget) => {
          const targets = cellTargets.flat();
          const cells = {
            devicesPerCell: 4,
            factors: [2, -2, 1, -1],
            wantedMicrosiemens: Float32Array.from(cellTargets, ([a, b, c, d]) => 2 * (a - b) + c - d),
          };
          const { pulses: kinds } = chips.find(({ pulses: { technology: of } }) => of.name === technology)!;
          const state = method.begin({ ...taskOf(targets, budget), pulses: kinds, cells }, pcm90nm);
          const pulses = targets.map(() => 0);
          const unread = targets.map(() => true);
          let seen: Seen | undefined;
          for (let turn = 0; ; turn++) {
            holds(turn < 400, () => "it ends");
            const { orders, verdicts: given, look } = method.next(state, seen);
            holds(orders.length <= 2, () => `${orders.length} orders in a turn`);
            targets.forEach((goal, i) => {
              const code = Math.max(0, ...orders.map(({ codes }) => codes[i]!));
              const verdict = given[i]!;
              const says = (): string => `device ${i} at turn ${turn}: ${code}, ${verdictNames[verdict]}`;
              holds(code <= 1000, says);
              if (verdict === verdicts.accepted || verdict === verdicts.inPlace) holds(!unread[i]!, says);
              if (verdict !== verdicts.pending && verdict !== verdicts.unverified) holds(code === 0, says);
              if (Number.isNaN(goal)) holds(code === 0 && verdict === verdicts.leftAlone, says);
              if (code !== 0) {
                pulses[i]!++;
                unread[i] = true;
              }
            });
            holds(Math.max(...pulses) <= budget, () => `${pulses.join()} pulses of ${budget}`);
            if (look.kind === "done") {
              holds(!given.some(isOpen), () => "a device is open at the end");
              break;
            }
            const readings = targets.map(() => world.next().value);
            seen = {
              conductanceMicrosiemens: Float32Array.from(readings.map(([g]) => g)),
              flags: Uint8Array.from(readings.map(([, flag]) => flag)),
              ...justPulsed(targets.length),
            };
            targets.forEach((_goal, i) => (unread[i] &&= seen!.flags[i] === readingFlags.invalid));
          }
        },
      ),
    );
  });
});

describe("program and verify", () => {
  /** A device that obeys the nominal curve, shifted, with scatter; it knows nothing of the emulator. */
  function converge(goals: number[], offsets: number[]): { accepted: number; pulses: number[] } {
    const method = verifyPcm;
    const state = method.begin(taskOf(goals), pcm90nm);
    const random = new Random(4).fork("devices");
    const held = new Float32Array(goals.length);
    const pulses = goals.map(() => 0);
    let draws = 0;
    for (;;) {
      const {
        orders,
        verdicts: given,
        look,
      } = method.next(state, {
        conductanceMicrosiemens: held,
        flags: new Uint8Array(held.length),
        ...justPulsed(held.length),
      });
      const codes = orders[0]?.codes;
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

  it.each([
    ["stuck high", [0, 20], () => 28],
    ["stuck low", [20], () => 0.12],
    ["open", [20], () => 0],
    ["weak", [5], (pulse: number) => (pulse < 2 ? 12 : 28)],
    ["saturated", [5], () => 40.92],
    ["unreadable", [5], () => Number.NaN],
    ["accepted outside tolerance", [0], () => 0.6],
  ])("gives up a device that is %s after a dozen pulses at most, and says so", (verdict, goals, world) => {
    const method = verifyPcm;
    const state = method.begin(taskOf(goals), pcm90nm);
    let pulses = 0;
    for (let seen: Seen | undefined; ; pulses++) {
      const decision = method.next(state, seen);
      if (decision.look.kind === "done") {
        expect([...decision.verdicts].map((one) => verdictNames[one])).toEqual(goals.map(() => verdict));
        break;
      }
      const reading = world(pulses);
      const flag = verdict === "saturated" ? 1 : Number.isNaN(reading) ? 2 : 0;
      seen = {
        conductanceMicrosiemens: new Float32Array(goals.length).fill(reading),
        flags: new Uint8Array(goals.length).fill(flag),
        ...justPulsed(goals.length),
      };
    }
    expect(pulses).toBeLessThanOrEqual(14);
  });

  it("pulses a device that already reads right, so that its drift begins with its neighbours'", () => {
    const { orders } = verifyPcm.next(verifyPcm.begin(taskOf([10]), pcm90nm), undefined);
    expect(orders[0]?.codes[0]).toBeGreaterThan(0);
  });

  it("of a run that goes on looks first, and does not wear what was pulsed and lies right", () => {
    const standing = {
      verdicts: new Uint8Array(3),
      pulses: Uint32Array.of(4, 4, 0),
      lastCodes: Uint16Array.of(510, 510, 0),
    };
    const state = verifyPcm.begin({ ...taskOf([10, 10, 10]), standing }, pcm90nm);
    const first = verifyPcm.next(state, undefined);
    expect([first.orders, first.look.kind]).toEqual([[], "read"]);
    const { orders } = verifyPcm.next(state, {
      conductanceMicrosiemens: Float32Array.of(10, 20, 10),
      flags: new Uint8Array(3),
      ...justPulsed(3),
    });
    expect([...orders[0]!.codes].map((code) => code > 0)).toEqual([false, true, true]);
  });

  it("looks again at the reference age, and pulses again what has strayed", () => {
    const state = verifyPcm.begin(taskOf([10, 10]), pcm90nm);
    const seen = (...g: number[]): Seen => ({
      conductanceMicrosiemens: Float32Array.from(g),
      flags: new Uint8Array(2),
      ...justPulsed(2),
    });
    verifyPcm.next(state, undefined);
    const inPlace = verifyPcm.next(state, seen(10, 10));
    expect(inPlace).toMatchObject({ orders: [], look: { kind: "read", afterSeconds: 20 } });
    expect([...inPlace.verdicts]).toEqual([verdicts.inPlace, verdicts.inPlace]);
    // Eight looks: one alone is too noisy for a verdict.
    let later = inPlace;
    for (let look = 0; look < 8; look++) {
      expect(later.verdicts[0]).toBe(verdicts.inPlace);
      later = verifyPcm.next(state, seen(10.2, 7));
    }
    expect([...later.verdicts]).toEqual([verdicts.accepted, verdicts.pending]);
    expect([...later.orders[0]!.codes].map((code) => code > 0)).toEqual([false, true]);
  });

  it("judges a young device by what it will be at the reference age", () => {
    // 1 s after its pulse a device of 10 µS still has ln(21/2) ν ≈ 12 % to lose.
    const verdictAt = (reading: number): number => {
      const state = verifyPcm.begin(taskOf([10]), pcm90nm);
      verifyPcm.next(state, undefined);
      const seen = {
        conductanceMicrosiemens: Float32Array.of(reading),
        flags: new Uint8Array(1),
        ...justPulsed(1),
      };
      return verifyPcm.next(state, { ...seen, agesSeconds: Float32Array.of(1) }).verdicts[0]!;
    };
    expect([verdictAt(10), verdictAt(11.22)]).toEqual([verdicts.pending, verdicts.inPlace]);
  });

  it("learns nothing from a reading after a pulse that may not have fired", () => {
    const codesAfter = (unsure: number): number => {
      const state = verifyPcm.begin(taskOf([10]), pcm90nm);
      const seen = {
        conductanceMicrosiemens: Float32Array.of(25),
        flags: new Uint8Array(1),
        ...justPulsed(1),
      };
      const first = verifyPcm.next(state, undefined).orders[0]!.codes[0]!;
      const second = verifyPcm.next(state, { ...seen, unsure: Uint8Array.of(unsure) }).orders[0]!.codes[0]!;
      return second - first;
    };
    expect(codesAfter(1)).toBe(0);
    expect(codesAfter(0)).toBeGreaterThan(0);
  });
});

describe("residual programming", () => {
  /** Cells of four devices that obey the nominal curve with scatter, and are read without noise. */
  function weightError(method: "verify" | "residual", broken?: { device: number; at: number }): number {
    const count = 400;
    const random = new Random(5).fork(method);
    const targets: number[] = [];
    const wanted = Float32Array.from({ length: count }, (_, cell) => {
      const w = ((cell * 37) % 120) - 60;
      const [minor, major] = [Math.min(20, Math.abs(w)), Math.max(0, (Math.abs(w) - 20) / 2)];
      targets.push(...(w > 0 ? [major, 0, minor, 0] : [0, major, 0, minor]));
      return w;
    });
    const cells = { devicesPerCell: 4, factors: [2, -2, 1, -1], wantedMicrosiemens: wanted };
    const chosen = methodFor(builtInMethods, method, description);
    const state = chosen.begin({ ...taskOf(targets), cells }, pcm90nm);
    const held = new Float32Array(4 * count);
    let draws = 0;
    for (let seen: Seen | undefined; ;) {
      const { orders, look } = chosen.next(state, seen);
      orders[0]?.codes.forEach((code, i) => {
        if (code === 0) return;
        random.at(draws++, 0);
        const amplitude = code * 0.49 - 5 * normalOf(random.word0);
        held[i] =
          (0.12 + 29.88 / (1 + Math.exp((amplitude - 250) / 22))) * (1 + 0.06 * normalOf(random.word1));
      });
      if (broken !== undefined) held[broken.device] = broken.at;
      if (look.kind === "done") break;
      seen = {
        conductanceMicrosiemens: held,
        flags: new Uint8Array(held.length),
        ...justPulsed(held.length),
      };
    }
    if (broken !== undefined) {
      const first = broken.device - (broken.device % 4);
      return 2 * (held[first]! - held[first + 1]!) + held[first + 2]! - held[first + 3]! - wanted[first / 4]!;
    }
    let square = 0;
    wanted.forEach((w, cell) => {
      const [a, b, c, d] = held.subarray(4 * cell, 4 * cell + 4);
      square += (2 * (a! - b!) + c! - d! - w) ** 2;
    });
    return Math.sqrt(square / count);
  }

  it("leaves at most 0.7 of verify's weight error where reads tell the truth", () => {
    expect(weightError("residual")).toBeLessThan(0.7 * weightError("verify"));
  });

  it.each([
    ["stuck high", 28],
    ["open", 0],
  ])("lets the others of a cell take the part of a device that is %s", (_, at) => {
    // Weight −23 at cell 1: of G− and g− the larger device is the one that fails.
    expect(Math.abs(weightError("residual", { device: 7, at }))).toBeLessThan(1.5);
  });
});

describe("a probe by products", () => {
  it("finds every conductance, whatever offset the converter has, and drives no line much more than by chance", () => {
    for (const [tileRows, rows] of [
      [64, 64],
      [64, 37],
      [256, 256],
    ] as const) {
      const probe = new ProductProbe(tileRows, rows);
      const g = Float64Array.from({ length: rows * 3 }, (_, i) => ((i * 37) % 101) / 5);
      const products = probe.inputs.map((inputs) =>
        Float32Array.from({ length: 3 }, (_, k) => {
          let sum = 7;
          for (let row = 0; row < rows; row++) sum += (inputs[row]! / 127) * g[row * 3 + k]!;
          return sum;
        }),
      );
      const found = new Float32Array(rows * 3);
      probe.addTo(found, products);
      found.forEach((value, i) => expect(value).toBeCloseTo(g[i]!, 2));
      const sums = probe.inputs.map((inputs) => Math.abs(inputs.reduce((sum, x) => sum + x / 127, 0)));
      expect(Math.max(...sums)).toBeLessThanOrEqual(3 * Math.sqrt(rows));
    }
  });
});

describe("program and verify of resistive devices", () => {
  /** A device that goes a share of the way to a limit which its voltage sets; it knows nothing of the emulator. */
  function pulsesNeeded(target: number, thresholdOffset: number, start: number): number {
    const state = verifyRram.begin({ ...taskOf([target], 200), pulses: rram.pulses, maxCode: 660 }, pcm90nm);
    let held = start;
    let pulses = 0;
    for (let seen: Seen | undefined; ;) {
      const { orders, look } = verifyRram.next(state, seen);
      if (look.kind === "done") return pulses;
      for (const { kind, codes } of orders) {
        const volts = codes[0]! * 0.005 - thresholdOffset;
        const limit = kind === "set" ? 70 * Math.max(0, volts - 1.45) : 45 * Math.exp(-(volts - 1.6) / 0.35);
        if (kind === "set" ? limit > held : limit < held) held += 0.5 * (limit - held);
        pulses++;
      }
      seen = { conductanceMicrosiemens: Float32Array.of(held), flags: new Uint8Array(1), ...justPulsed(1) };
    }
  }

  it.each([
    [20, 0, 60],
    [20, 0.2, 60],
    [5, -0.2, 60],
    [35, 0.15, 2],
    [10, 0, 0.5],
  ])(
    "reaches %d µS on a device whose threshold is %d V off, from %d µS, in at most 12 pulses",
    (target, off, start) => {
      expect(pulsesNeeded(target, off, start)).toBeLessThanOrEqual(12);
    },
  );
});

describe("a nominal curve", () => {
  it("is undone by its inverse everywhere on it", () => {
    const { nominalCurve: curve } = (description.pulses as PcmPulses).reset;
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
    const { nominalCurve: curve } = (description.pulses as PcmPulses).reset;
    expect(amplitudeFor(curve, 50)).toBe(0);
    expect(amplitudeFor(curve, 0)).toBe(490);
  });
});
