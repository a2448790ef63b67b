import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ChipDriver } from "../src/chip/driver.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { RunContext } from "../src/run/context.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import type { RunEvent } from "../src/run/events.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunStore } from "../src/run/store.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { checkAccepted } from "./soak/checks.ts";
import { openTestChip, stillClock, type TestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

function planFor(chip: TestChip, rowStart: number): RunPlan {
  return {
    title: "rows",
    chipName: "pcm-64",
    chipSerialNumber: "EMU-7",
    chipAddress: chip.driver.address,
    method: "verify",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: [
      {
        block: { tile: 0, rowStart, rowCount: 2 },
        targetsMicrosiemens: Float32Array.from({ length: 512 }, (_, i) => 2 + (i % 20)),
      },
    ],
  };
}

/** A driver with some of its calls replaced. */
function withOver(driver: ChipDriver, over: Partial<ChipDriver>): ChipDriver {
  return new Proxy(driver, {
    get(target, name): unknown {
      if (name in over) return over[name as keyof ChipDriver];
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === "function" ? (found.bind(target) as unknown) : found;
    },
  });
}

let leaps = 0;

function contextOf(
  chip: TestChip,
  store: RunStore,
  over: Partial<RunContext> = {},
): RunContext & { events: RunEvent[] } {
  const events: RunEvent[] = [];
  return {
    driver: chip.driver,
    store,
    clock: stillClock(),
    stop: { requested: false },
    wallTime: () => "2026-01-01T00:00:00Z",
    // Each session leaps elsewhere; by chance they would lie up to 2³² apart.
    ticketLeap: () => 1000 * ++leaps,
    events,
    onEvent: (event) => void events.push(event),
    ...over,
  };
}

describe("tickets of two workspaces on one chip", () => {
  it("never coincide: what the first was killed with is unknown to it, and the devices are read again", async () => {
    const chip = await openTestChip();
    const [first, second] = [await openWorkspace(emptyFolder()), await openWorkspace(emptyFolder())];
    // The first is killed between writing down its pulses and firing them.
    const killed = withOver(chip.driver, { pulse: () => Promise.reject(new Error("killed")) });
    await expect(executeRun(contextOf(chip, first, { driver: killed }), planFor(chip, 0))).rejects.toThrow(
      "killed",
    );
    const other = contextOf(chip, second);
    await executeRun(other, planFor(chip, 8));
    const again = contextOf(chip, first, { acceptUnknownWear: true });
    await resumeRun(again, "r1");
    const fates = again.events.filter(({ type }) => type === "uncertain" || type === "unknown_wear");
    expect(fates.map(({ type }) => type)).toEqual(["unknown_wear", "uncertain"]);
    const felt = chip.firmware.chip.pulsesFeltByTile(0);
    const ledgers = [first, second].map((store) =>
      PulseLedger.ofChip(store, { name: "pcm-64", serialNumber: "EMU-7" }, chip.description.geometry),
    );
    const [a, b] = await Promise.all(ledgers);
    // Nothing was fired that no workspace booked, and no device was left out.
    felt.forEach((pulses, i) =>
      expect(a!.pulsesOfTile(0)[i]! + b!.pulsesOfTile(0)[i]!).toBeGreaterThanOrEqual(pulses),
    );
    for (let i = 0; i < 512; i++) expect(felt[i]).toBeGreaterThan(0);
    await first.close();
    await second.close();
  });

  it.each(["accepted by a run between", "refused to a run between"])(
    "leave no device called programmed that another workspace has set anew since, where that was %s",
    async (how) => {
      const chip = await openTestChip();
      const [first, second] = [await openWorkspace(emptyFolder()), await openWorkspace(emptyFolder())];
      const stop = { requested: false };
      const stopping = contextOf(chip, first, {
        stop,
        onEvent: (event) => void (stop.requested ||= event.type === "turn" && event.devices_done > 400),
      });
      await expect(executeRun(stopping, planFor(chip, 0))).rejects.toMatchObject({ code: "interrupted" });
      const [tile] = planFor(chip, 0).tiles;
      const level = { ...tile!, targetsMicrosiemens: new Float32Array(512).fill(4) };
      await executeRun(contextOf(chip, second), { ...planFor(chip, 0), tiles: [level] });
      if (how.startsWith("accepted")) {
        await executeRun(contextOf(chip, first, { acceptUnknownWear: true }), planFor(chip, 8));
        await resumeRun(contextOf(chip, first), "r1");
      } else {
        await expect(executeRun(contextOf(chip, first), planFor(chip, 8))).rejects.toMatchObject({
          code: "unknown-wear",
        });
        expect((await first.notes("r1")).at(-1)!.what).toBe("unknown-wear");
        await resumeRun(contextOf(chip, first, { acceptUnknownWear: true }), "r1");
      }
      const now = chip.firmware.history.chipTimeMicroseconds;
      await checkAccepted(first, "r1", chip.firmware.chip, 25, now);
      await first.close();
      await second.close();
    },
  );

  it("leave no device called programmed that another workspace has set anew since", async () => {
    const chip = await openTestChip();
    const [first, second] = [await openWorkspace(emptyFolder()), await openWorkspace(emptyFolder())];
    // The first is stopped when most of its devices are done; the other sets them to another level.
    const stop = { requested: false };
    const stopping = contextOf(chip, first, {
      stop,
      onEvent: (event) => void (stop.requested ||= event.type === "turn" && event.devices_done > 400),
    });
    await expect(executeRun(stopping, planFor(chip, 0))).rejects.toMatchObject({ code: "interrupted" });
    const level = new Float32Array(512).fill(4);
    const [tile] = planFor(chip, 0).tiles;
    const other = { ...planFor(chip, 0), tiles: [{ ...tile!, targetsMicrosiemens: level }] };
    await executeRun(contextOf(chip, second), other);
    await resumeRun(contextOf(chip, first, { acceptUnknownWear: true }), "r1");
    const now = chip.firmware.history.chipTimeMicroseconds;
    await checkAccepted(first, "r1", chip.firmware.chip, 25, now);
    await expect(checkAccepted(second, "r1", chip.firmware.chip, 25, now)).rejects.toThrow(/are elsewhere/);
    await first.close();
    await second.close();
  });

  it("are told apart: a workspace that has a chip's runs goes on with foreign wear only when that is accepted", async () => {
    const chip = await openTestChip();
    const folder = emptyFolder();
    const before = await openWorkspace(folder);
    await executeRun(contextOf(chip, before), planFor(chip, 0));
    await before.close();
    const copy = join(emptyFolder(), "w");
    mkdirSync(copy);
    cpSync(folder, copy, { recursive: true });
    const newer = await openWorkspace(folder);
    await executeRun(contextOf(chip, newer), planFor(chip, 4));
    await newer.close();
    // The older copy is put back.
    const old = await openWorkspace(copy);
    await expect(executeRun(contextOf(chip, old), planFor(chip, 4))).rejects.toMatchObject({
      code: "unknown-wear",
      message: expect.stringMatching(/this one is an older copy.*--accept-unknown-wear/) as string,
    });
    const accepted = contextOf(chip, old, { acceptUnknownWear: true });
    const run = await executeRun(accepted, planFor(chip, 8));
    expect((await old.notes(run)).map(({ what }) => what)).toContain("unknown-wear");
    // It is accepted once; from then on the workspace knows the chip's tickets.
    const next = contextOf(chip, old);
    await executeRun(next, planFor(chip, 12));
    expect(next.events.some(({ type }) => type === "unknown_wear")).toBe(false);
    await old.close();
  });

  it("that cannot be are refused, and leave nothing behind that would bar the chip for ever", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const lying = withOver(chip.driver, {
      identify: async () => ({ ...(await chip.driver.identify()), newestTicket: Number.MAX_SAFE_INTEGER }),
    });
    await expect(
      executeRun(contextOf(chip, store, { driver: lying }), planFor(chip, 0)),
    ).rejects.toMatchObject({
      code: "chip-refused",
      message: expect.stringMatching(/newest ticket is 9007199254740991, which cannot be/) as string,
    });
    await executeRun(contextOf(chip, store), planFor(chip, 0));
    await store.close();
  });
});
