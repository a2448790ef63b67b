import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { pcm64 } from "../emulator/presets.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { MhoError } from "../src/errors.ts";
import type { TurnRecord } from "../src/run/journal.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { ChipAtHand } from "./soak/chipAtHand.ts";
import { checkFelt, checkJournal, checkSweep, checkTurn } from "./soak/checks.ts";
import { HeldReading } from "./soak/heldReading.ts";
import { Liar, lies } from "./soak/liar.ts";
import { SmallDisk } from "./soak/smallDisk.ts";
import { soak } from "./soak/soak.ts";
import { tellStory } from "./soak/story.ts";
import { VirtualTime } from "./soak/virtualTime.ts";
import { Witness } from "./soak/witness.ts";
import { drawWorld } from "./soak/world.ts";
import { collect } from "./contracts/runStore.ts";
import { openTestChip, type TestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { carryOut, planToWatch } from "./support/liveRun.ts";

removeFoldersAfterEach();

// test/slow/soak.test.ts has more worlds.
describe("a world of bad luck", () => {
  it.each([
    [1, "rows that gave nothing read 3,932 µS"],
    [211, "a trim of a tile whose rows have all died"],
  ])("of seed %i holds (%s)", async (seed) => {
    const { deeds, crossings } = await soak(drawWorld(seed, 3, { rare: false, slow: false }));
    expect(deeds.length).toBeGreaterThan(3);
    expect(crossings).toBeGreaterThan(500);
  });

  it.each([[16, "a board that lies", "lie: "]])("of seed %i holds more (%s)", async (seed, _, deed) => {
    const { deeds } = await soak(drawWorld(seed, 3));
    expect(deeds.some((done) => done.startsWith(deed))).toBe(true);
  });

  it("is lived through in the same way each time", async () => {
    const world = drawWorld(1, 1, { rare: false, slow: false });
    const told = await tellStory(world, emptyFolder());
    expect(await tellStory(world, emptyFolder())).toEqual(told);
  });

  it("differs from seed to seed in chips, dialects, methods, faults and deeds", () => {
    const worlds = Array.from({ length: 60 }, (_, seed) => drawWorld(seed, 30));
    const kinds = (of: (world: (typeof worlds)[number]) => string): number => new Set(worlds.map(of)).size;
    expect(kinds(({ preset }) => preset.name)).toBe(3);
    expect(kinds(({ dialect }) => dialect)).toBe(2);
    expect(kinds(({ method }) => method)).toBe(6);
    expect(kinds(({ faults }) => faults.events.map(({ fault }) => fault).join())).toBeGreaterThan(25);
    expect(kinds(({ deeds }) => deeds.map(({ deed }) => deed).join())).toBeGreaterThan(40);
  });
});

describe("what is checked in every world", () => {
  let store: Workspace;
  let chip: TestChip;
  const plan = () => planToWatch(chip, 1, 4);

  beforeEach(async () => {
    store = await openWorkspace(emptyFolder());
    chip = await openTestChip();
  });
  afterEach(() => store.close());

  it("is refuted by a pulse that nobody booked", async () => {
    await carryOut(chip, store, plan());
    await checkFelt(store, chip.firmware, plan(), true);
    await chip.driver.identify();
    const codes = new Uint16Array(256).fill(400);
    const order = { codes, widthNanoseconds: 100, firstTicket: 1_000_000 };
    await chip.driver.pulse({ tile: 0, rowStart: 3, rowCount: 1 }, order);
    await expect(checkFelt(store, chip.firmware, plan(), true)).rejects.toThrow(
      /felt \d+ pulses, and \d+ are booked/,
    );
  });

  it("is refuted by a row that was read in place of another, or at another time", async () => {
    await carryOut(chip, store, plan());
    const [sweep] = await collect(store.sweeps("r1"));
    const { block } = plan().tiles[0]!;
    const now = chip.firmware.history.chipTimeMicroseconds;
    const due = Math.min(...sweep!.rowTimesMicroseconds);
    const check = (read: typeof sweep, dueAt = due): void =>
      checkSweep(chip.firmware.chip, block, read!, dueAt, now, now);
    check(sweep);
    const shifted = sweep!.conductanceMicrosiemens.slice();
    shifted.copyWithin(256, 0);
    expect(() => check({ ...sweep!, conductanceMicrosiemens: shifted })).toThrow(
      /row 4 of tile 0 .* follows its devices/,
    );
    expect(() => check(sweep, due + 10)).toThrow(/was due from/);
    expect(() => check({ ...sweep!, rowTimesMicroseconds: new Float64Array(4).fill(now + 1) })).toThrow(
      /is said to be read/,
    );
  });

  it("is refuted by a turn that reports other devices", async () => {
    await carryOut(chip, store, plan());
    const turns = await collect(store.turns("r1"));
    const { block } = plan().tiles[0]!;
    const last = turns.findLast(({ devices }) => devices.length > 600)!;
    const now = chip.firmware.history.chipTimeMicroseconds;
    checkTurn(chip.firmware.chip, block, last, now);
    const conductanceMicrosiemens = last.conductanceMicrosiemens.slice().reverse();
    const exchanged = { ...last, conductanceMicrosiemens };
    expect(() => checkTurn(chip.firmware.chip, block, exchanged, now)).toThrow(/follows its devices/);
  });

  it("is refuted by an order that the chip's limits or a verdict do not allow", async () => {
    await carryOut(chip, store, plan());
    await checkJournal(store, "r1", chip.description);
    const tighter = (limits: Partial<typeof chip.description.limits>) => ({
      ...chip.description,
      limits: { ...chip.description.limits, ...limits },
    });
    await expect(checkJournal(store, "r1", tighter({ maxAmplitude: 100 }))).rejects.toThrow(/beyond \d+/);
    await expect(checkJournal(store, "r1", tighter({ minWidthNanoseconds: 200 }))).rejects.toThrow(
      /fires for 100 ns/,
    );
    await expect(checkJournal(store, "r1", tighter({ maxRowMilliamperes: 1 }))).rejects.toThrow(/on one row/);
    const [first] = await collect(store.turns("r1"));
    const memory = (await collect(store.turns("r1"))).length;
    await store.appendTurn("r1", { ...first!, turn: memory });
    await expect(checkJournal(store, "r1", chip.description)).rejects.toThrow(/which has its verdict/);
  });

  it("is refuted by an acknowledged row that is gone", async () => {
    const witness = new Witness();
    const heard = witness.beside(
      store,
      () => Promise.resolve(),
      () => Promise.resolve(),
    );
    await carryOut(chip, heard, plan());
    await witness.confirm(store);
    const other = await openWorkspace(emptyFolder());
    const shorter = await openTestChip({ seed: 8 });
    await carryOut(shorter, other, { ...plan(), chipSerialNumber: "EMU-8", sweepTimesSeconds: [] });
    await expect(witness.confirm(other)).rejects.toThrow(/acknowledged turns of r1, the store has not all/);
    await other.close();
  });
});

describe("what is checked in worlds that hold more", () => {
  let folder: string;
  let store: Workspace;
  let chip: TestChip;
  const plan = () => planToWatch(chip, 1, 4);
  const key = { name: "pcm-64", serialNumber: "EMU-7" };

  beforeEach(async () => {
    folder = emptyFolder();
    store = await openWorkspace(folder);
    chip = await openTestChip();
  });
  afterEach(() => store.close());

  it("is refuted by a run that fires while its workspace does not know of the chip's newest ticket", async () => {
    await carryOut(chip, store, plan());
    const turns = await collect(store.turns("r1"));
    const firing = turns.find(({ orders }) => orders.length > 0)!;
    const atHand = new ChipAtHand(chip.firmware, key, 0);
    const empty = await openWorkspace(emptyFolder());
    await expect(atHand.seeTurn(empty, "r1", firing)).rejects.toThrow(
      /has fired ticket \d+, and 0 is the newest/,
    );
    await empty.close();
  });

  it("is refuted by foreign wear that no person agreed to, and agrees to none without a reason, which a reset does not take away", async () => {
    await carryOut(chip, store, plan());
    const atHand = new ChipAtHand(chip.firmware, key, 0);
    await expect(atHand.seeForeign(store)).rejects.toThrow(/no person had agreed/);
    const refusal = new MhoError("unknown-wear", "The chip has fired more.");
    expect(await atHand.agree(store, refusal)).toBe(false);
    const order = { codes: new Uint16Array(256).fill(400), widthNanoseconds: 100, firstTicket: 1_000_000 };
    await chip.driver.identify();
    await chip.driver.pulse({ tile: 0, rowStart: 3, rowCount: 1 }, order);
    atHand.beginProcess();
    chip.firmware.restart();
    expect(await atHand.agree(store, refusal)).toBe(true);
    await atHand.seeForeign(store);
  });

  it("counts what was lost with files, and is refuted by a pulse more", async () => {
    const atHand = new ChipAtHand(chip.firmware, key, 0);
    await carryOut(chip, store, plan());
    const compare = await atHand.remember(store);
    const empty = await openWorkspace(emptyFolder());
    await expect(atHand.checkFelt(empty, true)).rejects.toThrow(/felt \d+ pulses, and 0 are booked/);
    await compare(empty);
    await atHand.checkFelt(empty, true);
    await chip.driver.identify();
    const order = { codes: new Uint16Array(256).fill(400), widthNanoseconds: 100, firstTicket: 1_000_000 };
    await chip.driver.pulse({ tile: 0, rowStart: 3, rowCount: 1 }, order);
    await expect(atHand.checkFelt(empty, true)).rejects.toThrow(/felt 1 pulses, and 0 are booked/);
    await empty.close();
  });

  it("is refuted by an older copy that is not what the store was, and by a turn in files that were moved away", async () => {
    const witness = new Witness();
    const heard = witness.beside(
      store,
      () => Promise.resolve(),
      () => Promise.resolve(),
    );
    await carryOut(chip, heard, plan());
    await witness.rewind(store);
    const other = await openWorkspace(emptyFolder());
    await carryOut(await openTestChip({ seed: 8 }), other, { ...plan(), chipSerialNumber: "EMU-8" });
    await expect(witness.rewind(other)).rejects.toThrow(/an older copy of r1/);
    await other.close();
    witness.keepsForGood = () => false;
    const [turn] = await collect(store.turns("r1"));
    await expect(heard.appendTurn("r1", turn!)).rejects.toThrow(/moved away/);
  });

  it("is refuted by a reader that sees a run as it was not when it began to read", async () => {
    await carryOut(chip, store, plan());
    const turns = await collect(store.turns("r1"));
    const reading = await HeldReading.begin(folder, "r1");
    await store.appendTurn("r1", { ...turns[0]!, turn: turns.length });
    await reading!.end();
    let reads = 0;
    const growing = async (of: string): Promise<Workspace> => {
      const found = await openWorkspace(of);
      const more = async function* (run: string): AsyncIterable<TurnRecord> {
        if (++reads > 1) yield turns[1]!;
        yield* found.turns(run);
      };
      return new Proxy(found, {
        get(target, name) {
          const value = name === "turns" ? more : (Reflect.get(target, name, target) as unknown);
          return typeof value === "function" && name !== "turns" ? (value.bind(target) as unknown) : value;
        },
      });
    };
    const torn = await HeldReading.begin(folder, "r1", growing);
    await expect(torn!.end()).rejects.toThrow(/a reader of r1/);
  });

  it.each(["packet", "scpi"])(
    "lies in the %s dialect in every way but those that it has no words for",
    async (dialect) => {
      for (const lie of lies) {
        const { geometry } = chip.description;
        const board = emulatedChip(dialectNamed(builtInDialects, dialect), pcm64(1), 7);
        const liar = new Liar(board, dialect);
        const line = connectInProcess({ receive: (bytes) => liar.firmware.receive(bytes, 0) });
        const settings = { address: "a", description: { ...chip.description, geometry }, session: 5 };
        const driver = dialectNamed(builtInDialects, dialect).open(line, settings);
        liar.begin(lie, Infinity);
        await driver.identify().catch(() => undefined);
        await driver.read({ tile: 0, rowStart: 0, rowCount: 1 }, 1).catch(() => undefined);
        expect([lie, liar.hasLied]).toEqual([lie, dialect === "packet" || lie !== "newest ticket"]);
        liar.mend();
        await driver.identify();
        expect(liar.hasLied).toBe(false);
      }
    },
  );

  it("fills a small disk truly, where one may be mounted: a turn fails, and nothing before it is lost", async (context) => {
    const disk = SmallDisk.mountedAt(emptyFolder());
    if (disk === undefined) return context.skip("no file system may be mounted here");
    try {
      const small = await openWorkspace(disk.folder);
      await carryOut(chip, small, plan());
      const turns = await collect(small.turns("r1"));
      disk.fill(4096);
      const failing = async (): Promise<void> => {
        for (let k = 0; k < 100; k++) await small.appendTurn("r1", { ...turns[0]!, turn: turns.length + k });
      };
      await expect(failing()).rejects.toMatchObject({
        code: "workspace-failed",
        message: expect.stringContaining("the disk is full") as string,
      });
      disk.makeRoom();
      await small.appendTurn("r1", { ...turns[0]!, turn: 1000 });
      const kept = await collect(small.turns("r1"));
      expect(kept.slice(0, turns.length)).toEqual(turns);
      expect(kept.at(-1)!.turn).toBe(1000);
      await small.close();
    } finally {
      disk.unmount();
    }
  });
});

describe("virtual time", () => {
  it("leaps while a host sleeps: alarms ring late at once, or keep what was left of them when it is suspended", async () => {
    for (const suspended of [false, true]) {
      const time = new VirtualTime();
      let rungAt = 0;
      time.after(30, () => (rungAt = time.nowMicroseconds()));
      time.leap(1_000_000, suspended);
      await time.sleep(50_000);
      expect(rungAt).toBe(suspended ? 1_030_000 : 1_000_000);
      expect(time.nowMicroseconds() - time.awakeMicroseconds()).toBe(suspended ? 1_000_000 : 0);
    }
  });

  it("rings alarms in their order, each at its time, and not those that were called off", async () => {
    const time = new VirtualTime();
    const rung: string[] = [];
    const note = (name: string) => () => void rung.push(`${name} at ${time.nowMicroseconds()}`);
    time.after(30, note("third"));
    time.after(10, note("first"));
    const callOff = time.after(15, note("none"));
    time.after(20, note("second"));
    callOff();
    await time.sleep(40_000);
    expect(rung).toEqual(["first at 10000", "second at 20000", "third at 30000"]);
  });

  it("stands while something real is waited for", async () => {
    const time = new VirtualTime();
    let rung = false;
    time.after(1, () => (rung = true));
    await time.whileItStands(async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
      expect(rung).toBe(false);
    });
    await time.sleep(2000);
    expect(rung).toBe(true);
  });
});
