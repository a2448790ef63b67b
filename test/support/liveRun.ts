import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import type { ChipDriver } from "../../src/chip/driver.ts";
import { executeRun } from "../../src/run/engine.ts";
import type { RunContext } from "../../src/run/context.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import type { RunStore } from "../../src/run/store.ts";
import { watchRuns } from "../../src/run/watch.ts";
import { stillClock, type TestChip } from "./chips.ts";

/** Two tiles, every level between nothing and full range. */
export function planToWatch(chip: TestChip, tiles = 2, rows = 3): RunPlan {
  return {
    title: "a run to look at",
    chipName: "pcm-64",
    chipSerialNumber: "EMU-7",
    chipAddress: chip.driver.address,
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [1, 3600, 86_400],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: Array.from({ length: tiles }, (_, tile) => ({
      block: { tile, rowStart: 3, rowCount: rows },
      targetsMicrosiemens: Float32Array.from({ length: rows * 256 }, (_, i) =>
        i % 7 === 0 ? Number.NaN : i % 26,
      ),
    })),
  };
}

/** Carries a plan out, a second of wall time a call. */
export async function carryOut(
  chip: TestChip,
  store: RunStore,
  plan: RunPlan,
  over: Partial<RunContext> = {},
): Promise<string> {
  let seconds = 0;
  return executeRun(
    {
      driver: chip.driver,
      store,
      clock: stillClock(),
      stop: { requested: false },
      wallTime: () => new Date(Date.UTC(2026, 0, 1) + 1000 * seconds++).toISOString(),
      onEvent() {},
      ...over,
    },
    plan,
  );
}

/** Watches a run that was carried out, a second of wall time a call, from a day on. */
export async function watchOver(
  chip: TestChip,
  store: RunStore,
  run: string,
  over: Partial<RunContext> = {},
): Promise<void> {
  await store.setWatch(run, { timesSeconds: [200_000, 400_000], averages: 1 });
  let seconds = 0;
  await watchRuns(
    {
      driver: chip.driver,
      store,
      clock: stillClock(),
      stop: { requested: false },
      wallTime: () => new Date(Date.UTC(2026, 0, 2) + 1000 * seconds++).toISOString(),
      markClock: () => Promise.resolve(),
      onEvent() {},
      ...over,
    },
    [run],
  );
}

/** A driver whose pulses wait until they are let through, so that a run stands still for as long as a test looks at it. */
export function gated(driver: ChipDriver): { driver: ChipDriver; letThrough: (pulses: number) => void } {
  let allowed = 0;
  const waiting: (() => void)[] = [];
  const pulse: ChipDriver["pulse"] = async (block, order) => {
    if (allowed === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else allowed--;
    return driver.pulse(block, order);
  };
  return {
    driver: new Proxy(driver, {
      get(target, property) {
        if (property === "pulse") return pulse;
        const value = Reflect.get(target, property, target) as unknown;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    }),
    letThrough(pulses) {
      for (; pulses > 0 && waiting.length > 0; pulses--) waiting.shift()!();
      allowed += pulses;
    },
  };
}
