import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Transport } from "../drivers/transport.ts";
import { openBench } from "../lab/bench.ts";
import { builtInDialects, type LabDialect } from "../lab/dialects.ts";
import { noLog } from "../src/log.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip } from "./support/chips.ts";
import { mho } from "./support/commandHere.ts";
import { mho as mhoProcess } from "./support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { keepingLog, linesOf, recordsIn } from "./support/logs.ts";

removeFoldersAfterEach();

const targets = {
  title: "two rows",
  valuesMicrosiemens: Float32Array.from({ length: 512 }, (_, i) => 1 + (i % 20)),
};

/** Of all that comes from the chip, now and then a byte is changed or a message comes twice. */
function spoiled(line: Transport): Transport {
  let chunks = 0;
  return {
    ...line,
    onBytes: (listener) =>
      line.onBytes((bytes) => {
        chunks++;
        const heard = Uint8Array.from(bytes);
        if (chunks % 17 === 0) heard[3]! ^= 0x55;
        listener(heard);
        if (chunks % 23 === 0) listener(Uint8Array.from(bytes));
      }),
  };
}

const noisy = builtInDialects.map((dialect): LabDialect => ({
  ...dialect,
  name: `noisy-${dialect.name}`,
  open: (line, options) => dialect.open(spoiled(line), { ...options, deadlineMilliseconds: 5 }),
}));

describe("a run over a line that damages and doubles what passes", () => {
  it.each(["noisy-packet", "noisy-scpi"])(
    "in the dialect %s leaves a warning for each retry, with all that is known of it",
    async (dialect) => {
      const workspace = emptyFolder();
      const chip = `emulator:pcm-64?dialect=${dialect}&seed=7`;
      const bench = await openBench({ workspace, chip, extensions: { dialects: noisy } });
      const run = await bench.program(targets, { sweepTimesSeconds: [1] });
      await bench.close();
      expect(readdirSync(join(workspace, "logs"))).toEqual([`${run}.ndjson`]);
      const records = recordsIn(join(workspace, "logs", `${run}.ndjson`));
      const bound = {
        run,
        chip: "pcm-64",
        serial_number: "EMU-7",
        port: "in process",
        dialect,
        session: expect.any(Number) as number,
        boot: 1,
        pid: process.pid,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      };
      for (const record of records.slice(records.findIndex(({ boot }) => boot !== undefined)))
        expect(record).toMatchObject(bound);
      const retries = records.filter(({ msg }) => msg === "no reply");
      expect(retries.length).toBeGreaterThan(5);
      for (const retry of retries) {
        expect(retry).toMatchObject({ level: "warn", request: expect.any(String) as string });
        expect(retry.tag).toBeGreaterThan(0);
        expect(retry.attempt).toBeGreaterThan(0);
        expect(retry.bytes).toBeGreaterThan(0);
      }
      expect(records.some(({ damaged_frames: damaged }) => damaged !== undefined)).toBe(true);
      expect(records.some(({ stray_frames: stray }) => stray !== undefined)).toBe(true);
      expect(records.map(({ level }) => level)).not.toContain("debug");
    },
  );

  it("says of a pulse whose reply was lost what the chip said became of it", async () => {
    const { log, records } = keepingLog();
    const bench = await openBench({
      workspace: emptyFolder(),
      chip: "emulator:pcm-64?dialect=noisy-packet&seed=7",
      extensions: { dialects: noisy },
      log,
    });
    await bench.program(targets, { sweepTimesSeconds: [] });
    await bench.close();
    const asked = records.filter(({ msg }) => msg.startsWith("no reply to a pulse"));
    expect(asked.length).toBeGreaterThan(0);
    for (const { fate, ticket, row, tile } of asked) {
      expect(fate).toBe("fired");
      expect([typeof ticket, typeof row, tile]).toEqual(["number", "number", 0]);
    }
  });
});

