import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { readModel } from "../files/model.ts";
import type { PowerLawDefinition } from "../src/model/definition.ts";
import { mho } from "./support/commandHere.ts";
import { allTensors } from "./support/tensors.ts";
import { conductances, weights } from "./support/fitInputs.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const chip = "emulator:pcm-64?seed=5&births=stranger&swing=2";

describe("a fit that fails a check", () => {
  it("is not aimed by or trimmed with unless --believe says so, and the check, its figure and its limit are named", async () => {
    const folder = emptyFolder();
    const at = ["--workspace", folder, "--json"];
    const conductors = conductances(folder, 4);
    await mho(
      "program",
      conductors,
      "--chip",
      "emulator:pcm-64?seed=5&state=none",
      "--sweep",
      "1,2,5,10,20,50",
      ...at,
    );
    const model = join(folder, "short.json");
    expect((await mho("fit", "r1", "--out", model, "--workspace", folder)).code).toBe(1);
    const strategy = join(folder, "s.json");
    const aims = ["--significance", "2", "--scale", "full"];
    const optimize = ["optimize", weights(folder), "--model", model, ...aims, "--out", strategy];
    const refused = await mho(...optimize);
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(
        /The model short failed \d checks? of its fit.* few outsiders: \d\.\d+ % .*\(0\.5 % at most\).*give --believe/,
      ),
    ]);
    expect(existsSync(strategy)).toBe(false);
    const believed = await mho(...optimize, "--believe", "--json");
    expect([believed.code, believed.out]).toEqual([0, expect.stringContaining("model_not_believed")]);
    const chipNamed = ["--chip", "emulator:pcm-64?seed=5&tiles=2", "--workspace", folder];
    const byModel = ["program", conductors, "--model", model, "--dry-run", ...chipNamed];
    expect((await mho(...byModel)).code).toBe(2);
    expect((await mho(...byModel, "--believe")).code).toBe(0);
    // The strategy was asked for; who trims by its model is asked once more.
    await mho("program", strategy, ...chipNamed);
    await mho("watch", "r2", "--until", "1h", "--per-decade", "2", "--workspace", folder);
    const trim = await mho("trim", "r2", "--dry-run", "--workspace", folder);
    expect([trim.code, trim.err]).toEqual([2, expect.stringContaining("few outsiders: ")]);
    expect((await mho("trim", "r2", "--dry-run", "--believe", "--workspace", folder)).code).toBe(0);
  });
});

