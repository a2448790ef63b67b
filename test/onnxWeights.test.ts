import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withOtherWeights } from "../files/onnx/model.ts";
import { asStored } from "../files/weights.ts";
import { Random } from "../src/random.ts";
import { removeFoldersAfterEach } from "./support/folders.ts";
import { field, graph, model, node, stored } from "./support/onnx.ts";
import { closeTo, outputOf, readModel, times } from "./support/onnxLayers.ts";

removeFoldersAfterEach();

const random = new Random(11);
let drawn = 0;
const normals = (count: number): number[] =>
  Array.from({ length: count }, () => Math.fround((random.at(drawn++, 0).word0 / 2 ** 32 - 0.5) * 2));
const bytes = (count: number): number[] => normals(count).map((value) => Math.round(127 * value));

/** One matrix of 6 × 4 behind some nodes; x has 3 rows. */
function behind(nodes: readonly Buffer[], tensors: readonly Buffer[], op = node("MatMul:x,w:y")): Buffer {
  return model(graph([...nodes, op], tensors, { x: [3, 6] }, { y: [3, 4] }));
}

const w = normals(24);
const columns = normals(4).map((value) => Math.abs(value) / 100 + 0.01);
const rows = normals(6);

const matrices: readonly (readonly [string, Buffer])[] = [
  ["as it is", behind([], [stored("w", [6, 4], "f4", w)])],
  ["in 64 bits, cast", behind([node("Cast:v:w", { to: 1 })], [stored("v", [6, 4], "f8", w)])],
  [
    "rounded to halves",
    behind([node("Cast:v:h", { to: 10 }), node("Cast:h:w", { to: 1 })], [stored("v", [6, 4], "f4", w)]),
  ],
  [
    "reshaped",
    behind([node("Reshape:v,s:w")], [stored("v", [24], "f4", w), stored("s", [2], "i8", [6, -1])]),
  ],
  ["turned", behind([node("Transpose:v:w", { perm: [1, 0] })], [stored("v", [4, 6], "f4", w)])],
  [
    "of three dimensions, turned and flattened",
    behind(
      [node("Transpose:v:t", { perm: [2, 0, 1] }), node("Flatten:t:w", { axis: -2 })],
      [stored("v", [1, 4, 6], "f4", w)],
    ),
  ],
  [
    "squeezed",
    behind([node("Squeeze:v,a:w")], [stored("v", [1, 6, 4], "f4", w), stored("a", [1], "i8", [0])]),
  ],
  [
    "in whole numbers with one scale",
    behind(
      [node("DequantizeLinear:q,s,z:w")],
      [stored("q", [6, 4], "i1", bytes(24)), stored("s", [], "f4", [0.013]), stored("z", [], "i1", [3])],
    ),
  ],
  [
    "in whole numbers with a scale a column",
    behind(
      [node("DequantizeLinear:q,s,z:w", { axis: -1 })],
      [
        stored(
          "q",
          [6, 4],
          "u1",
          bytes(24).map((b) => b + 128),
        ),
        stored("s", [4], "f4", columns),
        stored("z", [4], "u1", [1, 2, 130, 255]),
      ],
    ),
  ],
  [
    "in whole numbers, by ONNX Runtime's own operator",
    behind(
      [node("com.microsoft/DequantizeLinear:q,s,z:w", { axis: 1 })],
      [
        stored("q", [6, 4], "i1", bytes(24)),
        stored("s", [4], "f4", columns),
        stored("z", [4], "i1", [1, -2, 0, 25]),
      ],
    ),
  ],
  [
    "quantised and back",
    behind(
      [node("QuantizeLinear:v,s,z:q", { axis: 0 }), node("DequantizeLinear:q,s,z:w", { axis: 0 })],
      [
        stored("v", [6, 4], "f4", w),
        stored(
          "s",
          [6],
          "f4",
          rows.map((value) => Math.abs(value) / 50 + 0.005),
        ),
        stored("z", [6], "i1", [0, 1, -5, 0, 7, 0]),
      ],
    ),
  ],
  [
    "times a row, plus a number, squared",
    behind(
      [node("Mul:v,r:a"), node("Add:a,c:b"), node("Pow:b,p:w")],
      [
        stored("v", [6, 4], "f4", w),
        stored("r", [4], "f4", columns),
        stored("c", [], "f4", [0.25]),
        stored("p", [], "f4", [2]),
      ],
    ),
  ],
  [
    "over a column, less a root, negative",
    behind(
      [node("Div:v,r:a"), node("Sqrt:c:d"), node("Sub:a,d:b"), node("Neg:b:w")],
      [
        stored("v", [6, 4], "f4", w),
        stored(
          "r",
          [6, 1],
          "f4",
          rows.map((value) => value + 2),
        ),
        stored("c", [1], "f4", [2]),
      ],
    ),
  ],
  ["of a Constant", behind([node("Constant::w", { value: stored("", [6, 4], "f4", w) })], [])],
];