describe("the log of a bench", () => {
  const chip = "emulator:pcm-64?seed=7";

  it("tells the life of a chip, a run and a watch in one file for each run", async () => {
    const workspace = emptyFolder();
    const bench = await openBench({ workspace, chip });
    await bench.program(targets, { sweepTimesSeconds: [1], method: "open-loop" });
    await bench.program(targets, { sweepTimesSeconds: [], method: "open-loop" });
    await bench.close();
    const later = await openBench({ workspace, chip });
    await later.watch("r2", { until: 2 });
    await later.close();
    const told = (run: string) => recordsIn(join(workspace, "logs", `${run}.ndjson`)).map(({ msg }) => msg);
    const life = ["chip opened", "run begun", "tile begun", "tile done"];
    expect(told("r1")).toEqual([...life, "sweep taken", "run ended"]);
    const watched = [
      "chip opened",
      "watch begun",
      "sweep taken",
      "sweep taken",
      "watch ended",
      "chip closed",
    ];
    expect(told("r2")).toEqual([...life, "run ended", "chip closed", ...watched]);
    const ended = recordsIn(join(workspace, "logs", "r1.ndjson")).at(-1);
    expect(ended).toMatchObject({ outcome: "done", standby: true });
  });

  it("that cannot be written loses no pulse, and the run ends done", async () => {
    for (const spoil of [
      (folder: string) => writeFileSync(join(folder, "logs"), "a file where the folder should be"),
      (folder: string) => {
        mkdirSync(join(folder, "logs"));
        symlinkSync("/dev/full", join(folder, "logs", "r1.ndjson"));
      },
    ]) {
      const workspace = emptyFolder();
      spoil(workspace);
      const { code, out, err } = await mhoProcess(
        "program",
        csv(workspace),
        "--chip",
        chip,
        "--workspace",
        workspace,
      );
      expect([code, out]).toEqual([0, expect.stringContaining("run r1 done")]);
      expect(err.match(/the log .*r1\.ndjson cannot be written/g)).toHaveLength(1);
      const store = await openWorkspace(workspace);
      expect((await store.runs())[0]!.outcome).toBe("done");
      const key = { name: "pcm-64", serialNumber: "EMU-7" };
      const { description } = await openTestChip();
      const booked = (await PulseLedger.ofChip(store, key, description.geometry)).pulsesOfTile(0);
      expect(booked.subarray(0, 512).every((pulses) => pulses > 0)).toBe(true);
      await store.close();
    }
  });

  it("of the user's own takes the place of files", async () => {
    const workspace = emptyFolder();
    const { log, records } = keepingLog("debug");
    const bench = await openBench({ workspace, chip, log });
    await bench.program(targets, { sweepTimesSeconds: [] });
    await bench.close();
    expect(existsSync(join(workspace, "logs"))).toBe(false);
    const answered = records.filter(({ msg }) => msg === "answered");
    expect(answered.length).toBeGreaterThan(10);
    expect(answered.every(({ attempt, round_trip_milliseconds: took }) => attempt === 1 && took! > 0)).toBe(
      true,
    );
    expect(records.find(({ msg }) => msg === "turn done")).toMatchObject({ run: "r1", tile: 0 });
  });

  it("changes no reading, whatever its level", async () => {
    const conductances = async (options: object): Promise<Float32Array[]> => {
      const bench = await openBench({ workspace: emptyFolder(), chip, ...options });
      const run = await bench.program(targets, { sweepTimesSeconds: [1] });
      const found: Float32Array[] = [];
      for await (const { sweep } of bench.sweeps(run)) found.push(sweep.conductanceMicrosiemens);
      await bench.close();
      return found;
    };
    const quiet = await conductances({});
    expect(quiet).toHaveLength(1);
    expect(await conductances({ log: keepingLog("trace").log })).toEqual(quiet);
  });
});

describe("mho --log-level", () => {
  it("debug logs to stderr and into the file, and leaves stdout to the command's own JSON", async () => {
    const workspace = emptyFolder();
    const args = ["--chip", "emulator:pcm-64?seed=7", "--workspace", workspace, "--json"];
    const { code, out, err } = await mhoProcess("program", csv(workspace), ...args, "--log-level", "debug");
    expect(code).toBe(0);
    const events = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type?: string; level?: string });
    expect(events.every(({ type, level }) => type !== undefined && level === undefined)).toBe(true);
    const records = linesOf(err);
    expect(records.filter(({ level }) => level === "debug").length).toBeGreaterThan(10);
    expect(recordsIn(join(workspace, "logs", "r1.ndjson"))).toHaveLength(records.length);
  });

  it("error logs nothing where nothing fails, and the file keeps what it always does", async () => {
    const workspace = emptyFolder();
    const args = ["--chip", "emulator:pcm-64?seed=7", "--workspace", workspace, "--log-level", "error"];
    expect((await mhoProcess("program", csv(workspace), ...args)).err).toBe("");
    expect(recordsIn(join(workspace, "logs", "r1.ndjson")).length).toBeGreaterThan(4);
  });

  it("trace says every byte that passes", async () => {
    const workspace = emptyFolder();
    const args = ["--chip", "emulator:pcm-64?seed=7", "--workspace", workspace, "--log-level", "trace"];
    const records = linesOf((await mhoProcess("standby", ...args)).err).filter(
      ({ level }) => level === "trace",
    );
    expect(records.map(({ msg }) => msg)).toEqual(expect.arrayContaining(["sent", "received"]));
    for (const { hex, bytes } of records) expect(hex).toHaveLength(2 * bytes!);
    expect(existsSync(join(workspace, "logs"))).toBe(false);
  });

  it("of another name is refused", async () => {
    expect((await mho("ports", "--log-level", "loud")).code).toBe(2);
  });

  it("or none: commands that only read make no logs", async () => {
    const workspace = emptyFolder();
    const chip = "emulator:pcm-64?seed=7";
    const bench = await openBench({ workspace, chip, log: noLog });
    await bench.program(targets, { sweepTimesSeconds: [1] });
    await bench.close();
    const at = ["--workspace", workspace];
    for (const args of [
      ["show"],
      ["show", "r1"],
      ["export", "r1", "--to", "csv", "--out", join(workspace, "r1.csv")],
      ["report", "r1", "--out", join(workspace, "r1.html")],
    ]) {
      expect((await mho(...args, ...at)).code).toBe(0);
    }
    expect(readdirSync(workspace)).not.toContain("logs");
  });
});

/** The same targets in a file. */
function csv(folder: string): string {
  const path = join(folder, "targets.csv");
  const { valuesMicrosiemens: values } = targets;
  writeFileSync(path, [0, 1].map((row) => values.subarray(256 * row, 256 * (row + 1)).join(",")).join("\n"));
  return path;
}
