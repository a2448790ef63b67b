import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWorkspace } from "../storage/workspace.ts";
import { mho } from "./support/commandHere.ts";
import { mho as mhoProcess, startMho } from "./support/commandLine.ts";
import { emulatorHere } from "./support/emulatorHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { smallWeights } from "./support/smallNetwork.ts";

removeFoldersAfterEach();

describe("mho demo", () => {
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
    [["--images", "a.npy"], /--images, --labels, .* go with --onnx/],
    [["--images", "a.npy", "--labels", "b.npy"], /go with --onnx/],
    [["--onnx", "no-such.onnx"], /no-such\.onnx/],
    [["--repeats", "0"], /--repeats 0/],
    [["--chip", "emulator:pcm-64", "--repeats", "2"], /there is one of yours/],
    [
      ["--chip", "emulator:rram-128?tiles=2&state=none"],
      /needs 14 tiles of 128 × 128 cells, and the chip has 2/,
    ],
  ])("refuses %j with 2", async (args, message) => {
    const folder = emptyFolder();
    const places = ["--out", join(folder, "out"), "--workspace", join(folder, "w")];
    const { code, err } = await mho("demo", ...places, ...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
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
    [["demo", "--network", "gpt"], /Allowed choices are transformer, cnn, mlp, lstm/],
    [["demo", "--seed", "x"], /--seed x: give a whole number/],
    [["demo", "--colour"], /^mho: Unknown option '--colour'\. mho demo --help/],
    [["emulate"], /^mho: Missing required argument 'preset'\. mho emulate --help/],
    [["emulate", "pcm-65"], /no emulator pcm-65/],
    [["demo", "--chip", "nowhere"], /neither serial:PORT, tcp:HOST:PORT nor emulator:PRESET/],
    [["standby"], /No chip was named\. Give --chip/],
    [["show", "--workspace", "/no/such/folder"], /no workspace in \/no\/such\/folder/],
    [["optimize", "w.csv"], /^mho: Required option '--model <model>'.* mho optimize --help says/],
    ...["resume", "watch", "trim", "show", "report"].map((name): [string[], RegExp] => [
      [name, "R1"],
      /^mho: R1 is not a run: runs are called r1, r2/,
    ]),
    [["fit", "R1", "--out", "m.json"], /^mho: R1 is not a run/],
    [["export", "R1", "--to", "csv"], /^mho: R1 is not a run/],
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
    const { control } = await emulatorHere("pcm-64", { controlPort: 0 });
    const link = `${file}.link`;
    const taken = await mho("emulate", "pcm-64", "--link", link, "--control", control!.split(":")[1]!);
    expect([taken.code, taken.err]).toEqual([3, expect.stringMatching(/it is taken\. Use --control 0/)]);
    expect(existsSync(link)).toBe(false);
  });

  it("says in its own words why a file or a port cannot be used", async () => {
    const { code, err } = await mho("export", "pcm-90nm", "--to", "aihwkit", "--out", "/proc/x/y.json");
    expect([code, err]).toEqual([
      4,
      "mho: Cannot write /proc/x/y.json: there is no folder /proc/x. Name another file with --out.\n",
    ]);
    const { out } = await mho("ports", "/dev/null");
    expect(out).toMatch(/Cannot open \/dev\/null: it is not a serial port\. mho ports lists/);
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
    expect(await mhoProcess("--version")).toMatchObject({ code: 0, out: "0.2.0\n" });
    const { code, out } = await mho("--help");
    expect([code, out]).toEqual([0, expect.stringContaining("emulate")]);
  });

  it("puts a chip in standby", async () => {
    const { code, out } = await mho("standby", "--chip", "emulator:pcm-64?seed=3");
    expect([code, out]).toEqual([0, "pcm-64 number EMU-3 is in standby.\n"]);
  });
});
