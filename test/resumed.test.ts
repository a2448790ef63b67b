import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { findPreset } from "../emulator/presets.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import type { ChipDriver, PulseOrder } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import { builtInDefinition, pcm90nm } from "../src/model/modelOf.ts";
import { isOpen, verdicts } from "../src/program/method.ts";
import type { RunContext } from "../src/run/context.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import type { RunEvent } from "../src/run/events.ts";
import type { RunPlan, TileTargets } from "../src/run/plan.ts";
import { recall } from "../src/run/recall.ts";
import type { RunStore } from "../src/run/store.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { gaussianTile } from "../bench/gaussianTile.ts";
import { resultOf } from "./soak/results.ts";
import { stillClock } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

let sessions = 0;

async function openChip(name: string, dialect = "packet") {
  const preset = findPreset(name, { births: "sound" })!;
  const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7);
  const described = await readChipDescription(`chips/${name}.json`);
  const description = { ...described, geometry: preset.geometry };
  const line = (): ChipDriver => {
    const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
    const options = { address: "in process", description, session: ++sessions };
    return dialectNamed(builtInDialects, dialect).open(transport, options);
  };
  return { name, firmware, line };
}

function contextOf(store: RunStore, driver: ChipDriver, onEvent: (event: RunEvent) => void): RunContext {
  return {
    driver,
    store,
    clock: stillClock(),
    stop: { requested: false },
    wallTime: () => "2026-01-01T00:00:00Z",
    onEvent,
  };
}

function planOf(chip: string, method: string, tile: TileTargets, model: string): RunPlan {
  return {
    title: "a run that is stopped",
    chipName: chip,
    chipSerialNumber: "EMU-7-sound",
    chipAddress: "in process",
    method,
    model: builtInDefinition(model)!,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: [tile],
  };
}

function rows(rowCount: number, perRow: number, top: number): TileTargets {
  const targetsMicrosiemens = Float32Array.from(
    { length: rowCount * perRow },
    (_, i) => (top * (1 + (i % 19))) / 20,
  );
  return { block: { tile: 0, rowStart: 0, rowCount }, targetsMicrosiemens };
}

const cells = firstRows(gaussianTile(pcm90nm, 1, 2), 4);

function firstRows({ targetsMicrosiemens, cells: of, block }: TileTargets, rowCount: number): TileTargets {
  const devices = (rowCount * targetsMicrosiemens.length) / block.rowCount;
  const wantedMicrosiemens = of!.wantedMicrosiemens.subarray(0, devices / of!.devicesPerCell);
  return {
    block: { ...block, rowCount },
    targetsMicrosiemens: targetsMicrosiemens.subarray(0, devices),
    cells: { ...of!, wantedMicrosiemens },
  };
}

/** The same targets, as the weights that pairs of devices hold. */
function inPairs(tile: TileTargets): TileTargets {
  const { targetsMicrosiemens: g } = tile;
  const wantedMicrosiemens = Float32Array.from({ length: g.length / 2 }, (_, k) => g[2 * k]! - g[2 * k + 1]!);
  return { ...tile, cells: { devicesPerCell: 2, factors: [1, -1], wantedMicrosiemens } };
}

describe("a run that is stopped and goes on later", () => {
  const pcm = rows(2, 256, 25);
  const reram = rows(3, 256, 36);
  const { targetsMicrosiemens, block } = rows(4, 128, 17.5);
  /** What a run takes that is not stopped. */
  const usual = new Map<string, Promise<number>>();
  const ecram = { block, targetsMicrosiemens: targetsMicrosiemens.map((g) => 2.5 + g) };
  it.each([
    ["verify", "pcm-64", "30 s", 30],
    ["verify", "pcm-64", "a month", 2_592_000],
    ["residual", "pcm-64", "a day", 86_400],
    ["max-set-fill", "pcm-64", "30 s", 30],
    ["residual", "rram-128", "30 s", 30],
    ["residual", "rram-128", "a day", 86_400],
    ["residual", "ecram-64", "a day", 86_400],
    ["verify", "rram-128", "30 s", 30],
    ["verify", "rram-128", "a day", 86_400],
    ["verify", "ecram-64", "30 s", 30],
    ["verify", "ecram-64", "a day", 86_400],
  ] as const)(
    "by %s on %s leaves in place what drifted as the model says in %s: it takes at most a fifth more pulses",
    async (method, name, _later, seconds) => {
      const [tile, model] =
        name === "rram-128"
          ? ([method === "verify" ? reram : inPairs(reram), "reram-wan-2022"] as const)
          : name === "ecram-64"
            ? ([method === "verify" ? ecram : inPairs(ecram), "ecram-li"] as const)
            : ([method === "verify" ? pcm : cells, "pcm-90nm"] as const);
      const plan = planOf(name, method, tile, model);
      const key = `${method} ${name}`;
      if (!usual.has(key)) usual.set(key, pulsesOf(plan, seconds, false));
      // The look at what was in place re-pulses what has strayed, as the last look of every run does.
      expect((await pulsesOf(plan, seconds, true)) / (await usual.get(key)!)).toBeLessThan(1.2);
    },
  );
});