describe("a matrix of an ONNX model is what ONNX Runtime multiplies by", () => {
  const x = Float32Array.from(normals(18));
  const input = [0, 1, 2].map((r) => [...x.subarray(6 * r, 6 * r + 6)]);

  it.each(matrices)("%s", async (_, content) => {
    const { layers, leftOut } = await readModel(content);
    expect([layers.map(({ inputs, outputs }) => [inputs, outputs]), leftOut]).toEqual([[[6, 4]], []]);
    closeTo(times(input, layers[0]!).flat(), await outputOf(content, x, [3, 6]));
  });

  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])("of a Gemm with transA %i and transB %i, and alpha", async (transA, transB) => {
    const op = node("Gemm:x,w:y", { transA, transB, alpha: { real: 0.5 } });
    const content = model(
      graph(
        [op],
        [stored("w", transB ? [4, 6] : [6, 4], "f4", w)],
        { x: transA ? [6, 3] : [3, 6] },
        { y: [3, 4] },
      ),
    );
    const { layers } = await readModel(content);
    const turned = Float32Array.from({ length: 18 }, (_, i) => x[6 * (i % 3) + Math.floor(i / 3)]!);
    const own = await outputOf(content, transA ? turned : x, transA ? [6, 3] : [3, 6]);
    closeTo(times(input, layers[0]!).flat(), own);
  });

  it.each([0, 1])("on the left of a Gemm, with transA %i", async (transA) => {
    const content = model(
      graph(
        [node("Gemm:w,x:y", { transA })],
        [stored("w", transA ? [6, 4] : [4, 6], "f4", w)],
        { x: [6, 3] },
        { y: [4, 3] },
      ),
    );
    const { layers } = await readModel(content);
    const turned = Float32Array.from({ length: 18 }, (_, i) => x[6 * (i % 3) + Math.floor(i / 3)]!);
    const own = await outputOf(content, turned, [6, 3]);
    const made = times(input, layers[0]!);
    closeTo(
      [0, 1, 2, 3].flatMap((j) => made.map((row) => row[j]!)),
      own,
    );
  });

  it.each([0, 1])("of a FusedMatMul with transB %i and alpha", async (transB) => {
    const op = node("com.microsoft/FusedMatMul:x,w:y", { transB, alpha: { real: 3 } });
    const content = behind([], [stored("w", transB ? [4, 6] : [6, 4], "f4", w)], op);
    const { layers } = await readModel(content);
    closeTo(times(input, layers[0]!).flat(), await outputOf(content, x, [3, 6]));
  });

  it("of three dimensions is a matrix for each index", async () => {
    const content = model(
      graph(
        [node("MatMul:x,w:y")],
        [stored("w", [2, 6, 4], "f4", [...w, ...normals(24)])],
        { x: [3, 6] },
        { y: [2, 3, 4] },
      ),
    );
    const { layers } = await readModel(content);
    expect(layers.map(({ name, inputs, outputs }) => [name, inputs, outputs])).toEqual([
      ["w.0", 6, 4],
      ["w.1", 6, 4],
    ]);
    closeTo(
      layers.flatMap((layer) => times(input, layer).flat()),
      await outputOf(content, x, [3, 6]),
    );
  });

  it("that is a vector has one column", async () => {
    const content = model(
      graph([node("MatMul:x,w:y")], [stored("w", [6], "f4", rows)], { x: [3, 6] }, { y: [3] }),
    );
    const { layers } = await readModel(content);
    expect(layers).toMatchObject([{ inputs: 6, outputs: 1 }]);
    closeTo(times(input, layers[0]!).flat(), await outputOf(content, x, [3, 6]));
  });

  it.each([
    ["QLinearMatMul", [6, 4], 1],
    ["QLinearMatMul", [6, 4], 4],
  ] as const)(
    "of a %s with %j and %i scales, to within what the network rounds",
    async (op, shape, scales) => {
      const content = model(
        graph(
          [
            node("QuantizeLinear:x,sx,zx:xq"),
            node(`${op}:xq,sx,zx,q,s,z,sy,zy:yq`),
            node("DequantizeLinear:yq,sy,zy:y"),
          ],
          [
            stored("sx", [], "f4", [1 / 127]),
            stored("zx", [], "i1", [0]),
            stored("q", shape, "i1", bytes(24)),
            stored("s", scales === 1 ? [] : [4], "f4", columns.slice(0, scales)),
            stored("z", scales === 1 ? [] : [4], "i1", [5, 0, -3, 2].slice(0, scales)),
            stored("sy", [], "f4", [0.05]),
            stored("zy", [], "i1", [0]),
          ],
          { x: [3, 6] },
          { y: [3, 4] },
        ),
      );
      const { layers, leftOut } = await readModel(content);
      expect(leftOut).toEqual([]);
      const own = await outputOf(content, x, [3, 6]);
      times(input, layers[0]!)
        .flat()
        .forEach((value, i) => expect(Math.abs(value - own[i]!)).toBeLessThan(0.05));
    },
  );
});

