import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { killAndResume } from "../bench/killing.ts";
import { fitting, type Output } from "../cli/output.ts";
import { progressOf } from "../cli/progress.ts";
import { takeLock } from "../locks/lock.ts";
import { mho } from "./support/commandHere.ts";
import { mho as mhoProcess, startMho } from "./support/commandLine.ts";
import { emulatorHere } from "./support/emulatorHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

/** Rows of 256 conductances, every fifth device left alone. */
function targetsFile(folder: string, rows = 2, value = (i: number) => i % 25, perRow = 256): string {
  const path = join(folder, "targets.csv");
  const lines = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: perRow }, (__, k) => (k % 5 === 0 ? "nan" : String(value(row * perRow + k)))).join(
      ",",
    ),
  );
  writeFileSync(path, `# µS\n${lines.join("\n")}\n`);
  return path;
}

const row = Array.from({ length: 256 }, (_, i) => 2 + (i % 2)).join(",");
const sound = "emulator:pcm-64?seed=5&births=sound";

interface Result {
  readonly run: string;
  readonly devices: number;
  readonly pulses: number;
  readonly yield_percent: number;
  readonly verdicts: Record<string, number>;
  readonly weight_errors: readonly { readonly rms_percent: number }[];
}

function lastOf(out: string): Result {
  return JSON.parse(out.trim().split("\n").at(-1)!) as Result;
}

