import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judgedAt, judgedTimesOf, layNaively } from "../lab/demo/contest.ts";
import { explanationsOf } from "../lab/demo/explanations.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import { chipNames } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { smallWeights } from "./support/smallNetwork.ts";

removeFoldersAfterEach();

const layers = [{ name: "fc", inputs: 1, outputs: 3, values: Float32Array.of(0.5, -1, 0) }];
const network = { layers } as unknown as TrainedNetwork;

describe("the demo's story of any chip", () => {
  it.each([
    [2, [20, 0, 0, 40, 0, 0], [1, -1]],
    // The third device of a cell is spare.
    [3, [20, 0, Number.NaN, 0, 40, Number.NaN, 0, 0, Number.NaN], [1, -1, 0]],
    [4, [30, 0, 0, 0, 0, 40, 0, 40, 0, 0, 0, 0], [2, -2, 1, -1]],
  ])("lays weights by hand in cells of %i devices", async (devicesPerCell, targets, factors) => {
    const described = await readChipDescription("chips/rram-128.json");
    const geometry = { ...described.geometry, devicesPerCell };
    const [tile] = layNaively(network, { ...described, geometry }).tiles;
    expect([...tile!.targetsMicrosiemens.subarray(0, targets.length)]).toEqual(targets);
    expect(tile!.cells).toMatchObject({ devicesPerCell, factors });
  });

  it("asks a model for the times that it knows", () => {
    const timesOf = (name: string) => judgedTimesOf(modelOf(builtInDefinition(name)!));
    expect(timesOf("pcm-90nm")).toEqual(judgedAt);
    expect(timesOf("reram-wan-2022")).toEqual([1, 3600, 86_400, 172_800]);
  });

  it.each(chipNames)(
    "explains the contenders on %s, and speaks of drift only where devices drift",
    async (name) => {
      const description = await readChipDescription(`chips/${name}.json`);
      const text = explanationsOf(description).join(" ");
      expect(text).toMatch(/(drift|relaxation|charge loss) slows with age/);
      expect(/drift/.test(text)).toBe(name.startsWith("pcm"));
    },
  );

  it("is refused for a chip whose cells have no pair of devices, before it is opened", async () => {
    const folder = emptyFolder();
    const text = readFileSync("chips/rram-128.json", "utf8").replace(
      '"devices_per_cell": 2',
      '"devices_per_cell": 1',
    );
    const file = join(folder, "single.json");
    writeFileSync(file, text);
    const chip = `serial:/dev/ttyNoSuchPort?chip=${file}`;
    const { code, err } = await mho(
      "demo",
      "--weights",
      smallWeights(folder),
      "--out",
      folder,
      "--chip",
      chip,
    );
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/holds each weight in pairs of devices, and a cell of rram-128 has 1\./),
    ]);
  });
});
