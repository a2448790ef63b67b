import { describe, expect, it } from "vitest";
import { withOtherWeights } from "../files/onnx/model.ts";
import { asStored } from "../files/weights.ts";
import { removeFoldersAfterEach } from "./support/folders.ts";
import { graph, model, node, stored } from "./support/onnx.ts";
import { closeTo, outputOf, readModel, times } from "./support/onnxLayers.ts";

removeFoldersAfterEach();

const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
const values = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.fround(((i * 37) % 101) / 101 - 0.4));

/** y = Einsum(x, w), or of w before x. */
function einsum(equation: string, x: readonly number[], w: readonly number[], inputs = "x,w"): Buffer {
  const nodes = [node(`Einsum:${inputs}:y`, { equation: { text: equation } })];
  const sizes = Array<string>(
    (equation.split("->")[1] ?? "").replaceAll(" ", "").replace("...", "b").length,
  ).fill("n");
  return model(graph(nodes, [stored("w", w, "f4", values(count(w)))], { x }, { y: sizes }));
}

const x36 = [3, 6];

describe("an Einsum that is a product of matrices is read:", () => {
  const cases: readonly (readonly [
    string,
    readonly number[],
    readonly number[],
    string,
    readonly string[],
  ])[] = [
    ["bi,io->bo", x36, [6, 4], "x,w", ["w"]],
    ["b i, o i -> b o", x36, [4, 6], "x,w", ["w"]],
    ["oi,bi->bo", x36, [4, 6], "w,x", ["w"]],
    ["...i,io->...o", x36, [6, 4], "x,w", ["w"]],
    ["bi,ihd->bhd", x36, [6, 2, 2], "x,w", ["w"]],
    ["bi,hdi->bhd", x36, [2, 2, 6], "x,w", ["w"]],
    ["bhi,hio->bo", [3, 2, 3], [2, 3, 4], "x,w", ["w"]],
    ["bhi,ohi->bo", [3, 2, 3], [4, 2, 3], "x,w", ["w"]],
    ["bi,hio->hbo", x36, [2, 6, 4], "x,w", ["w.0", "w.1"]],
    ["hbi,hoi->hbo", [2, 3, 6], [2, 4, 6], "x,w", ["w.0", "w.1"]],
  ];

  it.each(cases)("%s", async (equation, x, w, inputs, names) => {
    const content = einsum(equation, x, w, inputs);
    const { path, layers, leftOut } = await readModel(content);
    expect(leftOut).toEqual([]);
    expect(layers.map(({ name }) => name)).toEqual(names);
    const given = Float32Array.from(values(count(x)));
    const wanted = await outputOf(content, given, x);
    const rows = Array.from({ length: count(x) / 6 }, (_, r) => [...given.subarray(6 * r, 6 * r + 6)]);
    // Signals that have the letter, too, have rows of their own for each matrix.
    const each = rows.length / 3;
    const found = layers.flatMap((layer, k) =>
      times(each === 1 ? rows : rows.slice(3 * k, 3 * k + 3), layer),
    );
    closeTo(found.flat(), wanted);
    const doubled = layers.map((layer) =>
      asStored({ ...layer, values: layer.values.map((value) => 2 * value) }),
    );
    const other = await withOtherWeights(path, content, doubled);
    closeTo(
      await outputOf(other, given, x),
      wanted.map((value) => 2 * value),
    );
  });

  it.each([
    ["sums over a part of the weights", "bi,io->b", x36, [6, 4]],
    ["has inputs on both sides of its outputs", "bhd,hod->bo", [3, 2, 3], [2, 4, 3]],
    ["takes a list of numbers", "bi,i->b", x36, [6]],
    ["takes a diagonal", "bi,ii->bi", x36, [6, 6]],
    ["multiplies element by element", "bi,bi->bi", x36, x36],
  ] as const)("one that %s is named", async (_, equation, x, w) => {
    const both = model(
      graph(
        [node("Einsum:x,w:y", { equation: { text: equation } }), node("MatMul:z,v:u")],
        [stored("w", w, "f4", values(count(w))), stored("v", [3, 2], "f4", values(6))],
        { x, z: [1, 3] },
        { y: ["n"], u: [1, 2] },
      ),
    );
    const { layers, leftOut } = await readModel(both);
    expect(layers.map(({ name }) => name)).toEqual(["v"]);
    expect(leftOut).toEqual([{ name: "w", why: "it is used by Einsum, which is not read" }]);
  });
});
