import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readWeights } from "../files/weights.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { graph, model, node, stored } from "./support/onnx.ts";
import { readModel } from "./support/onnxLayers.ts";

removeFoldersAfterEach();

const values = Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 24 - 0.5);
const content = model(
  graph(
    [node("MatMul:x,w:a"), node("Einsum:a,v:y")],
    [stored("w", [6, 4], "f4", values), stored("v", [4, 6], "f4", values)],
    { x: [1, 6] },
    { y: [1, 6] },
  ),
);

interface Line {
  readonly type: string;
  readonly code?: string;
  readonly left_out?: unknown;
}

it("the coefficients of a linear model, which are an attribute, are named", async () => {
  const reals = Array.from({ length: 12 }, (_, i) => i / 8);
  const linear = node("ai.onnx.ml/LinearRegressor:x:y", { coefficients: { reals }, targets: 2 }, "reg");
  const one = model(
    graph([node("MatMul:x,w:z"), linear], [stored("w", [6, 2], "f4", reals)], { x: [3, 6] }, { y: [3, 2] }),
  );
  expect((await readModel(one)).leftOut).toEqual([
    { name: "reg.coefficients", why: "it is an attribute of LinearRegressor (reg), which is not read" },
  ]);
});

it("a model of which nothing can be read names all that was left out, as far as one message goes", async () => {
  const names = Array.from({ length: 10 }, (_, i) => `v${i}`);
  const unread = model(
    graph(
      names.map((name) => node(`Einsum:x,${name}:y${name}`)),
      names.map((name) => stored(name, [6, 2], "f4", Array<number>(12).fill(1))),
      { x: [3, 6] },
      { yv0: [3, 2] },
    ),
  );
  await expect(readModel(unread)).rejects.toThrow(
    /that can be read \(v0: it is used by Einsum, which is not read; v1: .*; v7: [^;]*; and 2 more\)/,
  );
});

describe("weights that mho optimize leaves out", () => {
  const why = "it is used by Einsum, which is not read";

  it("are named to people and to machines, and end with 1 where that was asked for", async () => {
    const folder = emptyFolder();
    const file = join(folder, "net.onnx");
    writeFileSync(file, content);
    const args = [
      "optimize",
      file,
      "--model",
      "pcm-90nm",
      "--times",
      "1",
      "--significance",
      "2",
      "--out",
      join(folder, "s.json"),
    ];
    const { code, out } = await mho(...args);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`Note: Tensor v of ${file} is left out: ${why}.`),
    ]);
    const strict = await mho(...args, "--strict", "--json");
    const lines = strict.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    expect(strict.code).toBe(1);
    expect(lines.find(({ type }) => type === "warning")).toMatchObject({
      code: "weights_left_out",
      name: "v",
      why,
    });
    expect(lines.at(-1)).toMatchObject({ type: "result", left_out: [{ name: "v", why }] });
    const chosen = await mho(...args, "--strict", "--json", "--tensor", "w");
    expect([chosen.code, chosen.out]).toEqual([0, expect.stringContaining('"left_out":[]')]);
  });

  it("are told to people up to ten, and to machines all", async () => {
    const folder = emptyFolder();
    const file = join(folder, "net.onnx");
    const names = Array.from({ length: 14 }, (_, i) => `v${i}`);
    const nodes = names.map((name) => node(`Einsum:a,${name}:y${name}`));
    const tensors = ["w", ...names].map((name) => stored(name, [6, 4], "f4", values));
    writeFileSync(
      file,
      model(graph([node("MatMul:x,w:a"), ...nodes], tensors, { x: [1, 6] }, { yv0: [1, 6] })),
    );
    const args = [
      "optimize",
      file,
      "--model",
      "pcm-90nm",
      "--times",
      "1",
      "--significance",
      "2",
      "--out",
      join(folder, "s.json"),
    ];
    const { out } = await mho(...args);
    expect(out.match(/^Note: Tensor v\d+ of /gm)).toHaveLength(10);
    expect(out.match(/^Note: More weights are left out\. --json names them all\.$/gm)).toHaveLength(1);
    const { out: lines } = await mho(...args, "--json");
    expect(lines.match(/"code":"weights_left_out"/g)).toHaveLength(14);
  });

  it("are refused by their name when they are asked for", async () => {
    const file = join(emptyFolder(), "net.onnx");
    writeFileSync(file, content);
    await expect(readWeights(file, { tensors: ["v"] })).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringContaining(`tensor v cannot be read: ${why}`) as string,
    });
  });
});
