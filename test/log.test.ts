import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ChipLogs } from "../lab/logs/chipLogs.ts";
import { LogWriter } from "../lab/logs/logWriter.ts";
import { MhoError } from "../src/errors.ts";
import { type Log, loggedError, type LogLevel, noLog } from "../src/log.ts";
import { logContract } from "./contracts/log.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { keepingLog, linesOf, recordsIn } from "./support/logs.ts";

removeFoldersAfterEach();

function writerTo(
  to: string,
  over: { level?: LogLevel; limitBytes?: number } = {},
): { writer: LogWriter; complaints: string[]; pass: (microseconds: number) => void } {
  const complaints: string[] = [];
  let now = 0;
  const writer = new LogWriter({
    pino,
    to,
    level: "info",
    complain: (what, error) => void complaints.push(`${what}: ${(error as Error).message}`),
    now: () => now,
    ...over,
  });
  return { writer, complaints, pass: (microseconds) => void (now += microseconds) };
}

const wallTime = (): string => "2026-01-01T00:00:00.000Z";
const onOwnFailed = (error: unknown): never => {
  throw error;
};

function chipLogsIn(folder: string, level: LogLevel = "info"): ChipLogs {
  const of = (run: string): LogWriter => writerTo(join(folder, `${run}.ndjson`), { level }).writer;
  return new ChipLogs({ files: { least: level, of }, wallTime, onOwnFailed }, { pid: 1 });
}

logContract("one that keeps a list", () => {
  const { log, records } = keepingLog();
  return { log, kept: () => records };
});
logContract("a logger of pino's own", () => {
  const lines: string[] = [];
  const log: Log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  return { log, kept: () => linesOf(lines.join("")) };
});
logContract("the files of a workspace", () => {
  const folder = emptyFolder();
  const logs = chipLogsIn(folder);
  logs.attend(["r9"]);
  return {
    log: logs.log,
    kept: () =>
      recordsIn(join(folder, "r9.ndjson")).map(({ run, ...rest }) =>
        run === "r9" ? rest : { run, ...rest },
      ),
  };
});

describe("no log", () => {
  it("keeps nothing, and neither do its children", () => {
    expect(noLog.child({ run: "r1" }).isLevelEnabled("error")).toBe(false);
  });
});

describe("an error in a record", () => {
  it("has the code by which programs know it, and its message", () => {
    expect(loggedError(new MhoError("link-lost", "Gone."))).toEqual({ code: "link-lost", message: "Gone." });
    expect(loggedError(Object.assign(new Error("Full."), { code: "ENOSPC" }))).toMatchObject({
      code: "ENOSPC",
    });
    expect(loggedError(new RangeError("Too far."))).toEqual({ code: "RangeError", message: "Too far." });
    expect(loggedError("a word")).toEqual({ code: "unknown", message: "a word" });
  });
});

