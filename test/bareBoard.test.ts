import { reportOfCut } from "./support/cutOff.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { hostTime } from "../drivers/hostTime.ts";
import { askLine, perhapsBoard } from "../drivers/ports.ts";
import { SteadyClock } from "../drivers/steadyClock.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { pcm64 } from "../emulator/presets.ts";
import { openBench } from "../lab/bench.ts";
import { builtInDialects, emulatedChip } from "../lab/dialects.ts";
import { type ChipDriver, rowFates } from "../src/chip/driver.ts";
import type { Clock } from "../src/clock.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { Random } from "../src/random.ts";
import { summarise } from "../src/results/summary.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import { lastPulse } from "../src/run/journal.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { recall } from "../src/run/recall.ts";
import { watchRuns } from "../src/run/watch.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { collect } from "./contracts/runStore.ts";
import { describePcm64, stillClock } from "./support/chips.ts";
import { Cable, runOver } from "./support/cutCable.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { misbooked } from "./support/misbooked.ts";
import { bare } from "./toys/bareDialect.ts";

removeFoldersAfterEach();

const nothing = {
  virtualTime: false,
  multiply: false,
  onBoardVerify: false,
  environment: false,
  references: false,
  burst: false,
  tickets: false,
  clock: false,
  codes: false,
  serialNumber: false,
} as const;

let sessions = 0;

/** A chip, and drivers of it by one connection after the other. */
async function bareChip(clock: Clock = stillClock()) {
  const firmware = emulatedChip(bare, pcm64(1), 7);
  const description = await describePcm64();
  /** A deadline passes where an answer is lost, and never else. */
  const line = (isLost: () => boolean = () => false): ChipDriver => {
    let pass: () => void = () => {};
    const receive = (bytes: Uint8Array): Uint8Array[] => {
      const replies = firmware.receive(bytes, 0);
      if (!isLost()) return replies;
      setImmediate(() => pass());
      return [];
    };
    return bare.open(connectInProcess({ receive }), {
      address: "bare",
      description,
      session: ++sessions,
      serialNumber: "DIE-12",
      after: (_, then) => {
        pass = then;
        return () => {};
      },
      hostTime: () => clock.nowMicroseconds(),
    });
  };
  return { firmware, description, line, clock };
}

chipDriverContract(
  "a driver of a board that has nothing but an array",
  async () => ({ driver: (await bareChip()).line(), dispose() {} }),
  { declares: nothing, named: "DIE-12" },
);

const plan: RunPlan = {
  title: "on a bare board",
  chipName: "pcm-64",
  chipSerialNumber: "DIE-12",
  chipAddress: "bare",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 1,
  pulsesPerDevice: 200,
  tiles: [
    {
      block: { tile: 0, rowStart: 0, rowCount: 2 },
      targetsMicrosiemens: Float32Array.from({ length: 512 }, (_, i) => 1 + (i % 20)),
    },
  ],
};