describe("mho program", () => {
  it("programs conductances of one's own, tells its events in order, and leaves a run to look at", async () => {
    const folder = emptyFolder();
    const args = ["program", targetsFile(folder), "--chip", sound, "--workspace", folder, "--json"];
    const { code, out } = await mho(...args);
    const events = out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(events.join(" ")).toMatch(/^chip started( turn)+ sweep ended result$/);
    const result = lastOf(out);
    expect([code, result.devices]).toEqual([0, 408]);
    expect(result.yield_percent).toBeGreaterThan(98);
    const shown = await mho("show", "r1", "--workspace", folder);
    expect(shown.out).toMatch(/Run r1: .*targets\.csv, verify, on pcm-64 number EMU-5[^]*yield \d+\.\d+ %/);
    expect(shown.out).toMatch(/\d+ accepted\n[^]*104 left alone/);
  });

  it("programs a strategy by residual programming, and says how far the weights are off", async () => {
    const folder = emptyFolder();
    const weights = join(folder, "w.csv");
    const values = Array.from({ length: 8 }, (_, i) =>
      Array.from({ length: 16 }, (__, j) => (((i * 16 + j) * 37) % 101) / 50 - 1).join(","),
    );
    writeFileSync(weights, values.join("\n"));
    const strategy = join(folder, "s.json");
    await mho(
      "optimize",
      weights,
      "--model",
      "pcm-90nm",
      "--significance",
      "2",
      "--out",
      strategy,
      "--quiet",
    );
    const args = ["program", strategy, "--chip", sound, "--workspace", folder, "--json"];
    const { code, out } = await mho(...args);
    const result = lastOf(out);
    expect([code, result.devices]).toEqual([0, 8 * 16 * 4]);
    expect(result.weight_errors[0]!.rms_percent).toBeLessThan(4);
    // The weights have changed meanwhile: what was solved is no longer theirs.
    writeFileSync(weights, ["0.5", ...values.join("\n").split(",").slice(1)].join(","));
    const changed = await mho(...args);
    expect([changed.code, changed.err]).toEqual([2, expect.stringContaining("is not the one that layer")]);
  });

  it("says beforehand what it will take, and touches nothing", async () => {
    const folder = emptyFolder();
    const chip = "serial:/dev/ttyNoSuchPort";
    const { code, out } = await mho("program", targetsFile(folder), "--chip", chip, "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(/408 devices on 1 tile, by verify\nabout [\d,]+ pulses.*\nabout .*Nothing was sent/);
  });

  it("reads what aihwkit's fusion_export writes: one device a weight", async () => {
    const folder = emptyFolder();
    const path = join(folder, "fusion.csv");
    writeFileSync(path, "1\nAnalogLinear\n6\n2\n3\nfc1\n1,2,3,4.5,5,6\n");
    const { code, out } = await mho("program", path, "--chip", sound, "--workspace", folder, "--json");
    expect([code, lastOf(out).devices]).toEqual([0, 6]);
  });

  it.each([
    ["S", (microsiemens: number) => 1e-6 * microsiemens],
    ["mS", (microsiemens: number) => 1e-3 * microsiemens],
    ["nS", (microsiemens: number) => 1000 * microsiemens],
    ["kohm", (microsiemens: number) => 1000 / microsiemens],
  ])(
    "refuses targets that were written in %s, and programs them as they are meant",
    async (unit, written) => {
      const folder = emptyFolder();
      const path = targetsFile(folder, 2, (i) => written(1 + (i % 24)));
      const args = ["program", path, "--chip", sound, "--workspace", folder];
      const { code, err } = await mho(...args);
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(/all of its 408 targets are (below|above) .* µS/),
      ]);
      expect(err).toMatch(new RegExp(`--unit ${unit}\\b`));
      const { out } = await mho(...args, "--unit", unit, "--json");
      expect(lastOf(out)).toMatchObject({
        devices: 408,
        verdicts: { accepted: expect.any(Number) as number },
      });
      expect(lastOf(out).yield_percent).toBeGreaterThan(98);
    },
  );

  it("refuses targets that are all equal, unless their unit is said", async () => {
    const folder = emptyFolder();
    const path = targetsFile(folder, 1, () => 0);
    const args = ["program", path, "--chip", sound, "--workspace", folder, "--dry-run"];
    const { code, err } = await mho(...args);
    expect([code, err]).toEqual([2, expect.stringContaining("If they are meant in µS, say --unit uS.")]);
    writeFileSync(path, Array(256).fill("12").join(","));
    expect((await mho(...args)).err).toContain("all of its 256 targets are 12 µS. If they are meant in µS");
    expect((await mho(...args, "--unit", "uS")).code).toBe(0);
    expect((await mho(...args, "--unit", "us")).err).toContain("--unit us: give one of uS, nS, mS");
    writeFileSync(path, `0,${Array(255).fill("40000").join(",")}`);
    expect((await mho(...args, "--unit", "ohm")).err).toContain(
      "value 1 is 0 ohm, which is not a conductance",
    );
  });

  it("ends with 1 when the yield is short of what was asked for", async () => {
    const folder = emptyFolder();
    const path = targetsFile(folder, 1, () => 24.9);
    const args = [
      "--chip",
      "emulator:pcm-64?seed=5",
      "--workspace",
      folder,
      "--min-yield",
      "100",
      "--unit",
      "uS",
    ];
    const { code, out } = await mho("program", path, ...args, "--budget", "1");
    expect([code, out]).toEqual([1, expect.stringMatching(/budget spent[^]*short of the 100 %/)]);
  });

  it.each([
    [["--chip", "emulator:pcm-64", "--budget", "0"], row, /--budget 0: give a whole number from 1/],
    [["--chip", "emulator:pcm-64"], "2,3\n4,5", /its shape is 2 × 2, and a row of pcm-64 has 256 devices/],
    [
      ["--chip", "emulator:pcm-64"],
      Array(256).fill("26").join(","),
      /device 0 is to hold 26 µS, .* 0 … 25 µS/,
    ],
    [["--chip", "emulator:pcm-64"], Array(256).fill("-1").join(","), /device 0 is to hold -1 µS/],
    [["--chip", "emulator:pcm-64"], row.concat("\nx"), /line 2, column 1 has "x" where a number should be/],
    [["--chip", "emulator:pcm-64", "--method", "residual"], row, /must know which weights/],
    [
      ["--chip", "emulator:pcm-64"],
      Array(256).fill("nan").join(","),
      /it has a target for no device, so there is nothing/,
    ],
    [
      ["--chip", "serial:/dev/ttyNoSuchPort?baud=9600&chip=pcm-64"],
      Array(65).fill(row).join("\n"),
      /has as many, say so in its address, 'serial:\/dev\/ttyNoSuchPort\?baud=9600&chip=pcm-64&tiles=2'; else/,
    ],
    [["--chip", "emulator:pcm-64", "--sweep", "soon"], row, /--sweep soon/],
    [["--chip", "emulator:pcm-64", "--min-yield", "200"], row, /--min-yield 200/],
    [[], row, /No chip was named/],
    [["--chip", "serial:/dev/ttyNoSuchPort"], row, /there is no such port/],
  ])("refuses %j with a reason (%#)", async (args, text, message) => {
    const folder = emptyFolder();
    const path = join(folder, "t.csv");
    writeFileSync(path, text);
    const { code, err } = await mho("program", path, "--workspace", folder, ...args);
    expect([code === 2 || code === 3, err]).toEqual([true, expect.stringMatching(message)]);
  });
});

