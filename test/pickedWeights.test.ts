import { describe, expect, it } from "vitest";
import { withOtherWeights } from "../files/onnx/model.ts";
import { asStored } from "../files/weights.ts";
import { Random } from "../src/random.ts";
import { removeFoldersAfterEach } from "./support/folders.ts";
import { graph, model, node, stored } from "./support/onnx.ts";
import { closeTo, outputOf, readModel, times } from "./support/onnxLayers.ts";

removeFoldersAfterEach();

const random = new Random(23);
let drawn = 0;
const normals = (count: number): number[] =>
  Array.from({ length: count }, () => Math.fround((random.at(drawn++, 0).word0 / 2 ** 32 - 0.5) * 2));

/** x of 3 × 6 times w of 6 × 4. */
function behind(nodes: readonly Buffer[], tensors: readonly Buffer[]): Buffer {
  return model(graph([...nodes, node("MatMul:x,w:y")], tensors, { x: [3, 6] }, { y: [3, 4] }));
}

const floats = (name: string, sizes: readonly number[]): Buffer =>
  stored(name, sizes, "f4", normals(sizes.reduce((product, size) => product * size, 1)));
const wholes = (name: string, ...values: number[]): Buffer => stored(name, [values.length], "i8", values);
const number = (name: string, value: number): Buffer => stored(name, [], "f4", [value]);

const matrices: readonly (readonly [string, Buffer])[] = [
  [
    "two joined along rows",
    behind([node("Concat:a,b:w", { axis: 0 })], [floats("a", [2, 4]), floats("b", [4, 4])]),
  ],
  [
    "three joined along columns",
    behind(
      [node("Concat:a,b,c:w", { axis: -1 })],
      [floats("a", [6, 1]), floats("b", [6, 2]), floats("c", [6, 1])],
    ),
  ],
  [
    "a part",
    behind(
      [node("Slice:v,from,to,axes:w")],
      [floats("v", [9, 7]), wholes("from", 1, -5), wholes("to", 7, -1), wholes("axes", 0, 1)],
    ),
  ],
  [
    "every second, backwards",
    behind(
      [node("Slice:v,from,to,axes,steps:w")],
      [floats("v", [13, 4]), wholes("from", 11), wholes("to", -99), wholes("axes", -2), wholes("steps", -2)],
    ),
  ],
  [
    "chosen columns",
    behind([node("Gather:v,which:w", { axis: 1 })], [floats("v", [6, 9]), wholes("which", 8, 0, -2, 3)]),
  ],
  [
    "one of three",
    behind([node("Gather:v,which:w")], [floats("v", [3, 6, 4]), stored("which", [], "i8", [2])]),
  ],
  ["repeated", behind([node("Tile:v,times:w")], [floats("v", [3, 2]), wholes("times", 2, 2)])],
  ["spread over rows", behind([node("Expand:v,sizes:w")], [floats("v", [1, 4]), wholes("sizes", 6, 1)])],
  [
    "chosen element by element",
    behind(
      [node("Where:c,v,r:w")],
      [
        stored(
          "c",
          [6, 4],
          "b",
          normals(24).map((value) => Number(value > 0)),
        ),
        floats("v", [6, 4]),
        floats("r", [1, 4]),
      ],
    ),
  ],
  [
    "the second half of a stored one",
    behind([node("Split:v,sizes:u,w", { axis: 1 })], [floats("v", [6, 7]), wholes("sizes", 3, 4)]),
  ],
  [
    "normalised by its columns' lengths",
    behind(
      [node("ReduceL2:v:l", { axes: [0], keepdims: 1 }), node("Div:v,l:u"), node("Mul:u,g:w")],
      [floats("v", [6, 4]), floats("g", [1, 4])],
    ),
  ],
  [
    "rounded to -1, 0 and 1 of its mean size",
    behind(
      [
        node("Abs:v:a"),
        node("ReduceMean:a:m", { keepdims: 0 }),
        node("Div:v,m:d"),
        node("Round:d:r"),
        node("Clip:r,low,high:c"),
        node("Mul:c,m:w"),
      ],
      [floats("v", [6, 4]), number("low", -1), number("high", 1)],
    ),
  ],
  [
    "with an adapter of two small matrices",
    behind(
      [node("MatMul:b,a:d"), node("Mul:d,half:s"), node("Add:v,s:w")],
      [floats("v", [6, 4]), floats("b", [6, 2]), floats("a", [2, 4]), number("half", 0.5)],
    ),
  ],
  [
    "with an adapter that is turned and added by one node",
    behind(
      [node("Gemm:a,b,v:w", { transA: 1, transB: 1, alpha: { real: 2 }, beta: { real: 0.5 } })],
      [floats("a", [2, 6]), floats("b", [4, 2]), floats("v", [6, 4])],
    ),
  ],
  [
    "made of batches of matrices and a vector",
    behind(
      [node("MatMul:a,b:c"), node("MatMul:c,v:d"), node("Transpose:d:w", { perm: [1, 0] })],
      [floats("a", [1, 6, 5]), floats("b", [4, 5, 3]), floats("v", [3])],
    ),
  ],
  [
    "lower and upper triangles",
    behind(
      [node("Trilu:a,one:l", { upper: 0 }), node("Trilu:b:u"), node("Add:l,u:w")],
      [floats("a", [6, 4]), floats("b", [6, 4]), stored("one", [], "i8", [1])],
    ),
  ],
  [
    "by gates that are constant",
    behind(
      [node("Sigmoid:g:s"), node("Tanh:v:t"), node("Mul:s,t:u"), node("Exp:e:f"), node("Mul:u,f:w")],
      [floats("v", [6, 4]), floats("g", [6, 4]), floats("e", [4])],
    ),
  ],
  [
    "the larger of two, less a third, and its sign beside it",
    behind(
      [node("Max:a,b:m"), node("Sub:m,c:s"), node("Sign:s:t"), node("Sum:s,t,b:w")],
      [floats("a", [6, 4]), floats("b", [6, 4]), floats("c", [6, 4])],
    ),
  ],
];