// test/slow/refit.test.ts has the whole loop, test/slow/pickedDevices.test.ts fits to verified devices alone.
describe("a fit, on the command line", () => {
  it("takes µS anew from the codes where known resistors say that converters are worn", async () => {
    const folder = emptyFolder();
    const worn = "emulator:pcm-64?seed=6&converter=worn&state=none";
    await mho(
      "program",
      conductances(folder, 8),
      "--chip",
      worn,
      "--sweep",
      "1,10,100,1h",
      "--workspace",
      folder,
    );
    const out = join(folder, "worn.json");
    const { code } = await mho("fit", "r1", "--out", out, "--workspace", folder);
    expect([0, 1]).toContain(code);
    // What was said of the fit is said again to those who use it.
    const used = await mho(
      "optimize",
      weights(folder),
      "--model",
      out,
      "--out",
      join(folder, "s.json"),
      "--significance",
      "2",
      "--believe",
      "--json",
    );
    expect(used.out.includes('"code":"model_not_believed"')).toBe(code === 1);
    const { fit } = (await readModel(out)) as PowerLawDefinition;
    expect(fit!.remarks.join()).toMatch(
      /converters of EMU-6-worn, tile 0 are not as described: offset -?\d+\.\d+ codes/,
    );
    const bend = fit!.figures.find(({ figure }) => figure.startsWith("non-linearity"))!;
    expect(Math.abs(bend.value - 0.004)).toBeLessThan(4 * bend.standardError!);
  });

  it("exports sweeps that other tools read alike", async () => {
    const folder = emptyFolder();
    await mho("program", conductances(folder, 2), "--chip", chip, "--sweep", "1,60", "--workspace", folder);
    const files = await Promise.all(
      (["csv", "parquet", "npz"] as const).map(async (to) => {
        const out = join(folder, `sweeps.${to}`);
        const { code } = await mho("export", "r1", "--to", to, "--out", out, "--workspace", folder);
        expect(code).toBe(0);
        return out;
      }),
    );
    const [csv, parquet, npz] = files as [string, string, string];
    const lines = readFileSync(csv, "utf8").trim().split("\n");
    const table = lines.filter((line) => !line.startsWith("#"));
    expect(table).toHaveLength(lines.length);
    const about = JSON.parse(readFileSync(csv.replace(/csv$/, "about.json"), "utf8")) as {
      chip: string;
      columns: Record<string, { unit: string }>;
    };
    expect(about.chip).toBe("pcm-64 number EMU-5-stranger-swing2");
    expect(about.columns["conductance_microsiemens"]!.unit).toBe("µS");
    expect(table).toHaveLength(1 + 2 * 512);
    const names = table[0]!.split(",");
    const third = Object.fromEntries(table[700]!.split(",").map((value, k) => [names[k], value]));
    const file = await asyncBufferFromFile(parquet);
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(1024);
    const metadata = await parquetMetadataAsync(file);
    expect(metadata.key_value_metadata).toContainEqual({ key: "run", value: "r1" });
    const same = rows[699]!;
    expect(third["taken_at"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect((same["taken_at"] as Date).toISOString()).toBe(third["taken_at"]);
    expect(same["verdict"]).toBe(third["verdict"]);
    expect(["accepted", "accepted outside tolerance"]).toContain(third["verdict"]);
    for (const name of ["sweep", "row", "line", "code", "conductance_microsiemens", "age_seconds"]) {
      expect(same[name]).toBeCloseTo(Number(third[name]), 4);
    }
    const arrays = await allTensors(npz);
    const codes = arrays.get("code")!;
    const [tileCount, , rowCount, lineCount] = codes.shape as [number, number, number, number];
    expect([tileCount, lineCount]).toEqual([1, 256]);
    const place = (Number(third["sweep"]) * rowCount + Number(third["row"])) * lineCount;
    expect(codes.values[place + Number(third["line"])]).toBe(Number(third["code"]));
  });
});

describe("what cannot be done is said", () => {
  const cases: [string[], RegExp][] = [
    [["watch", "r9"], /There is no run r9 in .*mho show lists the runs/],
    [["watch", "r1", "--until", "soon"], /--until soon: give a time beyond 1 s/],
    [["watch", "r1", "--per-decade", "0"], /--per-decade 0: give a whole number from 1 to 50/],
    [["fit", "r9", "--out", "m.json"], /There is no run r9/],
    [["fit", "r1", "--out", "m.json"], /Drift cannot be told from 1 sweep; it takes 4/],
    [["fit", "r2", "--out", "m.json"], /Run r2 was never read\. mho watch r2 does that/],
    [
      ["fit", "r1", "--model", "reram-wan-2022", "--out", "m.json"],
      /reram-wan-2022 is not of phase-change devices/,
    ],
    [["watch", "r3"], /Nothing is left to read of r3: tile 0 of r3 was programmed anew by r4: mho watch r4/],
    [
      ["fit", "r3", "--out", "m.json"],
      /1 sweep at most tell.* tile 0 of r3 was programmed anew by r4\. mho watch r4 and mho fit r4/,
    ],
    [["trim", "r1"], /Run r1 was programmed from conductances, not from weights/],
    [["trim", "r1", "--times", "later"], /--times later: "later" is not a time/],
    [["report", "pcm-90nm"], /was not fitted by mho fit/],
    [["export", "r9", "--to", "csv"], /There is no run r9/],
    [["export", "pcm-90nm", "--to", "csv"], /pcm-90nm is not a run.*Models go --to aihwkit or crosssim/],
  ];
  it("before a file or a chip is touched", async () => {
    const folder = emptyFolder();
    const targets = conductances(folder, 2);
    await mho("program", targets, "--chip", chip, "--workspace", folder);
    const at = ["--chip", chip, "--workspace", folder];
    await mho("program", conductances(folder, 2, 2), "--sweep", "none", ...at);
    for (let time = 0; time < 2; time++) await mho("program", conductances(folder, 2, 4), ...at);
    for (const [args, message] of cases) {
      const { code, err } = await mho(...args, "--workspace", folder);
      expect([args.join(" "), code, err]).toEqual([args.join(" "), 2, expect.stringMatching(message)]);
      expect(err.trim().split("\n")).toHaveLength(1);
    }
    const nowhere = await mho("watch", "r1", "--workspace", join(folder, "none"));
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining("There is no workspace in")]);
    const full = await mho("export", "r1", "--to", "csv", "--out", "/proc/x/y.csv", "--workspace", folder);
    expect(full.code).toBe(4);
  });
});
