import { BesideModel } from "../besideModel.ts";
import { DamagedMessage } from "../protobuf.ts";
import { badFile, readInputFile } from "../readFile.ts";
import type { Catalogue, FoundTensor } from "../tensor.ts";
import { modelOf } from "./graph.ts";
import { matricesOf, usesOf, type WeightUse } from "./uses.ts";
import { withValues } from "./withValues.ts";
import { writeNumbers } from "./tensor.ts";

/**
 * Finds the weight matrices of a model's products, convolutions and recurrent layers, in the graph's order, and what looks like weights
 * and is not read. Throws `bad-file`.
 */
export async function onnxIn(path: string): Promise<Catalogue> {
  return onnxOf(await readInputFile(path), path);
}

/** The same of a file's bytes; what it keeps beside itself is looked for beside the path. */
export async function onnxOf(bytes: Uint8Array, path: string): Promise<Catalogue> {
  return undamaged(path, async () => {
    const { uses, leftOut } = await usesOf(modelOf(bytes), new BesideModel(path));
    return { tensors: uses.flatMap((use) => tensorsOf(path, use)), leftOut };
  });
}

function tensorsOf(path: string, use: WeightUse): FoundTensor[] {
  const { order, slot } = use;
  return matricesOf(use).map(({ name, shape }, n, { length }) => ({
    name,
    shape,
    order,
    read: () =>
      undamaged(path, async () => {
        const all = await use.read();
        const size = all.length / length;
        const own = Float32Array.from(all.subarray(n * size, (n + 1) * size));
        return slot.factor === 1 ? own : own.map((value) => value * slot.factor);
      }),
  }));
}

async function undamaged<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DamagedMessage)) throw error;
    throw badFile(
      path,
      "it is not an ONNX model, or it is damaged or cut",
      "Export or copy it again.",
      error,
    );
  }
}

/**
 * The same model with other numbers in its weight matrices.
 *
 * @param bytes     of the model; left as they are.
 * @param matrices  one for each that `onnxIn` finds, in its order and as its tensor has it.
 * @throws `bad-file` when weights are not kept inside the file as 32- or 64-bit floats, or are not floats in the network.
 */
export async function withOtherWeights(
  path: string,
  bytes: Uint8Array,
  matrices: readonly Float32Array[],
): Promise<Uint8Array> {
  const copy = bytes.slice();
  const { uses } = await usesOf(modelOf(copy), new BesideModel(path));
  const made: { readonly use: WeightUse; readonly values: Float32Array }[] = [];
  let next = 0;
  for (const use of uses) {
    const parts = matricesOf(use).map(() => matrices[next++]!);
    const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(use.slot.factor === 1 ? part : part.map((value) => value / use.slot.factor), at);
      at += part.length;
    }
    if (use.stored !== undefined && writeNumbers(use.stored, values)) continue;
    const real = use.dataType === 1 || use.dataType === 11;
    if (use.stored === undefined && real && use.slot.scaled === undefined) made.push({ use, values });
    else {
      throw badFile(
        path,
        `the weights ${use.name} are not kept in it as 32- or 64-bit floats`,
        "Export it with float32 weights inside the file.",
      );
    }
  }
  if (made.length === 0) return copy;
  return withValues(
    copy,
    made.map(({ use, values }) => ({
      name: use.value,
      values,
      dataType: use.dataType,
      dimensions: use.valueShape,
    })),
  );
}