describe("the file of a log", () => {
  const debug = { level: "debug", limitBytes: 2000 } as const;

  it("stops debug and trace at its limit, says so once, and goes on with what matters", () => {
    const file = join(emptyFolder(), "r1.ndjson");
    const { writer } = writerTo(file, debug);
    for (let row = 0; row < 100; row++) writer.write("debug", { row }, "answered");
    writer.write("info", {}, "run ended");
    const records = recordsIn(file);
    expect(records.slice(-2)).toMatchObject([
      { level: "warn", msg: expect.stringContaining("debug and trace end here") as string },
      { level: "info", msg: "run ended" },
    ]);
    expect(records.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(readFileSync(file).length).toBeLessThan(2300);
    expect(writer.isLevelEnabled("debug")).toBe(false);
    expect(writer.isLevelEnabled("info")).toBe(true);
  });

  it("counts against its limit what an earlier process wrote, and appends to it", () => {
    const file = join(emptyFolder(), "r1.ndjson");
    writeFileSync(file, `${JSON.stringify({ level: "info", msg: "x".repeat(3000) })}\n`);
    const { writer } = writerTo(file, debug);
    for (let row = 0; row < 5; row++) writer.write("debug", { row }, "answered");
    expect(recordsIn(file).map(({ level }) => level)).toEqual(["info", "debug", "warn"]);
  });

  it("on a full disk drops its records and never throws; it is tried again after a minute", () => {
    const file = join(emptyFolder(), "r1.ndjson");
    symlinkSync("/dev/full", file);
    const { writer, complaints, pass } = writerTo(file);
    for (let row = 0; row < 3; row++) writer.write("info", { row }, "lost");
    expect(complaints).toEqual([expect.stringMatching(/r1\.ndjson: ENOSPC/)]);
    rmSync(file);
    pass(59_000_000);
    writer.write("info", { row: 3 }, "lost too");
    pass(1_000_000);
    writer.write("info", { row: 4 }, "kept");
    expect(recordsIn(file)).toMatchObject([{ row: 4, msg: "kept" }]);
  });

  it("in a folder that cannot be made drops its records and never throws", () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "logs"), "a file");
    const { writer, complaints } = writerTo(join(folder, "logs", "r1.ndjson"));
    writer.write("error", {}, "lost");
    writer.close();
    expect(complaints).toEqual([expect.stringMatching(/EEXIST|ENOTDIR/)]);
  });
});

describe("the logs of a chip", () => {
  const messages = (folder: string, run: string) =>
    recordsIn(join(folder, `${run}.ndjson`)).map(({ msg, run: of }) => `${of}: ${msg}`);

  it("hold what is told before a run begins, and write it to the run's file", () => {
    const folder = emptyFolder();
    const logs = chipLogsIn(folder);
    logs.know({ chip: "pcm-64", port: "COM3" });
    logs.log.warn({ attempt: 1 }, "no reply");
    logs.know({ serial_number: "7", boot: 2 });
    logs.attend(["r1"]);
    logs.log.info({}, "run begun");
    expect(recordsIn(join(folder, "r1.ndjson"))).toEqual([
      {
        level: "warn",
        time: wallTime(),
        pid: 1,
        chip: "pcm-64",
        port: "COM3",
        run: "r1",
        attempt: 1,
        msg: "no reply",
      },
      {
        level: "info",
        time: wallTime(),
        run: "r1",
        pid: 1,
        chip: "pcm-64",
        port: "COM3",
        serial_number: "7",
        boot: 2,
        msg: "run begun",
      },
    ]);
  });

  it("keep the records of runs apart that are read together, and give those of the chip to all", () => {
    const folder = emptyFolder();
    const logs = chipLogsIn(folder);
    logs.attend(["r1", "r2"]);
    logs.log.info({ run: "r1" }, "watch begun");
    logs.log.warn({}, "link lost");
    logs.reading("r2");
    logs.log.warn({}, "no reply");
    logs.close();
    expect(messages(folder, "r1")).toEqual(["r1: watch begun", "undefined: link lost"]);
    expect(messages(folder, "r2")).toEqual(["undefined: link lost", "r2: no reply"]);
  });

  it("give what follows a run to the next one, and at the end to the last", () => {
    const folder = emptyFolder();
    const logs = chipLogsIn(folder);
    logs.attend(["r1"]);
    logs.log.info({}, "run ended");
    logs.attend([]);
    logs.log.info({}, "chip opened");
    logs.attend(["r2"]);
    logs.attend([]);
    logs.log.info({}, "chip closed");
    logs.close();
    expect(messages(folder, "r1")).toEqual(["r1: run ended"]);
    expect(messages(folder, "r2")).toEqual(["r2: chip opened", "r2: chip closed"]);
  });

  it("outlive a log of the user's own that throws", () => {
    const told: string[] = [];
    const own: Log = {
      ...noLog,
      isLevelEnabled: () => true,
      info() {
        throw new Error("The user's disk is full.");
      },
    };
    const logs = new ChipLogs(
      { own, wallTime, onOwnFailed: (error) => void told.push((error as Error).message) },
      {},
    );
    logs.log.info({}, "run begun");
    expect(told).toEqual(["The user's disk is full."]);
  });
});
