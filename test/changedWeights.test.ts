import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { field, graph, model, node, stored } from "./support/onnx.ts";
import { readModel } from "./support/onnxLayers.ts";

removeFoldersAfterEach();

const values = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => ((i * 7) % 23) / 23 - 0.4);
const floats = (name: string, ...sizes: number[]): Buffer =>
  stored(name, sizes, "f4", values(sizes.reduce((product, size) => product * size, 1)));

/** x of 3 × 6 through `first` to a, and on. */
const behind = (nodes: readonly string[], tensors: readonly Buffer[], more: readonly Buffer[] = []): Buffer =>
  model(
    graph(
      [node("MatMul:x,first:a"), ...nodes.map((text) => node(text)), ...more],
      [floats("first", 6, 5), ...tensors],
      { x: [3, 6] },
      { y: [3, 4] },
    ),
  );

const v = floats("v", 5, 4);
const u = floats("u", 5, 4);
const which = ["ReduceMax:a:s", "ArgMax:s:i"];

describe("weights that a network changes by what it is given are named", () => {
  const changed: readonly (readonly [string, Buffer, readonly string[], string])[] = [
    [
      "scaled by a number",
      behind(["ReduceMax:a:s", "Mul:v,s:w", "MatMul:a,w:y"], [v]),
      ["v"],
      "MatMul through Mul",
    ],
    [
      "scaled by a row",
      behind(["MatMul:x,gate:g", "Sigmoid:g:s", "Mul:s,v:w", "MatMul:a,w:y"], [v, floats("gate", 6, 4)]),
      ["v"],
      "MatMul through Mul",
    ],
    [
      "moved, then turned",
      behind(["ReduceMean:a:s", "Add:v,s:m", "Transpose:m:w", "Gemm:a,w:y"], [floats("v", 4, 5)]),
      ["v"],
      "Gemm through Add",
    ],
    [
      "chosen of two",
      behind(["ReduceMax:a:s", "Greater:s,s:c", "Where:c,v,u:w", "MatMul:a,w:y"], [v, u]),
      ["v", "u"],
      "MatMul through Where",
    ],
    [
      "joined with what is not stored",
      behind(["ReduceMean:x:s", "Concat:v,s:w", "MatMul:a,w:y"], [v]),
      ["v"],
      "MatMul through Concat",
    ],
    [
      "cut by a length",
      behind([...which, "Slice:v,i,i:w", "MatMul:a,w:y"], [v]),
      ["v"],
      "MatMul through Slice",
    ],
    [
      "one of several experts",
      behind([...which, "Gather:v,i:w", "MatMul:a,w:y"], [floats("v", 3, 5, 4)]),
      ["v"],
      "MatMul through Gather",
    ],
    ["repeated", behind([...which, "Tile:v,i:w", "MatMul:a,w:y"], [v]), ["v"], "MatMul through Tile"],
    [
      "repeated and scaled",
      behind(["Shape:a:n", "Expand:v,n:e", "ReduceMax:a:s", "Div:e,s:w", "MatMul:a,w:y"], [v]),
      ["v"],
      "MatMul through Expand",
    ],
    [
      "a mixture, summed",
      behind(
        ["MatMul:x,gate:g", "Mul:v,g:m", "ReduceSum:m:w", "MatMul:a,w:y"],
        [floats("v", 2, 5, 4), floats("gate", 6, 2)],
      ),
      ["v"],
      "ReduceSum through Mul",
    ],
    [
      "a list of numbers, scaled",
      behind(["ReduceMax:a:s", "Mul:v,s:w", "MatMul:a,w:y"], [floats("v", 5)]),
      ["v"],
      "MatMul through Mul",
    ],
    [
      "normalised by a temperature",
      behind(["ReduceMax:a:s", "Div:v,s:d", "Softmax:d:w", "MatMul:a,w:y"], [v]),
      ["v"],
      "MatMul through Div",
    ],
    [
      "gated, and normalised",
      behind(
        ["MatMul:x,gate:g", "Sigmoid:g:s", "Mul:s,v:d", "Softmax:d:w", "MatMul:a,w:y"],
        [floats("v", 5, 4), floats("gate", 6, 4)],
      ),
      ["v"],
      "MatMul through Mul",
    ],
    [
      "a list of numbers, gated",
      behind(
        ["MatMul:x,gate:g", "Sigmoid:g:s", "Mul:s,v:w", "Transpose:w:t", "MatMul:a,t:y"],
        [floats("v", 5), floats("gate", 6, 5)],
      ),
      ["v"],
      "MatMul through Mul",
    ],
    [
      "a list of numbers by a choice of them",
      behind(
        ["MatMul:x,gate:g", "Softmax:g:s", "Unsqueeze:s,last:u", "Mul:v,u:w", "MatMul:w,a:y"],
        [floats("v", 5), floats("gate", 6, 5), stored("last", [1], "i8", [2])],
      ),
      ["v"],
      "MatMul through Mul",
    ],
    [
      "a kernel of a convolution by a style",
      behind(["ReduceMean:a:s", "Mul:v,s:w", "Conv:a,w:y"], [floats("v", 4, 3, 3)]),
      ["v"],
      "Conv through Mul",
    ],
    [
      "the weights of an LSTM",
      behind(["ReduceMean:a:s", "Mul:v,s:w", "LSTM:a,w,r:y"], [floats("v", 1, 8, 5), floats("r", 1, 8, 2)]),
      ["v"],
      "LSTM through Mul",
    ],
    [
      "whole numbers whose scale is reckoned",
      behind(
        ["ReduceMax:a:s", "DequantizeLinear:v,s:w", "MatMul:a,w:y"],
        [stored("v", [5, 4], "i1", values(20))],
      ),
      ["v"],
      "MatMul through DequantizeLinear",
    ],
    [
      "a product written as a sum",
      behind(["Unsqueeze:a,last:b", "Mul:b,v:m", "ReduceSum:m,last:y"], [v, stored("last", [1], "i8", [2])]),
      ["v"],
      "ReduceSum through Mul",
    ],
    [
      "for an operator that is not read",
      behind(["ReduceMax:a:s", "Mul:v,s:w", "Einsum:a,w:y"], [v]),
      ["v"],
      "Einsum through Mul",
    ],
    [
      "for an operator that is not known",
      behind(["ReduceMax:a:s", "Mul:v,s:w", "own/Crossbar:a,w:y"], [v]),
      ["v"],
      "Crossbar through Mul",
    ],
    [
      "by the branches of an If",
      behind(
        ["ReduceMax:a:s", "Greater:s,s:c"],
        [v, u],
        [
          node(
            "If:c:w",
            {
              then_branch: { graph: graph([node("Identity:v:o")], [], {}, { o: [5, 4] }) },
              else_branch: { graph: graph([node("Identity:u:p")], [], {}, { p: [5, 4] }) },
            },
            "which",
          ),
          node("MatMul:a,w:y"),
        ],
      ),
      ["v", "u"],
      "MatMul through If (which)",
    ],
    [
      "inside an If",
      behind(
        ["ReduceMax:a:s", "Greater:s,s:c"],
        [v],
        [
          node("If:c:y", {
            then_branch: { graph: graph([node("Mul:v,s:w"), node("MatMul:a,w:o")], [], {}, { o: [3, 4] }) },
          }),
        ],
      ),
      ["v"],
      "MatMul inside If through Mul",
    ],
  ];

  it.each(changed)("%s", async (_, content, names, way) => {
    const { layers, leftOut } = await readModel(content);
    expect(layers[0]!.name).toBe("first");
    expect(leftOut).toEqual(
      names.map((name) => ({
        name,
        why: `it reaches ${way}, which also takes what is known only while the network runs`,
      })),
    );
  });

  it("a function's", async () => {
    const body = Buffer.concat([
      field(1, "Scaled"),
      field(4, "i"),
      field(5, "o"),
      field(7, node("Constant::inner", { value: floats("", 5, 4) })),
      field(7, node("Mul:inner,i:o")),
      field(9, Buffer.concat([field(1, ""), field(2, 17)])),
      field(10, "own"),
    ]);
    const content = model(
      graph(
        [node("MatMul:x,first:a"), node("ReduceMax:a:s"), node("own/Scaled:s:w"), node("MatMul:a,w:y")],
        [floats("first", 6, 5)],
        { x: [3, 6] },
        { y: [3, 4] },
      ),
      [body],
    );
    expect((await readModel(content)).leftOut).toEqual([
      { name: "inner", why: expect.stringContaining("MatMul through Mul") as string },
    ]);
  });

  it("where a product takes them as a list of numbers", async () => {
    const content = behind(
      ["com.microsoft/MatMulBnb4:a,v,scales:y"],
      [stored("v", [10], "u1", values(10)), floats("scales", 4)],
    );
    expect((await readModel(content)).leftOut).toEqual([
      { name: "v", why: "it is used by MatMulBnb4, which is not read" },
    ]);
  });

  it("as one use of a matrix that another node takes as it is", async () => {
    const content = behind(["MatMul:a,v:b", "ReduceMax:b:s", "Mul:v,s:w", "MatMul:a,w:y"], [v]);
    const { layers, leftOut } = await readModel(content);
    expect(layers.map(({ name }) => name)).toEqual(["first", "v"]);
    expect(leftOut).toMatchObject([{ name: "v", elsewhereRead: true }]);
    const folder = emptyFolder();
    const file = join(folder, "net.onnx");
    writeFileSync(file, content);
    const words = "--model pcm-90nm --times 1 --significance 2 --strict --out".split(" ");
    const { code, out } = await mho("optimize", file, ...words, join(folder, "s.json"));
    expect([code, out]).toEqual([
      1,
      expect.stringContaining(
        `Note: One use of tensor v of ${file} is left out: it reaches MatMul through Mul, `,
      ),
    ]);
  });
});