describe("a board without tickets, clock, converter codes, serial number and virtual time", () => {
  it("is programmed by verify and watched, at ages that the host counts, also over another connection", async () => {
    const chip = await bareChip();
    const { clock } = chip;
    const wallTime = (): string => new Date(clock.nowMicroseconds() / 1000).toISOString();
    const store = await openWorkspace(emptyFolder());
    const contextWith = (driver: SteadyClock) => ({
      driver,
      store,
      clock,
      stop: { requested: false },
      wallTime,
      markClock: () => driver.mark(),
      onEvent() {},
    });
    const run = await executeRun(contextWith(new SteadyClock(chip.line(), store, wallTime)), plan);
    expect((await summarise(store, run)).verdicts.accepted).toBeGreaterThan(450);
    await clock.sleep(600e6);
    await store.setWatch(run, { timesSeconds: [60, 600, 1000], averages: 1 });
    await watchRuns(contextWith(new SteadyClock(chip.line(), store, wallTime)), [run]);
    const sweeps = await collect(store.sweeps(run));
    const [memory] = await recall(store, run);
    const ages = sweeps.map(({ rowTimesMicroseconds: times }) =>
      Math.round((times[0]! - lastPulse(memory!)) / 1e6),
    );
    // What fell due while nobody watched is made up for by one read, which carries its true age.
    expect(ages).toEqual([1, expect.closeTo(650, -2), 1000]);
    expect(ages[1]).toBeGreaterThanOrEqual(600);
    expect(sweeps.every(({ codes, converter }) => codes === undefined && converter === undefined)).toBe(true);
    await store.close();
  });

  it("is programmed over a cable that is cut 25 times: nothing is sent twice, and what may have fired is booked", async () => {
    const random = new Random(8).fork("cuts");
    let [draws, cuts, unsure] = [0, 0, 0];
    for (let n = 0; cuts < 25; n++) {
      const cable = new Cable(bare);
      const { outcome, booked, uncertain, felt } = await runOver(
        cable,
        () => 2 + (random.at(draws++, n).word0 % 40),
      );
      expect(outcome).toBe("r1");
      expect(misbooked(felt, booked, uncertain)).toEqual([]);
      unsure += uncertain.reduce((sum, rows) => sum + rows, 0);
      cuts += cable.cuts;
    }
    expect(unsure).toBeGreaterThan(0);
  });

  it("goes on after a kill in mid-pulse by reading: what was under way is uncertain, and decided by what is seen", async () => {
    const chip = await bareChip();
    const store = await openWorkspace(emptyFolder());
    const context = (driver: ChipDriver) => ({
      driver,
      store,
      clock: chip.clock,
      stop: { requested: false },
      wallTime: () => "2026-01-01T00:00:00Z",
      onEvent() {},
    });
    const killed = chip.line();
    let pulses = 0;
    const dying: ChipDriver = Object.assign(Object.create(killed) as ChipDriver, {
      async pulse(...order: Parameters<ChipDriver["pulse"]>) {
        const report = await killed.pulse(...order);
        if (++pulses === 4) throw new Error("the process was killed");
        return report;
      },
      read: killed.read.bind(killed),
      identify: killed.identify.bind(killed),
      chipTime: killed.chipTime.bind(killed),
      standby: () => Promise.reject(new Error("dead")),
    });
    await expect(executeRun(context(dying), plan)).rejects.toThrow(/killed/);
    const asked: string[] = [];
    const again = chip.line();
    const told = Object.assign(Object.create(again) as ChipDriver, {
      identify: again.identify.bind(again),
      chipTime: again.chipTime.bind(again),
      standby: again.standby.bind(again),
      fates: (...what: Parameters<ChipDriver["fates"]>) => again.fates(...what),
      read(...what: Parameters<ChipDriver["read"]>) {
        asked.push("read");
        return again.read(...what);
      },
      pulse(...what: Parameters<ChipDriver["pulse"]>) {
        asked.push("pulse");
        return again.pulse(...what);
      },
    });
    await resumeRun(context(told), "r1");
    expect(asked[0]).toBe("read");
    const { verdicts } = await summarise(store, "r1");
    expect(verdicts.accepted).toBeGreaterThan(450);
    const ledger = await PulseLedger.ofChip(
      store,
      { name: "pcm-64", serialNumber: "DIE-12" },
      chip.description.geometry,
    );
    const uncertain = ledger.uncertainOfTile(0);
    expect(uncertain.some((count) => count > 0)).toBe(true);
    expect(misbooked(chip.firmware.chip.pulsesFeltByTile(0), ledger.pulsesOfTile(0), uncertain)).toEqual([]);
    await store.close();
  });

  it("reports the row of a lost answer as uncertain and those after it as not fired, and sends none of them again", async () => {
    const chip = await bareChip();
    let answers = 2;
    const driver = chip.line(() => answers-- <= 0);
    await driver.identify();
    const codes = new Uint16Array(4 * 256).fill(400);
    const order = { codes, widthNanoseconds: 100, firstTicket: 1 };
    const { fates } = await reportOfCut(driver.pulse({ tile: 0, rowStart: 0, rowCount: 4 }, order));
    const { fired, uncertain, notFired } = rowFates;
    expect([...fates]).toEqual([fired, fired, uncertain, notFired]);
    await expect(driver.heartbeat()).rejects.toMatchObject({ code: "link-lost" });
  });
});