describe("weights that a network picks and joins of what it stores are those that ONNX Runtime multiplies by", () => {
  const x = Float32Array.from(normals(18));
  const input = [0, 1, 2].map((r) => [...x.subarray(6 * r, 6 * r + 6)]);

  it.each(matrices)("%s", async (_, content) => {
    const { path, layers, leftOut } = await readModel(content);
    expect([layers.map(({ inputs, outputs }) => [inputs, outputs]), leftOut]).toEqual([[[6, 4]], []]);
    const own = await outputOf(content, x, [3, 6]);
    closeTo(times(input, layers[0]!).flat(), own);
    const doubled = await withOtherWeights(path, content, [asStored(layers[0]!).map((value) => 2 * value)]);
    closeTo(
      await outputOf(doubled, x, [3, 6]),
      own.map((value) => 2 * value),
    );
  });

  it("both halves of one tensor, whose other half keeps its numbers when one gets others", async () => {
    const content = model(
      graph(
        [node("Split:v:a,b", { axis: 1 }), node("MatMul:x,a:p"), node("MatMul:x,b:q"), node("Mul:p,q:y")],
        [floats("v", [6, 8])],
        { x: [3, 6] },
        { y: [3, 4] },
      ),
    );
    const { path, layers } = await readModel(content);
    expect(layers.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [6, 4],
      [6, 4],
    ]);
    const own = await outputOf(content, x, [3, 6]);
    const [p, q] = layers.map((layer) => times(input, layer).flat());
    closeTo(
      p!.map((value, i) => value * q![i]!),
      own,
    );
    const doubled = await withOtherWeights(path, content, [
      asStored(layers[0]!),
      asStored(layers[1]!).map((value) => 2 * value),
    ]);
    closeTo(
      await outputOf(doubled, x, [3, 6]),
      own.map((value) => 2 * value),
    );
  });

  it.each([
    ["a tensor of nothing whose other side is endless", "Slice:v,from,to:w", [0, 2 ** 40]],
    ["a slice by steps of nothing", "Slice:v,from,to,from,none:w", [6, 4]],
    ["more repeats than fit the memory", "Tile:v,many:w", [6, 4]],
    ["a spread that does not fit", "Expand:v,many:w", [6, 4]],
    ["an axis that there is not", "Gather:v,many:w", [6, 4]],
  ])("%s is left out by name", async (_, text, sizes) => {
    const values = sizes[0] === 0 ? [] : normals(24);
    const tensors = [
      stored("v", sizes, "f4", values),
      wholes("from", 0, 0),
      wholes("to", 6, 2 ** 40),
      wholes("none", 0, 0),
      wholes("many", 2 ** 30, 2 ** 20),
      floats("u", [6, 4]),
    ];
    const { layers, leftOut } = await readModel(
      model(
        graph(
          [node("MatMul:x,u:z"), node(text), node("MatMul:x,w:y")],
          tensors,
          { x: [3, 6] },
          { y: [3, 4] },
        ),
      ),
    );
    expect(layers.map(({ name }) => name)).toEqual(["u"]);
    expect(leftOut).toEqual([{ name: "w", why: expect.stringMatching(/it passes through/) as string }]);
  });
});
