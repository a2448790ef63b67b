import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSerial } from "../drivers/serial.ts";
import { normalOf, Random } from "../src/random.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { mho, startMho } from "./support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { safetensors } from "./support/safetensors.ts";

removeFoldersAfterEach();

/** A perceptron for the digits that fits two tiles: quick to program. */
function smallWeights(folder: string): string {
  const random = new Random(2).fork("weights");
  const gaussian = (count: number, layer: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => 0.2 * normalOf(random.at(i, layer).word0));
  const path = join(folder, "small.safetensors");
  const bytes = safetensors({
    "fc1.weight": { shape: [32, 64], values: gaussian(2048, 1) },
    "fc2.weight": { shape: [10, 32], values: gaussian(320, 2) },
  });
  writeFileSync(path, bytes);
  return path;
}

describe("mho demo", () => {
  it("tells the whole story over a line: measured, refitted and corrected, the closed loop errs least", async () => {
    const out = emptyFolder();
    const weights = smallWeights(out);
    const args = ["--json", "--repeats", "1", "--weights", weights, "--out", out];
    const { code, out: text } = await mho("demo", ...args);
    expect(code).toBe(0);
    const result = JSON.parse(text.trim().split("\n").at(-1)!) as DemoResult;
    expect(result).toMatchObject({ type: "result", believed: true, software_accuracy: null });
    const last = (name: string): number =>
      result.contenders.find((one) => one.name === name)!.weight_error_rms_percent.at(-1)!;
    expect(last("best open loop") / last("naive")).toBeLessThan(0.75);
    expect(last("closed loop") / last("best open loop")).toBeLessThan(0.8);
    expect(last("closed loop") / last("the same, a day old")).toBeLessThan(0.8);
    expect(readFileSync(result.report, "utf8")).toContain("<!doctype html>");
    expect(readFileSync(result.figures, "utf8")).toContain("closed loop,31536000,");
    const store = await openWorkspace(join(out, "workspace"));
    expect((await store.plan("r2")).chipAddress).toMatch(/^tcp:127\.0\.0\.1/);
    expect((await store.plan("r2")).method).toBe("residual");
    await store.close();
  });

  it("prints the same table for the same seed, and another for another", async () => {
    const folder = emptyFolder();
    const weights = smallWeights(folder);
    const table = async (seed: string): Promise<string> => {
      const { out } = await mho(
        "demo",
        "--weights",
        weights,
        "--repeats",
        "1",
        "--out",
        folder,
        "--seed",
        seed,
      );
      return out.slice(out.indexOf("time after"), out.indexOf("Report:"));
    };
    const first = await table("7");
    expect(first).toMatch(/naive +\d/);
    expect(await table("7")).toBe(first);
    expect(await table("8")).not.toBe(first);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "ends on %s with 130, the chip in standby, the run kept",
    async (signal) => {
      const folder = emptyFolder();
      const emulator = startMho(["emulate", "pcm-64?tiles=2", "--json"]);
      const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
      const workspace = join(folder, "w");
      const demo = startMho([
        "demo",
        "--json",
        "--weights",
        smallWeights(folder),
        "--out",
        folder,
        "--chip",
        address,
        "--workspace",
        workspace,
      ]);
      await demo.line(/"turn":2/);
      demo.process.kill(signal);
      const { code, out, err } = await demo.ended();
      expect([code, err]).toEqual([
        130,
        expect.stringMatching(/Run r\d was stopped and the chip is in standby\./),
      ]);
      expect(JSON.parse(out.trim().split("\n").at(-1)!)).toMatchObject({
        type: "error",
        code: "interrupted",
      });
      const { out: runs } = await mho("show", "--json", "--workspace", workspace);
      expect(runs).toContain('"outcome":"interrupted"');
      expect(readdirSync(folder).filter((name) => /report|figures/.test(name))).toEqual([]);
      emulator.process.kill("SIGINT");
      expect((await emulator.ended()).code).toBe(0);
    },
  );

  it("ends with 3 and a sentence when the emulator is killed in mid-run, and does not hang", async () => {
    const folder = emptyFolder();
    const emulator = startMho(["emulate", "pcm-64?tiles=2", "--json"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const demo = startMho([
      "demo",
      "--json",
      "--weights",
      smallWeights(folder),
      "--out",
      folder,
      "--chip",
      address,
      "--workspace",
      folder,
    ]);
    await demo.line(/"turn":2/);
    emulator.process.kill("SIGKILL");
    const { code, err } = await demo.ended();
    expect(code).toBe(3);
    // By which of the two it is noticed first, reading or writing, is chance.
    expect(err).toMatch(
      /^mho: (The link to the chip at serial:\/dev\/pts\/\d+\S* is gone|Cannot write to \/dev\/pts\/\d+): .*Check the cable/,
    );
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    [
      "that is cut",
      (whole: Buffer) => whole.subarray(0, whole.length - 5),
      /is cut inside tensor fc2\.weight/,
    ],
    [
      "that holds NaN",
      (whole: Buffer) => Buffer.concat([whole.subarray(0, -4), Buffer.of(0, 0, 0xc0, 0x7f)]),
      /holds NaN/,
    ],
  ])("refuses a weights file %s with 2, and leaves nothing behind", async (_, spoil, message) => {
    const folder = emptyFolder();
    const path = smallWeights(folder);
    writeFileSync(path, spoil(readFileSync(path)));
    const out = join(folder, "out");
    const { code, err } = await mho("demo", "--weights", path, "--out", out);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err).toContain(path);
    expect(existsSync(out)).toBe(false);
  });

  it("ends with 4 and names the folder when --out is a file", async () => {
    const out = join(emptyFolder(), "taken");
    writeFileSync(out, "");
    const { code, err } = await mho("demo", "--out", out);
    expect([code, err]).toEqual([4, expect.stringMatching(/Cannot begin a workspace in .*taken.*--out/)]);
  });

  it.each([
    [["--images", "a.npy"], /Give --images and --labels together/],
    [["--images", "a.npy", "--labels", "b.npy"], /go with --onnx/],
    [["--onnx", "no-such.onnx"], /no-such\.onnx/],
    [["--repeats", "0"], /--repeats 0/],
    [["--chip", "emulator:pcm-64", "--repeats", "2"], /there is one of yours/],
    [["--chip", "emulator:rram-128?tiles=9&state=none"], /is for phase-change chips/],
  ])("refuses %j with 2", async (args, message) => {
    const folder = emptyFolder();
    const places = ["--out", join(folder, "out"), "--workspace", join(folder, "w")];
    const { code, err } = await mho("demo", ...places, ...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  it("refuses a port that does not exist, and one that is held, with 3", async () => {
    const folder = emptyFolder();
    const demo = ["demo", "--weights", smallWeights(folder), "--workspace", folder, "--chip"];
    const missing = await mho(...demo, "serial:/dev/ttyNoSuchPort");
    expect([missing.code, missing.err]).toEqual([
      3,
      expect.stringMatching(/ttyNoSuchPort: there is no such port/),
    ]);
    const emulator = startMho(["emulate", "pcm-64?tiles=2"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const holder = await openSerial(/serial:([^?]+)/.exec(address)![1]!, 3_000_000);
    const held = await mho(...demo, address);
    expect([held.code, held.err]).toEqual([
      3,
      expect.stringMatching(new RegExp(`process ${process.pid}\\) holds it since 20`)),
    ]);
    await holder.close();
    emulator.process.kill("SIGINT");
    await emulator.ended();
  });

  it("lets mho standby through while it runs: it stops, and the chip is in standby", async () => {
    const folder = emptyFolder();
    const emulator = startMho(["emulate", "pcm-64?tiles=14"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const demo = startMho([
      "demo",
      "--json",
      "--workspace",
      join(folder, "ws"),
      "--out",
      folder,
      "--chip",
      address,
    ]);
    await demo.line(/"turn"/);
    const standby = await mho("standby", "--chip", address);
    expect([standby.code, standby.out]).toEqual([
      0,
      expect.stringMatching(/mho demo \(process \d+\) holds .*told to stop[^]*is in standby/),
    ]);
    expect((await demo.ended()).code).toBe(130);
    emulator.process.kill("SIGINT");
    await emulator.ended();
  });

  it("over TCP too has one controller: a second one is told who holds the chip, and standby gets through", async () => {
    const folder = emptyFolder();
    const emulator = startMho(["emulate", "pcm-64?tiles=4", "--tcp", "0"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const targets = join(folder, "targets.csv");
    writeFileSync(targets, `${Array(256).fill("9").join(",")}\n`.repeat(256));
    const first = startMho(["program", targets, "--json", "--workspace", folder, "--chip", address]);
    await first.line(/"turn"/);
    // The same address by another name.
    const other = address.replace("127.0.0.1", "localhost");
    const second = await mho("program", targets, "--workspace", folder, "--chip", other);
    expect([second.code, second.err]).toEqual([
      3,
      expect.stringMatching(/mho program \(process \d+\) holds it/),
    ]);
    expect((await mho("standby", "--chip", address)).out).toContain("is in standby");
    expect((await first.ended()).code).toBe(130);
    emulator.process.kill("SIGINT");
    await emulator.ended();
  });

  it("refuses a chip with another identity with 3", async () => {
    const folder = emptyFolder();
    const emulator = startMho(["emulate", "pcm-64?tiles=3"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const asked = address.replace("tiles=3", "tiles=2");
    const { code, err } = await mho(
      "demo",
      "--weights",
      smallWeights(folder),
      "--workspace",
      folder,
      "--chip",
      asked,
    );
    expect([code, err]).toEqual([3, expect.stringMatching(/has 3 tiles .*and the description says 2 tiles/)]);
    emulator.process.kill("SIGINT");
    await emulator.ended();
  });

  it("ends with 4 when the disk takes no more, names the workspace, and leaves it readable", async () => {
    const folder = emptyFolder();
    const weights = smallWeights(folder);
    // A limit on the size of files stands in for the end of the disk. 512-byte units.
    const limited = 'ulimit -f 400; exec "$MHO_NODE" "$0" "$@"';
    const out = join(folder, "out");
    const { code, err } = await startMho(["demo", "--weights", weights, "--out", out], limited).ended();
    expect([code, err]).toEqual([4, expect.stringMatching(/The workspace .*workspace\.db failed: /)]);
    expect(existsSync(join(out, "report.html"))).toBe(false);
    const store = await openWorkspace(join(out, "workspace"));
    expect(await store.runs()).toHaveLength(1);
    await store.close();
  });
});

describe("mho", () => {
  it.each([
    [["nonsense"], /^mho: Unknown command 'nonsense'\. mho --help lists the commands\.$/m],
    [["demo", "--network", "gpt"], /Allowed choices are cnn, mlp, lstm, transformer/],
    [["demo", "--seed", "x"], /--seed x: give a whole number/],
    [["demo", "--colour"], /^mho: Unknown option '--colour'\. mho demo --help/],
    [["emulate"], /^mho: Missing required argument 'preset'\. mho emulate --help/],
    [["emulate", "pcm-65"], /no emulator pcm-65/],
    [["demo", "--chip", "nowhere"], /neither serial:PORT, tcp:HOST:PORT nor emulator:PRESET/],
    [["standby"], /Which chip\? Give --chip/],
    [["show", "--workspace", "/no/such/folder"], /no workspace in \/no\/such\/folder/],
    [["optimize", "w.csv"], /^mho: Required option '--model <model>'.* mho optimize --help says/],
    ...["resume", "watch", "trim", "show", "report"].map((name): [string[], RegExp] => [
      [name, "R1"],
      /^mho: R1 is no run: runs are called r1, r2/,
    ]),
    [["fit", "R1", "--out", "m.json"], /^mho: R1 is no run/],
    [["export", "R1", "--to", "csv"], /^mho: R1 is no run/],
  ])("%j ends with 2 and says why, to machines in one line too", async (args, message) => {
    const [{ code, err }, { out }] = await Promise.all([mho(...args), mho(...args, "--json")]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err.trim().split("\n")).toHaveLength(1);
    const { type, code: name, message: said } = JSON.parse(out) as Record<string, string>;
    expect([type, name, `mho: ${said}`]).toEqual(["error", "bad-argument", err.trim()]);
  });

  it("ends emulate with its code where its link or its side door cannot be made", async () => {
    const file = join(emptyFolder(), "mine");
    writeFileSync(file, "");
    const named = await mho("emulate", "pcm-64", "--link", file);
    expect([named.code, named.err]).toEqual([4, expect.stringContaining("something else has that name")]);
    const other = startMho(["emulate", "pcm-64", "--tcp", "0", "--control"]);
    const { control } = JSON.parse(await other.line(/control/)) as { control: string };
    const link = `${file}.link`;
    const taken = await mho("emulate", "pcm-64", "--link", link, "--control", control.split(":")[1]!);
    expect([taken.code, taken.err]).toEqual([3, expect.stringMatching(/it is taken\. Use --control 0/)]);
    expect(existsSync(link)).toBe(false);
    other.process.kill("SIGINT");
    await other.ended();
  });

  it("says in its own words why a file or a port cannot be used", async () => {
    const { code, err } = await mho("export", "pcm-90nm", "--to", "aihwkit", "--out", "/proc/x/y.json");
    expect([code, err]).toEqual([
      4,
      "mho: Cannot write /proc/x/y.json: there is no such folder, and none can be made there. Name another file with --out.\n",
    ]);
    const { out } = await mho("ports", "/dev/null");
    expect(out).toMatch(/Cannot open \/dev\/null: it is no serial port\. mho ports lists/);
    expect(out).not.toContain("Error:");
  });

  it("makes no workspace to look for a run in", async () => {
    const folder = join(emptyFolder(), "none");
    for (const args of [["resume"], ["watch"], ["trim"], ["fit", "--out", join(folder, "m.json")]]) {
      const { code, err } = await mho(...args, "r1", "--workspace", folder);
      expect([code, err]).toEqual([2, expect.stringContaining("There is no workspace in")]);
      expect(existsSync(folder)).toBe(false);
    }
  });

  it("tells its version and its help, and ends with 0", async () => {
    expect(await mho("--version")).toMatchObject({ code: 0, out: "0.2.0\n" });
    const { code, out } = await mho("--help");
    expect([code, out]).toEqual([0, expect.stringContaining("emulate")]);
  });

  it("puts a chip in standby", async () => {
    const { code, out } = await mho("standby", "--chip", "emulator:pcm-64?seed=3");
    expect([code, out]).toEqual([0, "pcm-64 number EMU-3 is in standby.\n"]);
  });
});

interface DemoResult {
  readonly type: string;
  readonly software_accuracy: number | null;
  readonly believed: boolean;
  readonly report: string;
  readonly figures: string;
  readonly contenders: readonly {
    name: string;
    weight_error_rms_percent: number[];
  }[];
}
