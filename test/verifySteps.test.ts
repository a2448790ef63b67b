import { beforeAll, describe, expect, it } from "vitest";
import { programChip } from "../bench/programmed.ts";
import { findPreset } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { highestCode, type ChipDescription } from "../src/chip/description.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { type EcramPulses, ecramPulsesOf, stepAt } from "../src/chip/technologies/ecram.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { ChargeLoss } from "../src/program/chargeLoss.ts";
import { type Decision, type Seen, verdicts } from "../src/program/method.ts";
import { StepBelief } from "../src/program/stepBelief.ts";
import { stepMargin, verifySteps } from "../src/program/verifySteps.ts";

const model = modelOf(builtInDefinition("ecram-li")!);
let chip: ChipDescription;
let pulses: EcramPulses;
beforeAll(async () => {
  chip = await readChipDescription("chips/ecram-64.json");
  pulses = ecramPulsesOf(chip);
});

interface ToyDevice {
  conductance: number;
  /** Of the datasheet's steps, up and down. */
  readonly up: number;
  readonly down: number;
}

/** Carries the method's decisions out on devices without noise. @returns the verdicts, and all pulses of each device. */
function programToys(
  devices: readonly ToyDevice[],
  targets: readonly number[],
  { flags = (_turn: number) => readingFlags.ok as number, pulsesLeft = 200 } = {},
) {
  const state = verifySteps.begin(
    {
      rowCount: 1,
      tileRows: 1,
      devicesPerRow: devices.length,
      targetsMicrosiemens: Float32Array.from(targets),
      pulses,
      maxCode: highestCode(chip),
      pulsesLeft: new Uint32Array(devices.length).fill(pulsesLeft),
    },
    model,
  );
  const felt = devices.map(() => 0);
  let seen: Seen | undefined;
  let decision: Decision;
  for (let turn = 0; ; turn++) {
    expect(turn).toBeLessThan(300);
    decision = verifySteps.next(state, seen);
    if (decision.look.kind !== "read") break;
    for (const { kind, codes } of decision.orders) {
      devices.forEach((device, i) => {
        if (codes[i] === 0) return;
        felt[i]!++;
        const step = stepAt(kind === "set" ? pulses.set : pulses.reset, device.conductance);
        device.conductance += codes[i]! * step * (kind === "set" ? device.up : -device.down);
      });
    }
    seen = {
      conductanceMicrosiemens: Float32Array.from(devices, ({ conductance }) => conductance),
      flags: new Uint8Array(devices.length).fill(flags(turn)),
      agesSeconds: new Float32Array(devices.length).fill(decision.look.afterSeconds),
      unsure: new Uint8Array(devices.length),
    };
  }
  return { given: [...decision.verdicts], felt };
}