describe("mho resume", () => {
  it("goes on after Ctrl-C: the chip is in standby, and one command finishes the run", async () => {
    const folder = emptyFolder();
    const { address } = await emulatorHere("pcm-64");
    const path = targetsFile(folder, 8);
    const program = startMho(["program", path, "--chip", address, "--workspace", folder, "--json"]);
    await program.line(/"turn":3/);
    program.process.kill("SIGINT");
    const stopped = await program.ended();
    expect([stopped.code, stopped.err]).toEqual([130, expect.stringContaining("Go on with mho resume r1")]);
    const { code, out } = await mho("resume", "r1", "--workspace", folder, "--json");
    expect([code, out.split("\n")[1]]).toEqual([0, expect.stringContaining('"resumed":true')]);
    expect(lastOf(out).verdicts["pending"]).toBe(0);
    const again = await mho("resume", "r1", "--workspace", folder);
    expect([again.code, again.out]).toEqual([0, "r1 was done already.\n"]);
    expect(lastOf((await mho("resume", "r1", "--workspace", folder, "--json")).out)).toMatchObject({
      type: "result",
      outcome: "done",
    });
    expect((await mho("show", "r1", "--workspace", folder)).out).toMatch(/resumed: At tcp:/);
  });

  it("is what a second Ctrl-C names, which stops at once and leaves no run running", async () => {
    const folder = emptyFolder();
    // A turn of its rows takes long on its line, so that it is still under way when the second request comes.
    const { address } = await emulatorHere("pcm-256", { pace: true });
    const targets = targetsFile(folder, 32, (i) => i % 20, 1024);
    const args = [targets, "--chip", address, "--workspace", folder, "--json"];
    const program = startMho(["program", ...args]);
    await program.line(/"turn":1/);
    program.process.kill("SIGINT");
    program.process.kill("SIGTERM");
    const { code, out, err } = await program.ended();
    const said = /^mho: Stopped at once; the chip was told to be safe\. mho resume r1 goes on\.\n$/;
    expect([code, err]).toEqual([130, expect.stringMatching(said)]);
    expect(lastOf(out)).toMatchObject({ type: "error", code: "interrupted" });
    const shown = await mho("show", "--workspace", folder);
    expect(shown.out).toMatch(/^r1 +interrupted/);
  });

  it("counts its rate and the time left from where it goes on, in as many words as there is room for", () => {
    let seconds = 0;
    const shown: string[] = [];
    const output: Pick<Output, "say" | "progress"> = {
      say() {},
      progress: (text) => void shown.push(fitting(typeof text === "string" ? [text] : text, 59)),
    };
    const tell = progressOf("program", output, { now: () => 1e6 * seconds });
    const run = "r1";
    const chip = { chip: "pcm-64", serial_number: "1", firmware: "", boot: 1 };
    tell({
      type: "started",
      run,
      title: "",
      method: "verify",
      ...chip,
      devices: 2000,
      resumed: true,
      network: null,
    });
    const turn = { type: "turn", run, tile: 0, turn: 9, tile_done: false, accepted: 0, inside: 0 } as const;
    const devices = 2000;
    seconds = 1;
    tell({ ...turn, devices, devices_done: 1000, accepted: 1000, pulses: 4000 });
    seconds = 11;
    tell({ ...turn, devices, devices_done: 1100, accepted: 1100, pulses: 4400 });
    expect(shown).toEqual([
      " 50 %  1,000 of 2,000 devices in place  2.0 pulses a device",
      " 55 %  2.2 pulses a device  10 devices/s  1.5 min left",
    ]);
  });

  it("says of a method that does not look that devices were pulsed, and not that they are in place", async () => {
    const folder = emptyFolder();
    const row = join(folder, "row.csv");
    writeFileSync(row, Array.from({ length: 256 }, (_, i) => 2 + (i % 20)).join());
    const { out } = await mho(
      "program",
      row,
      "--method",
      "open-loop",
      "--chip",
      "emulator:pcm-64",
      "--workspace",
      folder,
    );
    expect(out).toMatch(/program: 100 % {2}256 of 256 devices pulsed {2}1\.0 pulses a device/);
    expect(out).not.toContain("in place");
  });

  it("never goes back, counts none in place that was given up, and says when only the last look is waited for", () => {
    const shown: string[] = [];
    const output: Pick<Output, "say" | "progress"> = {
      say() {},
      progress: (text) => void shown.push(typeof text === "string" ? text : text[0]!),
    };
    const tell = progressOf("program", output, { now: () => 0 });
    const chip = { chip: "pcm-64", serial_number: "1", firmware: "", boot: 1 };
    tell({
      type: "started",
      run: "r1",
      title: "",
      method: "verify",
      ...chip,
      devices: 100,
      resumed: false,
      network: null,
    });
    const turn = { type: "turn", run: "r1", tile: 0, turn: 1, tile_done: false, devices: 100 } as const;
    tell({ ...turn, devices_done: 2, accepted: 1, inside: 48, pulses: 300 });
    tell({ ...turn, devices_done: 2, accepted: 1, inside: 38, pulses: 400 });
    tell({ ...turn, devices_done: 2, accepted: 1, inside: 98, pulses: 500 });
    tell({ ...turn, devices_done: 100, accepted: 99, inside: 0, pulses: 500 });
    expect(shown).toEqual([
      "program:  50 %  49 of 100 devices in place, 1 given up  3.0 pulses a device",
      "program:  50 %  49 of 100 devices in place, 1 given up  4.0 pulses a device",
      "program: 100 %  99 of 100 devices in place, 1 given up  5.0 pulses a device  waiting for the last looks",
      "program: 100 %  99 of 100 devices in place, 1 given up  5.0 pulses a device",
    ]);
  });

  it("hears Ctrl-C while it works on a chip inside its own process", async () => {
    const folder = emptyFolder();
    const args = ["--chip", "emulator:pcm-64", "--workspace", folder, "--json"];
    const program = startMho(["program", targetsFile(folder, 16), ...args]);
    await program.line(/"turn":3/);
    program.process.kill("SIGINT");
    expect((await program.ended()).code).toBe(130);
    expect((await mho("resume", "r1", "--workspace", folder, "--json")).code).toBe(0);
  });

  it("of a run that is not there, or of another chip's, ends with a reason", async () => {
    const folder = emptyFolder();
    expect(await mho("resume", "r7", "--workspace", folder)).toMatchObject({
      code: 2,
      err: expect.stringContaining("There is no workspace in") as string,
    });
    const gone = `${sound}&state=none`;
    const stopped = ["program", targetsFile(folder, 16), "--chip", gone, "--workspace", folder, "--json"];
    const program = startMho(stopped);
    await program.line(/"turn":3/);
    program.process.kill("SIGINT");
    await program.ended();
    expect(await mho("resume", "r7", "--workspace", folder)).toMatchObject({
      code: 2,
      err: expect.stringContaining("There is no run r7") as string,
    });
    expect(await mho("resume", "r1", "--workspace", folder)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/a chip that was not kept.*Leave \?state=none away/) as string,
    });
    const { address: other } = await emulatorHere("pcm-64", { seed: 6 });
    expect(await mho("resume", "r1", "--chip", other, "--workspace", folder)).toMatchObject({
      code: 3,
      err: expect.stringContaining("this run was planned for pcm-64 number EMU-5") as string,
    });
  });

  it("meets the devices of an emulated chip again that an earlier command left, one command at a time", async () => {
    const folder = emptyFolder();
    const args = ["--chip", sound, "--workspace", folder, "--json"];
    await mhoProcess("program", targetsFile(folder), ...args);
    const none = join(folder, "none.csv");
    // Other rows than the run before.
    const alone = Array(256).fill("nan");
    writeFileSync(none, [alone, alone, [...alone.slice(1), "5"]].map((row) => row.join(",")).join("\n"));
    const { out } = await mho("program", none, "--sweep", "none", ...args);
    expect(JSON.parse(out.split("\n")[1]!)).toMatchObject({ type: "started", boot: 2 });
    const watched = await mho("watch", "r1", "--until", "10", "--workspace", folder, "--json");
    expect([watched.code, watched.out.match(/"type":"sweep"/g)]).toEqual([
      0,
      expect.arrayContaining(['"type":"sweep"']),
    ]);
    const shown = await mho("show", "r1", "--workspace", folder, "--json");
    expect(shown.out).toContain('"accepted":');
    const state = join(folder, "chips", "pcm-64,seed=5,births=sound.state");
    const lock = takeLock(`${state}.lock`, new Date().toISOString());
    const busy = await mhoProcess("program", none, ...args);
    expect([busy.code, busy.err]).toEqual([
      3,
      expect.stringContaining(`(process ${process.pid}), which holds ${state}.lock.`),
    ]);
    lock.release();
    // A process id holds nothing, be it that of the first process of all.
    writeFileSync(`${state}.lock`, "1");
    expect((await mho("program", none, ...args)).code).toBe(0);
    writeFileSync(`${state}.lock`, String(process.pid));
    expect((await mho("program", none, ...args)).code).toBe(0);
    writeFileSync(state, "damaged");
    const damaged = await mho("program", none, ...args);
    expect([damaged.code, damaged.err]).toEqual([2, expect.stringContaining("does not hold the devices")]);
  });

  // test/slow/kills.test.ts has ten.
  it("loses nothing over two kill -9s: no finished device is pulsed again, and the ledger is what was felt", async () => {
    const { kills, ...result } = await killAndResume(3, 2, "verify", 12);
    expect(kills).toBe(2);
    expect(result).toMatchObject({
      outcome: "done",
      ledgerErrors: 0,
      pulsedAgain: 0,
      turnsMissing: 0,
      devicesWithoutVerdict: 0,
    });
  });
});

describe("what is programmed", () => {
  it("is refused whole when the file is cut", async () => {
    const folder = emptyFolder();
    const path = targetsFile(folder, 2);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.slice(0, text.length - 20));
    const { code, err } = await mho("program", path, "--chip", sound, "--workspace", folder);
    expect([code, err]).toEqual([2, expect.stringMatching(/line 3 has \d+ numbers and those before it 256/)]);
  });
});