describe("what a network changes and does not multiply by is not named:", () => {
  const table = floats("table", 9, 5);
  it.each([
    [
      "places that are added before a product",
      behind(["Add:a,table:b", "MatMul:b,v:y"], [v, floats("table", 3, 5)]),
    ],
    [
      "what is looked up and normalised",
      behind(
        [...which, "Gather:table,i:e", "Add:a,e:b", "LayerNormalization:b,g:n", "MatMul:n,n:y"],
        [table, floats("g", 5)],
      ),
    ],
    [
      "tables that turn both sides of an attention",
      behind(
        [
          "MatMul:a,wq:q",
          "MatMul:a,wk:k",
          "Mul:q,cos:q1",
          "Mul:k,cos:k1",
          "Neg:q:qn",
          "Neg:k:kn",
          "Mul:qn,sin:q2",
          "Mul:kn,sin:k2",
          "Add:q1,q2:qr",
          "Add:k1,k2:kr",
          "Transpose:kr:kt",
          "MatMul:qr,kt:y",
        ],
        [floats("wq", 5, 5), floats("wk", 5, 5), floats("cos", 3, 5), floats("sin", 3, 5)],
      ),
    ],
    [
      "a mask on the scores of an attention",
      behind(
        ["Transpose:a:t", "MatMul:a,t:s", "Add:s,mask:m", "Softmax:m:p", "MatMul:p,a:y"],
        [floats("mask", 3, 3)],
      ),
    ],
    [
      "a mask that scores of an attention are multiplied by, and gains of its heads",
      behind(
        ["Transpose:a:t", "MatMul:a,t:s", "Mul:s,mask:m", "Softmax:m:p", "Mul:p,heads:h", "MatMul:h,a:y"],
        [floats("mask", 3, 3), floats("heads", 3, 1, 1)],
      ),
    ],
    [
      "gains of what a gate let through, before a product by weights",
      behind(
        ["Sigmoid:a:s", "Mul:a,s:b", "Mul:b,gain:c", "Softmax:c:d", "MatMul:d,v:y"],
        [v, floats("gain", 5)],
      ),
    ],
    [
      "a bias that is scaled and then added to a side of an attention",
      behind(
        ["MatMul:a,wq:q", "ReduceMax:a:s", "Mul:bias,s:b", "Add:q,b:qb", "Transpose:a:t", "MatMul:qb,t:y"],
        [floats("wq", 5, 5), floats("bias", 5)],
      ),
    ],
    [
      "biases and gains of the sides of an attention",
      behind(
        ["MatMul:a,wq:q", "Add:q,bias:qb", "Mul:qb,gain:qg", "Transpose:a:t", "MatMul:qg,t:y"],
        [floats("wq", 5, 5), floats("bias", 1, 5), floats("gain", 5)],
      ),
    ],
    [
      "a bias of a convolution",
      behind(["Conv:a,v,bias:b", "Add:b,c:y"], [floats("v", 4, 3, 3), floats("bias", 4), floats("c", 4, 1)]),
    ],
  ])("%s", async (_, content) => {
    expect((await readModel(content)).leftOut).toEqual([]);
  });
});