describe("a chip whose board says no serial number", () => {
  const serve = async (): Promise<string> => {
    const firmware = emulatedChip(bare, pcm64(1), 7);
    const line = await openTcpLine(0);
    line.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => line.write(reply)));
    onTestFinished(() => line.close());
    return `tcp:${line.name}?dialect=bare`;
  };
  const benchOf = async (chip: string, workspace = emptyFolder()) => {
    const warnings: string[] = [];
    const bench = await openBench({
      workspace,
      chip,
      extensions: { dialects: [bare] },
      onEvent: (event) => void (event.type === "warning" && warnings.push(event.message)),
    });
    onTestFinished(() => bench.close());
    return { bench, warnings };
  };
  const targets = { title: "a row", valuesMicrosiemens: new Float32Array(256).fill(5) };
  const options = { method: "open-loop", sweepTimesSeconds: [] };

  it("is refused until a person names it, and its records are kept by that name", async () => {
    const address = await serve();
    const workspace = emptyFolder();
    const { bench } = await benchOf(address, workspace);
    await expect(bench.program(targets, options)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining(`needs a name of yours: ${address}&chip=pcm-64&serial=NAME`) as string,
    });
    for (const name of ["DIE-1", "DIE-2"]) {
      const named = await benchOf(`${address}&serial=${name}`, workspace);
      const run = await named.bench.program(targets, options);
      expect((await named.bench.run(run)).plan).toMatchObject({ chipName: "pcm-64", chipSerialNumber: name });
      expect(named.warnings).toEqual([
        expect.stringMatching(/cannot say which chip it holds\. It is taken for the pcm-64/),
        expect.stringMatching(/dialect bare keep no tickets/),
      ]);
      await named.bench.close();
    }
  });

  it("is made safe without a name", async () => {
    const { bench } = await benchOf(await serve());
    expect(await bench.standby()).toEqual({ name: "pcm-64", serialNumber: "unknown" });
  });

  it("is named on its own line only, and where its board says no number itself", async () => {
    const address = await serve();
    const odd = await benchOf(`${address}&serial=a%20b`);
    await expect(odd.bench.standby()).rejects.toThrow(/serial must be a name of at most 40 letters/);
    const spoken = await benchOf("tcp:127.0.0.1:1?serial=DIE-1");
    await expect(spoken.bench.standby()).rejects.toThrow(/dialect packet say their serial number themselves/);
  });

  it("that is emulated in this process has the number of its seed", async () => {
    const { bench } = await benchOf("emulator:pcm-64?dialect=bare&seed=5&state=none");
    const run = await bench.program(targets, options);
    expect((await bench.run(run)).plan.chipSerialNumber).toBe("EMU-5");
  });
});

describe("a port that may lead to a board which no question is harmless to", () => {
  it("is known by the system's words, and the dialect of such a board asks no line", async () => {
    const port = { path: "/dev/ttyACM0", vendor: "x", productId: "1", serialNumber: undefined };
    const dialects = [...builtInDialects, bare];
    expect(perhapsBoard({ ...port, vendorId: "ba4e" }, dialects)).toBe("a bare board");
    expect(perhapsBoard({ ...port, vendorId: "2e8a" }, dialects)).toBeUndefined();
    const written: Uint8Array[] = [];
    const mute = connectInProcess({ receive: (bytes) => (written.push(bytes.slice()), []) });
    expect(await askLine(mute, [bare], 15)).toEqual({ kind: "silent" });
    expect(written).toEqual([]);
  });
});

describe("the time of a board without a clock", () => {
  it("is the calendar's at first, then goes by the host's clock, whatever the calendar is set back to", () => {
    let [now, wall] = [5_000_000, 1_790_000_000_000];
    const time = hostTime(
      () => now,
      () => wall,
    );
    expect(time()).toBe(1_790_000_000_000_000);
    now += 1_500_000;
    wall -= 3_600_000;
    expect(time()).toBe(1_790_000_001_500_000);
  });

  it("counts the hours that the host slept", () => {
    let [now, wall] = [0, 1_790_000_000_000];
    const time = hostTime(
      () => now,
      () => wall,
    );
    now += 1_000_000;
    wall += 3_601_000;
    expect(time()).toBe(1_790_003_601_000_000);
  });
});