describe("a convolution of an ONNX model is unrolled as ONNX Runtime does it", () => {
  /** A window as long as the input is: one product. */
  it.each([
    ["of one dimension", "Conv", [4, 2, 3], [1, 2, 3], 1],
    ["of two dimensions", "Conv", [4, 2, 3, 3], [1, 2, 3, 3], 1],
    ["of groups", "Conv", [4, 2, 3], [1, 4, 3], 2],
  ] as const)("%s", async (_, op, shape, inputShape, group) => {
    const count = shape.reduce((a: number, b) => a * b, 1);
    const size = inputShape.reduce((a: number, b) => a * b, 1);
    const outputs = [1, 4, ...inputShape.slice(2).map(() => 1)];
    const content = model(
      graph(
        [node(`${op}:x,w:y`, { group })],
        [stored("w", shape, "f4", normals(count))],
        { x: inputShape },
        { y: outputs },
      ),
    );
    const { layers } = await readModel(content);
    const input = normals(size);
    const own = await outputOf(content, Float32Array.from(input), inputShape);
    const each = layers[0]!.inputs;
    // Each group has inputs of its own, and its share of the outputs.
    const made = Array.from({ length: group }, (__, g) =>
      times([input.slice(g * each, (g + 1) * each)], layers[0]!)[0]!.slice(
        (4 / group) * g,
        (4 / group) * (g + 1),
      ),
    );
    closeTo(made.flat(), own);
  });

  it("that is transposed has its inputs on rows", async () => {
    const content = model(
      graph(
        [node("ConvTranspose:x,w:y")],
        [stored("w", [3, 2, 2, 2], "f4", normals(24))],
        { x: [1, 3, 1, 1] },
        { y: [1, 2, 2, 2] },
      ),
    );
    const { layers } = await readModel(content);
    expect(layers).toMatchObject([{ inputs: 3, outputs: 8 }]);
    const input = normals(3);
    closeTo(
      times([input], layers[0]!).flat(),
      await outputOf(content, Float32Array.from(input), [1, 3, 1, 1]),
    );
  });
});

describe("an ONNX model runs with the matrices that were read from it", () => {
  const x = Float32Array.from(normals(18));
  const batch = model(
    graph(
      [node("MatMul:x,w:a"), node("com.microsoft/FusedMatMul:a,v:y", { alpha: { real: 2 }, transB: 1 })],
      [stored("w", [2, 6, 4], "f4", normals(48)), stored("v", [2, 5, 4], "f4", normals(40))],
      { x: [3, 6] },
      { y: [2, 3, 5] },
    ),
  );

  it.each([...matrices, ["two batches", batch] as const])(
    "%s: the same outputs, and others with others",
    async (_, content) => {
      const { path, layers } = await readModel(content);
      const own = await outputOf(content, x, [3, 6]);
      const again = await withOtherWeights(path, content, layers.map(asStored));
      closeTo(await outputOf(again, x, [3, 6]), own);
      const doubled = await withOtherWeights(
        path,
        content,
        layers.map((layer, l) => asStored(layer).map((value) => (2 * l < layers.length ? 2 * value : value))),
      );
      closeTo(
        await outputOf(doubled, x, [3, 6]),
        own.map((value) => 2 * value),
      );
    },
  );
});