/** Carries a plan out on a chip of its own. @returns all pulses. */
async function pulsesOf(plan: RunPlan, awaySeconds: number, stops: boolean): Promise<number> {
  const chip = await openChip(plan.chipName);
  const store = await openWorkspace(emptyFolder());
  const stop = { requested: false };
  const context = contextOf(store, chip.line(), (event) => {
    if (event.type === "turn" && event.devices_done + event.inside >= 0.6 * event.devices)
      stop.requested = stops;
  });
  const ended = executeRun({ ...context, stop }, plan);
  if (stops) {
    await expect(ended).rejects.toMatchObject({ code: "interrupted" });
    const later = chip.line();
    await later.identify();
    await later.advance(awaySeconds * 1e6);
    await resumeRun(
      contextOf(store, later, () => {}),
      "r1",
    );
  } else {
    await ended;
  }
  const [memory] = await recall(store, "r1");
  expect(memory!.verdicts.some(isOpen)).toBe(false);
  await store.close();
  return memory!.pulses.reduce((sum, pulses) => sum + pulses, 0);
}

describe("a run by max-set-fill that is stopped when some devices are in place", () => {
  it("holds its weights as well as one that was let alone, although another workspace set two of its rows meanwhile", async () => {
    const plan = { ...planOf("pcm-64", "max-set-fill", cells, "pcm-90nm"), sweepTimesSeconds: [60] };
    const [alone, visited] = [await meanSquareOf(plan, false), await meanSquareOf(plan, true)];
    expect(visited / alone).toBeLessThan(1.5);
  });
});

/** Of the weights of a run that is stopped and goes on. @param isVisited  whether another workspace uses its chip in between. */
async function meanSquareOf(plan: RunPlan, isVisited: boolean): Promise<number> {
  const chip = await openChip(plan.chipName);
  const store = await openWorkspace(emptyFolder());
  const stop = { requested: false };
  const context = contextOf(store, chip.line(), (event) => {
    if (event.type === "turn") stop.requested ||= event.inside >= 0.2 * event.devices;
  });
  await expect(executeRun({ ...context, stop }, plan)).rejects.toMatchObject({ code: "interrupted" });
  if (isVisited) {
    const other = await openWorkspace(emptyFolder());
    const level = {
      block: { ...cells.block, rowCount: 2 },
      targetsMicrosiemens: new Float32Array(512).fill(5),
    };
    await executeRun(
      contextOf(other, chip.line(), () => {}),
      planOf(plan.chipName, "verify", level, "pcm-90nm"),
    );
    await other.close();
  }
  await resumeRun({ ...contextOf(store, chip.line(), () => {}), acceptUnknownWear: true }, "r1");
  const { meanSquare } = await resultOf(store, "r1");
  await store.close();
  return meanSquare;
}

describe("a run that never looks, killed while its rows were on their way", () => {
  it.each(["packet", "scpi"])(
    "over %s leaves no device without its pulse when it goes on, and books what it may have fired twice",
    async (dialect) => {
      const chip = await openChip("pcm-64", dialect);
      const store = await openWorkspace(emptyFolder());
      const tile = rows(8, 256, 25);
      const perRow = 256;
      const firedRows = 3;
      const driver = chip.line();
      const killed = new Proxy(driver, {
        get(target, name): unknown {
          const found: unknown = Reflect.get(target, name, target);
          if (name !== "pulse") return typeof found === "function" ? (found.bind(target) as unknown) : found;
          return async (block: Block, order: PulseOrder) => {
            const codes = order.codes.map((code, i) => (i < firedRows * perRow ? code : 0));
            await driver.pulse(block, { ...order, codes });
            throw new Error("killed");
          };
        },
      });
      const plan = planOf("pcm-64", "open-loop", tile, "pcm-90nm");
      await expect(
        executeRun(
          contextOf(store, killed, () => {}),
          plan,
        ),
      ).rejects.toThrow("killed");
      await resumeRun(
        contextOf(store, chip.line(), () => {}),
        "r1",
      );
      const [memory] = await recall(store, "r1");
      expect(memory!.verdicts.every((verdict) => verdict === verdicts.unverified)).toBe(true);
      const felt = chip.firmware.chip.pulsesFeltByTile(0).subarray(0, memory!.pulses.length);
      // With tickets the chip knows which rows fired; without, they are fired at again, which a RESET allows.
      const most = dialect === "packet" ? 1 : 2;
      felt.forEach((pulses, i) => {
        expect(pulses).toBe(i < firedRows * perRow ? most : 1);
        expect(pulses).toBeLessThanOrEqual(memory!.pulses[i]!);
      });
      expect((await store.runs())[0]!.outcome).toBe("done");
      await store.close();
    },
  );
});
