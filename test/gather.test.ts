import { describe, expect, it } from "vitest";
import { gather } from "../calibration/gather.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun } from "../src/run/engine.ts";
import type { RunStore } from "../src/run/store.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip, stillClock, type TestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

/** Programs two rows, the devices for which `target` gives a number, and sweeps them. */
function program(
  chip: TestChip,
  store: RunStore,
  method: string,
  rowStart: number,
  target: (device: number) => number,
): Promise<string> {
  const context = {
    driver: chip.driver,
    store,
    clock: stillClock(),
    stop: { requested: false },
  };
  return executeRun(
    { ...context, wallTime: () => "2026-01-01T00:00:00Z", onEvent() {} },
    {
      title: "",
      chipName: "pcm-64",
      chipSerialNumber: "EMU-7",
      chipAddress: chip.driver.address,
      method,
      model: pcm90nmDefinition,
      sweepTimesSeconds: [1, 10],
      sweepAverages: 1,
      pulsesPerDevice: 200,
      tiles: [
        {
          block: { tile: 0, rowStart, rowCount: 2 },
          targetsMicrosiemens: Float32Array.from({ length: 512 }, (_, i) => target(i)),
        },
      ],
    },
  );
}

const read = (values: Float32Array, from: number, to: number): number =>
  values.subarray(from, to).reduce((n, g) => n + (Number.isNaN(g) ? 0 : 1), 0);

describe("what a store knows of devices", () => {
  it("is each run's own: reads before a device's last pulse, or after a later run's, are not of this state", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const first = await program(chip, store, "open-loop", 10, () => 12);
    // One row further on, so that the first of its rows is the second of the others.
    const second = await program(chip, store, "verify", 11, (i) => (i < 100 ? 8 : Number.NaN));
    const { parts, sweeps } = await gather(store, [second, first], chip.description);
    expect([sweeps, parts.map(({ run }) => run)]).toEqual([4, [first, second]]);
    const [before, after] = parts.map(({ data }) => data) as [
      (typeof parts)[0]["data"],
      (typeof parts)[0]["data"],
    ];
    expect(before.sweeps).toHaveLength(4);
    expect(before.sweeps.slice(0, 2).map((s) => read(s.conductanceMicrosiemens, 0, 512))).toEqual([512, 512]);
    // Of row 11, devices that the second run pulsed are gone; row 10 was not swept again.
    for (const { conductanceMicrosiemens: g } of before.sweeps.slice(2)) {
      expect([read(g, 0, 256), read(g, 256, 356), read(g, 356, 512)]).toEqual([0, 0, 156]);
    }
    expect(after.sweeps).toHaveLength(2);
    for (const { conductanceMicrosiemens: g } of after.sweeps) {
      expect([read(g, 0, 100), read(g, 100, 512)]).toEqual([100, 0]);
    }
    expect([before.picked, after.picked]).toEqual([false, true]);
    expect(before.targetsMicrosiemens.every(Number.isNaN)).toBe(true);
    expect(after.targetsMicrosiemens[0]).toBe(8);
  });

  it("is masked by later runs that were not asked for, too", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const first = await program(chip, store, "open-loop", 10, () => 12);
    const second = await program(chip, store, "open-loop", 10, (i) => (i < 256 ? 8 : Number.NaN));
    const third = await program(chip, store, "open-loop", 10, (i) => (i >= 400 ? 8 : Number.NaN));
    const { parts } = await gather(store, [first, third], chip.description);
    const late = parts[0]!.data.sweeps.at(-1)!.conductanceMicrosiemens;
    expect([read(late, 0, 256), read(late, 256, 400), read(late, 400, 512)]).toEqual([0, 144, 0]);
    expect(second).toBe("r2");
  });

  it("is, of runs that correct each other, one block as the last of them left it", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const first = await program(chip, store, "open-loop", 10, () => 12);
    const second = await program(chip, store, "open-loop", 10, (i) => (i < 50 ? 8 : Number.NaN));
    const { parts } = await gather(store, [first, second], chip.description, { asOne: true });
    expect(parts).toHaveLength(1);
    const { data, memory } = parts[0]!;
    const [corrected, left] = [memory.pulsedAtMicroseconds[0]!, memory.pulsedAtMicroseconds[60]!];
    expect(corrected).toBeGreaterThan(left + 10e6);
    expect(data.usable.every((one) => one === 1)).toBe(true);
    expect(data.sweeps.map((s) => read(s.conductanceMicrosiemens, 0, 50))).toEqual([0, 0, 50, 50]);
    expect(data.sweeps.map((s) => read(s.conductanceMicrosiemens, 50, 512))).toEqual([462, 462, 462, 462]);
  });

  it("is told by some devices of each row where there are more than a fit takes, each as it is among all", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const first = await program(chip, store, "verify", 10, () => 12);
    // A later run that was not asked for masks the same devices of the part as of the whole.
    await program(chip, store, "open-loop", 11, (i) => (i < 100 ? 8 : Number.NaN));
    const [whole, part] = [
      await gather(store, [first], chip.description),
      await gather(store, [first], chip.description, { mostDevices: 150 }),
    ];
    expect([part.devices, part.thinning.stride, part.parts[0]!.memory.devicesPerRow]).toEqual([512, 4, 64]);
    const [all, kept] = [whole.parts[0]!, part.parts[0]!];
    // Row 10 begins with device 70 mod 4, row 11 with 77 mod 4.
    const places = Array.from({ length: 128 }, (_, k) => (k < 64 ? 2 + 4 * k : 256 + 1 + 4 * (k - 64)));
    const of = (values: ArrayLike<number>): number[] => places.map((i) => values[i]!);
    const told = (values: ArrayLike<number>): number[] => Array.from(values);
    expect(told(kept.memory.verdicts)).toEqual(of(all.memory.verdicts));
    expect(told(kept.memory.pulses)).toEqual(of(all.memory.pulses));
    expect(told(kept.memory.pulsedAtMicroseconds)).toEqual(of(all.memory.pulsedAtMicroseconds));
    expect(told(kept.memory.lastReadMicrosiemens)).toEqual(of(all.memory.lastReadMicrosiemens));
    expect(told(kept.data.targetsMicrosiemens)).toEqual(of(all.data.targetsMicrosiemens));
    expect(told(kept.data.usable)).toEqual(of(all.data.usable));
    expect(kept.data.sweeps).toHaveLength(all.data.sweeps.length);
    kept.data.sweeps.forEach((sweep, j) => {
      expect(told(sweep.conductanceMicrosiemens)).toEqual(of(all.data.sweeps[j]!.conductanceMicrosiemens));
      expect(told(sweep.flags)).toEqual(of(all.data.sweeps[j]!.flags));
    });
  });
});
