import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { LeftOut } from "../../files/tensor.ts";
import { readWeights, type SourcedLayer } from "../../files/weights.ts";
import { InferenceSession, Tensor } from "../../networks/onnxRuntime.ts";
import { emptyFolder } from "./folders.ts";

interface Read {
  readonly path: string;
  readonly layers: readonly SourcedLayer[];
  readonly leftOut: readonly LeftOut[];
}

/** The layers of a model, and what is left out of it. */
export async function readModel(content: Uint8Array): Promise<Read> {
  const path = join(emptyFolder(), "net.onnx");
  writeFileSync(path, content);
  const leftOut: LeftOut[] = [];
  const layers = await readWeights(path, { onLeftOut: (one) => leftOut.push(one) });
  return { path, layers, leftOut };
}

/** What ONNX Runtime gives as y for one x. */
export async function outputOf(
  content: Uint8Array,
  input: Float32Array,
  sizes: readonly number[],
): Promise<number[]> {
  const session = await InferenceSession.create(content, {
    executionProviders: ["wasm"],
    logSeverityLevel: 3,
  });
  const { y } = await session.run({ x: new Tensor("float32", input, sizes) });
  await session.release();
  return [...(y!.data as Float32Array)];
}

/** Rows times a layer's matrix. */
export function times(rows: readonly number[][], { inputs, outputs, values }: SourcedLayer): number[][] {
  return rows.map((row) =>
    Array.from({ length: outputs }, (_, j) =>
      Array.from({ length: inputs }, (__, i) => row[i]! * values[i * outputs + j]!).reduce(
        (a, b) => a + b,
        0,
      ),
    ),
  );
}

export function closeTo(a: readonly number[], b: readonly number[]): void {
  expect(a).toHaveLength(b.length);
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 4));
}
