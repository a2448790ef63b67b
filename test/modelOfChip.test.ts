import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFileOf } from "../files/model.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { openBench } from "../lab/bench.ts";
import { modelOfChip } from "../lab/modelOfChip.ts";
import { hermes2Definition, pcm90nmDefinition, reramWan2022Definition } from "../src/model/builtIn.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

type Json = Record<string, unknown>;

/** The description of a built-in chip, with other things in it. */
function described(folder: string, change: Json, base = "pcm-64"): string {
  const json = JSON.parse(readFileSync(`chips/${base}.json`, "utf8")) as Json;
  const file = join(folder, "my-chip.json");
  writeFileSync(file, JSON.stringify({ ...json, ...change }));
  return file;
}

const wide = {
  max_conductance_microsiemens: 80,
  converter: { microsiemens_per_code: 0.1, offset_codes: 0, codes: 1024 },
};
const targets = { title: "a row", valuesMicrosiemens: new Float32Array(256).fill(5) };

function estimateOn(folder: string, file: string, model?: typeof pcm90nmDefinition | string) {
  return openBench({ workspace: folder, chip: `emulator:pcm-64?chip=${file}` }).then((bench) =>
    bench.estimate(targets, { model }),
  );
}

describe("a chip and what is believed of its devices", () => {
  it.each([
    ["pcm-64", "pcm-90nm"],
    ["pcm-256", "pcm-hermes-2"],
    ["pcm-64core", "pcm-hermes-2"],
    ["rram-128", "reram-wan-2022"],
    ["ecram-64", "ecram-li"],
  ])("%s is described with the model %s, which is of its range", async (chip, model) => {
    const description = await readChipDescription(`chips/${chip}.json`);
    expect((await modelOfChip(description)).name).toBe(model);
    const bench = await openBench({ workspace: emptyFolder(), chip: `emulator:${chip}` });
    const perRow = description.geometry.columns * description.geometry.devicesPerCell;
    const row = { title: "a row", valuesMicrosiemens: new Float32Array(perRow).fill(12) };
    await expect(bench.estimate(row)).resolves.toMatchObject({ devices: perRow });
  });

  it("a range that no model is named for is refused rather than judged by that of 25 µS", async () => {
    const folder = emptyFolder();
    const file = described(folder, { ...wide, model: undefined });
    await expect(estimateOn(folder, file)).rejects.toThrow(
      /pcm-90nm is of devices of 0 … 25 µS, and those of the chip pcm-64 have 0 … 80 µS\. Give a model of its devices with the option model/,
    );
  });

  it("the model's file beside a description is taken where --model says nothing", async () => {
    const folder = emptyFolder();
    const mine = { ...pcm90nmDefinition, name: "mine", maxConductanceMicrosiemens: 80 };
    writeFileSync(join(folder, "mine.json"), JSON.stringify(modelFileOf(mine)));
    const file = described(folder, { ...wide, model: "./mine.json" });
    expect((await modelOfChip(await readChipDescription(file))).name).toBe("mine");
    await expect(estimateOn(folder, file)).resolves.toMatchObject({ devices: 256 });
  });

  it.each([
    ["of another range", hermes2Definition, /pcm-hermes-2 is of devices of 0 … 20\.7 µS/],
    ["of another technology", reramWan2022Definition, /reram-wan-2022 is not of phase-change devices/],
    ["of another technology by its own word", "ecram-li", /ecram-li is not of phase-change devices/],
  ])("a model %s is refused, also where it was asked for", async (_, model, message) => {
    const bench = await openBench({ workspace: emptyFolder(), chip: "emulator:pcm-64" });
    await expect(bench.estimate(targets, { model })).rejects.toThrow(message);
  });

  it("a model within 5 % of the range is of its devices", async () => {
    const bench = await openBench({ workspace: emptyFolder(), chip: "emulator:pcm-64" });
    const near = { ...pcm90nmDefinition, maxConductanceMicrosiemens: 24 };
    await expect(bench.estimate(targets, { model: near })).resolves.toMatchObject({ devices: 256 });
  });

  it("a description that names an unknown model is refused with those that are known", async () => {
    const file = described(emptyFolder(), { model: "pcm-90" });
    await expect(readChipDescription(file)).rejects.toThrow(/model: there is no model "pcm-90".*pcm-90nm/);
  });
});