describe("weights of an ONNX model that are left out are named", () => {
  const first = stored("first", [6, 5], "f4", normals(30));
  const second = stored("second", [5, 4], "f4", normals(20));
  const two = (
    nodes: readonly Buffer[],
    tensors: readonly Buffer[],
    functions: readonly Buffer[] = [],
  ): Buffer =>
    model(
      graph([node("MatMul:x,first:a"), ...nodes], [first, ...tensors], { x: [3, 6] }, { y: [3, 4] }),
      functions,
    );
  const branch = (name: string): Buffer =>
    graph(
      [node(`MatMul:a,${name}:o`)],
      name === "second" ? [] : [stored(name, [5, 4], "f4", normals(20))],
      {},
      { o: [3, 4] },
    );
  const own = Buffer.concat([
    ...["Linear"].map((name) => field(1, name)),
    field(4, "i"),
    field(5, "o"),
    field(7, node("Constant::inner", { value: stored("", [5, 4], "f4", normals(20)) })),
    field(7, node("MatMul:i,inner:o")),
    field(9, Buffer.concat([field(1, ""), field(2, 17)])),
    field(10, "own"),
  ]);

  it.each([
    [
      "Einsum",
      two([node("Einsum:a,second:y")], [second]),
      "second",
      "it is used by Einsum, which is not read",
    ],
    [
      "MatMulInteger",
      two(
        [
          node("DynamicQuantizeLinear:a:q,s,z"),
          node("MatMulInteger:q,second,z:i"),
          node("Cast:i:y", { to: 1 }),
        ],
        [stored("second", [5, 4], "i1", bytes(20))],
      ),
      "second",
      "it is used by MatMulInteger, which is not read",
    ],
    [
      "an If",
      two(
        [
          node(
            "If:c:y",
            { then_branch: { graph: branch("second") }, else_branch: { graph: branch("second") } },
            "if",
          ),
        ],
        [second, stored("c", [], "u1", [1])],
      ),
      "second",
      "it is used by MatMul inside If (if), which is not read",
    ],
    [
      "an If with its own",
      two([node("If:c:y", { then_branch: { graph: branch("inside") } })], [stored("c", [], "u1", [1])]),
      "inside",
      "it is used by MatMul inside If, which is not read",
    ],
    [
      "a function",
      two([node("own/Linear:a,second:y")], [second], [own]),
      "second",
      "it is used by Linear, which is not read",
    ],
    [
      "a function's body",
      two([node("own/Linear:a:y")], [], [own]),
      "inner",
      "it is used by MatMul inside the function Linear, which is not read",
    ],
    [
      "what cannot be worked out",
      two([node("Softmax:second:w"), node("MatMul:a,w:y")], [second]),
      "w",
      "it passes through Softmax, which is not worked out beforehand",
    ],
    [
      "an odd power",
      two([node("Pow:second,p:w"), node("MatMul:a,w:y")], [second, stored("p", [], "f4", [1.7])]),
      "w",
      "it passes through Pow, which is not worked out beforehand",
    ],
    [
      "an operator that is not known",
      two([node("own/Crossbar:a,second:y")], [second]),
      "second",
      "it is used by Crossbar, which is not read",
    ],
  ])("by %s", async (_, content, name, why) => {
    const { layers, leftOut } = await readModel(content);
    expect(layers.map((layer) => layer.name)).toEqual(["first"]);
    expect(leftOut).toContainEqual({ name, why });
  });

  it("and biases, tables and masks are none", async () => {
    const content = two(
      [node("MatMul:a,second:b"), node("Add:b,bias:c"), node("Mul:c,mask:d"), node("Where:m,d,mask:y")],
      [
        second,
        stored("bias", [3, 4], "f4", normals(12)),
        stored("mask", [3, 4], "f4", normals(12)),
        stored("m", [3, 4], "u1", bytes(12).map(Math.abs)),
      ],
    );
    expect((await readModel(content)).leftOut).toEqual([]);
  });

  it("of a vector on its own node, and of the examples, there are none", async () => {
    for (const name of readdirSync("examples/digits").filter((one) => one.endsWith(".onnx"))) {
      const { leftOut } = await readModel(readFileSync(`examples/digits/${name}`));
      expect([name, leftOut]).toEqual([name, []]);
    }
  });
});
