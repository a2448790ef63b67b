import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const digits = fileURLToPath(new URL("../examples/digits/digits-mlp.safetensors", import.meta.url));
const small = fileURLToPath(new URL("fixtures/weights/c-f4.npy", import.meta.url));

interface Result {
  type: string;
  layers: {
    name: string;
    tile?: number;
    shape: number[];
    predicted: { tnmse: number };
    baselines: { name: string; tnmse: number }[];
  }[];
}

const resultOf = (out: string): Result => JSON.parse(out.trim().split("\n").at(-1)!) as Result;

describe("mho optimize", () => {
  // test/slow/optimizer.test.ts has every layer.
  it("finds a strategy that beats every rule of today, and writes, shows and draws it", async () => {
    const folder = emptyFolder();
    const file = join(folder, "s.json");
    const { code, out } = await mho(
      "optimize",
      digits,
      "--tensor",
      "fc3.weight",
      "--model",
      "pcm-90nm",
      "--out",
      file,
      "--json",
    );
    expect(code).toBe(0);
    const { layers } = resultOf(out);
    expect(layers.map(({ name, shape }) => [name, ...shape])).toEqual([["fc3.weight", 128, 10]]);
    for (const { predicted, baselines } of layers) {
      expect(baselines).toHaveLength(9);
      expect(predicted.tnmse).toBeLessThan(Math.min(...baselines.map(({ tnmse }) => tnmse)));
    }
    const shown = await mho("show", file);
    expect(shown.out).toMatch(/this strategy +\d\.\d\d/);
    expect(shown.out).toContain("LSP first, F = 3");
    const page = join(folder, "page.html");
    expect((await mho("report", file, "--out", page)).code).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html.match(/<figure>/g)).toHaveLength(4);
    expect(html).not.toContain("<script");
  });

  it("gives each tile curves of its own, or the whole network one set", async () => {
    const file = join(emptyFolder(), "s.json");
    const of = async (...flags: string[]): Promise<Result> =>
      resultOf(
        (
          await mho(
            "optimize",
            digits,
            "--model",
            "pcm-90nm",
            "--significance",
            "2",
            "--out",
            file,
            "--json",
            ...flags,
          )
        ).out,
      );
    const tiles = await of("--per", "tile", "--tile", "64x128", "--tensor", "fc1.weight");
    expect(tiles.layers.map(({ tile, shape }) => [tile, ...shape])).toEqual([
      [0, 64, 128],
      [1, 64, 128],
    ]);
    const network = await of("--per", "network");
    expect(new Set(network.layers.map(({ predicted }) => predicted.tnmse)).size).toBe(1);
  });

  it("holds a layer of zeros with nothing", async () => {
    const folder = emptyFolder();
    const zeros = join(folder, "zeros.csv");
    writeFileSync(zeros, "0,0\n0,0\n");
    const { code, out } = await mho(
      "optimize",
      zeros,
      "--model",
      "pcm-90nm",
      "--out",
      join(folder, "s.json"),
    );
    expect([code, out]).toEqual([0, expect.stringContaining("all zero: nothing to program")]);
    expect((await mho("report", join(folder, "s.json"), "--out", join(folder, "r.html"))).code).toBe(0);
  });

  it.each([["1e-30,2e-30,-1e-30"], ["1e30,-2e30,3e29"], ["0.5"]])(
    "takes weights of any size (%s)",
    async (text) => {
      const folder = emptyFolder();
      writeFileSync(join(folder, "w.csv"), text);
      const file = join(folder, "s.json");
      const { code } = await mho(
        "optimize",
        join(folder, "w.csv"),
        "--model",
        "pcm-90nm",
        "--out",
        file,
        "--significance",
        "2",
      );
      expect(code).toBe(0);
      expect((await mho("report", file, "--out", join(folder, "r.html"))).code).toBe(0);
      expect(readFileSync(join(folder, "r.html"), "utf8")).not.toContain("NaN");
    },
  );

  it("says how far a given scale is from full range", async () => {
    const file = join(emptyFolder(), "s.json");
    const { out } = await mho("optimize", small, "--model", "pcm-90nm", "--scale", "1", "--out", file);
    expect(out).toMatch(/scale given, \d+(\.\d+)? % of full range/);
  });

  it.each([
    [["--model", "pcm-80nm"], /There is no model pcm-80nm/],
    [["--model", "pcm-90nm", "--times", "0"], /not a time above zero/],
    [["--model", "pcm-90nm", "--times", "60,1"], /times must ascend/],
    [["--model", "reram-wan-2022", "--times", "30d"], /known from 1 s to 2 days only/],
    [["--model", "pcm-90nm", "--significance", "0"], /factors must be numbers above 0/],
    [["--model", "pcm-90nm", "--scale", "-1"], /give column, column-free, full, free or µS/],
    [["--model", "pcm-90nm", "--clip", "101"], /from 50 to 100/],
    [["--model", "pcm-90nm", "--tensor", "fc9"], /no tensor fc9 in it/],
    [["--model", "pcm-90nm", "--time-weights", "1"], /6 numbers/],
    [["--model", "pcm-90nm", "--tile", "0x4"], /such as 64x64/],
  ])("%j ends with 2, one sentence and no file", async (flags, message) => {
    const file = join(emptyFolder(), "s.json");
    const { code, err } = await mho("optimize", small, "--out", file, ...flags);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(existsSync(file)).toBe(false);
  });

  it("ends with 4 when the file system refuses the place, at once", async () => {
    const { code, err } = await mho("optimize", small, "--model", "pcm-90nm", "--out", "/proc/none/s.json");
    expect([code, err]).toEqual([4, expect.stringContaining("Cannot write /proc/none/s.json")]);
  });
});

describe("mho show", () => {
  it("tells of a built-in model", async () => {
    const { out } = await mho("show", "reram-wan-2022");
    expect(out).toContain("Model reram-wan-2022: 0 … 40 µS, known from 1 s to 2 days");
  });

  it("refuses a JSON file that is neither strategy nor model", async () => {
    const path = join(emptyFolder(), "other.json");
    writeFileSync(path, '{"format":"other"}');
    const { code, err } = await mho("show", path);
    expect([code, err]).toEqual([2, expect.stringContaining("neither an mho-strategy nor an mho-model")]);
  });
});
