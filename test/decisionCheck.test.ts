import { describe, expect, it } from "vitest";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { type Decision, type ProgrammingMethod, verdicts } from "../src/program/method.ts";
import { openLoop } from "../src/program/openLoop.ts";
import { executeRun } from "../src/run/engine.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip, stillClock } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const devices = 512;
const rows = new Uint8Array(2).fill(1);

/** A decision that fires once at every device that has a target, and looks; each case bends it. */
function decision(): Decision {
  const codes = new Uint16Array(devices).fill(300);
  codes[7] = 0;
  const given = new Uint8Array(devices);
  given[7] = verdicts.leftAlone;
  return {
    orders: [{ kind: "reset", codes, widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0 }],
    verdicts: given,
    look: { kind: "read", averages: 1, rows, afterSeconds: 0 },
  };
}

async function outcomeOf(next: (turn: number) => Decision, pulsesPerDevice = 20) {
  const chip = await openTestChip();
  const store = await openWorkspace(emptyFolder());
  let turn = 0;
  const bent: ProgrammingMethod = { ...openLoop, name: "bent", begin: () => ({}), next: () => next(turn++) };
  const targetsMicrosiemens = new Float32Array(devices).fill(10);
  targetsMicrosiemens[7] = Number.NaN;
  const plan: RunPlan = {
    title: "",
    chipName: "pcm-64",
    chipSerialNumber: "EMU-7",
    chipAddress: "in process",
    method: "bent",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    pulsesPerDevice,
    tiles: [{ block: { tile: 0, rowStart: 0, rowCount: 2 }, targetsMicrosiemens }],
  };
  const ended = executeRun(
    {
      driver: chip.driver,
      store,
      clock: stillClock(),
      stop: { requested: false },
      wallTime: () => "2026-01-01T00:00:00Z",
      methods: [bent],
      onEvent() {},
    },
    plan,
  );
  const error = await ended.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { outcome } = (await store.runs())[0]!;
  await store.close();
  const felt = chip.firmware.chip.pulsesFeltByTile(0);
  return { error, outcome, most: Math.max(...felt), inStandby: chip.firmware.inStandby };
}

describe("a method that is wrong", () => {
  const usual = decision();
  const [order] = usual.orders;
  const settled = new Uint8Array(devices).fill(verdicts.accepted);
  it.each<[string, RegExp, Decision]>([
    [
      "too few verdicts",
      /it gave 3 verdicts for its devices for 512/,
      { ...usual, verdicts: new Uint8Array(3) },
    ],
    [
      "an order of another length",
      /it gave 5 codes of an order for 512/,
      { ...usual, orders: [{ ...order!, codes: new Uint16Array(5) }] },
    ],
    [
      "rows of another number",
      /it gave 9 rows to look at for 2/,
      { ...usual, look: { kind: "read", averages: 1, rows: new Uint8Array(9), afterSeconds: 0 } },
    ],
    [
      "a pulse at a device without a target",
      /it fires at device 7, which has no target/,
      { ...usual, orders: [{ ...order!, codes: new Uint16Array(devices).fill(1) }] },
    ],
    [
      "an end with devices that have no verdict",
      /it ended with devices that have no verdict/,
      { ...usual, orders: [], look: { kind: "done" } },
    ],
  ])("that gives %s is named, nothing is fired, and the chip is in standby", async (_what, text, bent) => {
    const { error, outcome, most, inStandby } = await outcomeOf(() => bent);
    expect(error).toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/^The method bent is wrong: /),
    });
    expect(error).toMatchObject({ message: expect.stringMatching(text) });
    expect([outcome, most, inStandby]).toEqual(["failed", 0, true]);
  });

  it("that fires at a device which has its verdict is named", async () => {
    const first = { ...usual, verdicts: settled, orders: [] };
    const { error, most } = await outcomeOf((turn) => (turn === 0 ? first : usual));
    expect(error).toMatchObject({
      message: expect.stringMatching(/it fires at device 0, which has its verdict/),
    });
    expect(most).toBe(0);
  });

  it.each([
    ["the budget of its run", 20, 20],
    ["a larger budget", 31, 31],
  ])("that heeds no budget is stopped at %s, whatever it wants", async (_what, budget, most) => {
    const spent = await outcomeOf(() => usual, budget);
    expect(spent.error).toMatchObject({
      code: "limit-exceeded",
      message: expect.stringMatching(
        /^The method bent wants to fire at device 0 of tile 0, which has no pulse left/,
      ),
    });
    expect([spent.outcome, spent.most, spent.inStandby]).toEqual(["failed", most, true]);
  });
});