describe("verify by learned steps", () => {
  it("brings devices whose steps are half and twice the datasheet's to their targets within ten pulses of what the way takes", () => {
    const devices = [0.5, 0.7, 1, 1.4, 2].flatMap((up) =>
      [0.5, 1, 2].map((down) => ({ conductance: 6, up, down })),
    );
    const targets = devices.map((_, i) => (i % 2 === 0 ? 17 : 3));
    const shortest = devices.map(({ up, down }, i) => {
      const pulse = i % 2 === 0 ? pulses.set : pulses.reset;
      return (
        Math.abs(targets[i]! - 6) / (32 * stepAt(pulse, (targets[i]! + 6) / 2) * (i % 2 === 0 ? up : down))
      );
    });
    const { given, felt } = programToys(devices, targets);
    expect(new Set(given)).toEqual(new Set([verdicts.accepted]));
    devices.forEach(({ conductance }, i) =>
      expect(Math.abs(conductance - targets[i]!)).toBeLessThanOrEqual(stepMargin(model)),
    );
    felt.forEach((n, i) => expect(n).toBeLessThan(shortest[i]! + 10));
  });

  it("names devices that do not obey, and wears them by few pulses", () => {
    const dead = (conductance: number): ToyDevice => ({ conductance, up: 0, down: 0 });
    const { given, felt } = programToys(
      [dead(22), dead(1.5), dead(0), dead(1.2), { conductance: 6, up: 1, down: 1 }],
      [10, 10, 10, 0.3, 10],
    );
    expect(given).toEqual([
      verdicts.stuckHigh,
      verdicts.stuckLow,
      verdicts.open,
      verdicts.unreachable,
      verdicts.accepted,
    ]);
    expect(Math.max(...felt.slice(0, 4))).toBeLessThanOrEqual(12);
  });

  it("gives no verdict on a reading that was nothing, and calls a device unreadable after three", () => {
    const sound = (): ToyDevice => ({ conductance: 6, up: 1, down: 1 });
    expect(programToys([sound()], [9], { flags: () => readingFlags.invalid }).given).toEqual([
      verdicts.unreadable,
    ]);
    const once = programToys([sound()], [9], { flags: (turn) => (turn === 2 ? readingFlags.invalid : 0) });
    expect(once.given).toEqual([verdicts.accepted]);
  });

  it("ends with budget spent where the way is longer than the pulses reach", () => {
    const { given, felt } = programToys([{ conductance: 3, up: 1, down: 1 }], [18], { pulsesLeft: 5 });
    expect([given, felt]).toEqual([[verdicts.budgetSpent], [5]]);
  });

  it.each(["usual", "leaky"] as const)(
    "accepts healthy devices of %s births, whose noise-free truth at the last look lies within the margin",
    async (births) => {
      const preset = {
        ...findPreset("ecram-64", { births })!,
        defects: findPreset("ecram-64", { births: "sound" })!.defects,
      };
      const targetsMicrosiemens = Float32Array.from(
        { length: 4096 },
        (_, i) => 2.5 + (17.5 * ((i * 7919) % 1000)) / 1000,
      );
      const tiles = [{ block: { tile: 0, rowStart: 0, rowCount: 32 }, targetsMicrosiemens }];
      const { memories, firmware, endedAt } = await programChip({
        preset,
        seed: 3,
        method: "verify",
        model,
        tiles,
      });
      const [memory] = memories;
      const truth = firmware.chip.truthOfBlock(tiles[0]!.block, endedAt);
      const accepted = Array.from(memory!.verdicts, (verdict, i) => [verdict, i] as const).filter(
        ([verdict]) => verdict === verdicts.accepted,
      );
      const within = accepted.filter(
        ([, i]) => Math.abs(truth[i]! - targetsMicrosiemens[i]!) <= stepMargin(model),
      );
      expect(accepted.length / 4096).toBeGreaterThan(0.998);
      expect(within.length / accepted.length).toBeGreaterThan(0.996);
      expect(memory!.pulses.reduce((sum, n) => sum + n, 0) / 4096).toBeLessThan(13.5);
    },
  );
});

describe("what is believed of steps", () => {
  it("comes within 5 % of a device's own steps by four pulses, and is told half of it by steps the other way", () => {
    const belief = new StepBelief(pulses, 1);
    const codesFor = (from: number, to: number): number => belief.codesFor(0, from, to);
    const [up, down] = [codesFor(8, 9), codesFor(9, 8)];
    for (let n = 0; n < 4; n++) belief.learn(0, true, 32, 8, 8 + 1.3 * belief.nominal(true, 32, 8), 0.03);
    expect(Math.abs(up / codesFor(8, 9) / 1.3 - 1)).toBeLessThan(0.05);
    expect(down / codesFor(9, 8)).toBeGreaterThan(1.12);
  });
});

describe("what is believed of charge loss", () => {
  it("is the average of all devices where one tells nothing of itself, and its own where it does", () => {
    const loss = new ChargeLoss(101);
    const now = new Float32Array(101);
    for (let i = 0; i < 101; i++) {
      loss.note(i, 6);
      loss.note(i, i === 100 ? 6.1 : 16);
      // 2 % of the way is lost, and 3 % by the first.
      now[i] = i === 100 ? 6.1 : i === 0 ? 15.7 : 15.8;
    }
    loss.learn(
      now,
      () => true,
      () => 0.05,
      false,
    );
    expect(loss.ahead(50, 16)).toBeCloseTo(0.2, 2);
    expect(loss.ahead(0, 16)).toBeGreaterThan(0.25);
    expect(loss.ahead(100, 16)).toBeCloseTo(0.2, 2);
  });
});
