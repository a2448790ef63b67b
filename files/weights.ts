import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import type { LayerWeights } from "../src/weights/layer.ts";
import { readNpy } from "./npy.ts";
import { badFile } from "./readFile.ts";
import { readSafetensors, type Tensor } from "./safetensors.ts";

/** A layer, and where its weights came from. */
export interface SourcedLayer extends LayerWeights {
  readonly source: { readonly file: string; readonly tensor: string; readonly sha256: string };
}

export async function readWeights(path: string, tensors?: readonly string[]): Promise<SourcedLayer[]> {
  const stem = basename(path, extname(path));
  const all =
    extname(path) === ".npy"
      ? new Map([[stem, await readNpy(path)]])
      : await readSafetensors(path);
  const names = tensors ?? [...all.keys()].filter((name) => all.get(name)!.shape.length > 1);
  return names.map((name) => {
    const tensor = all.get(name);
    if (tensor === undefined) throw badFile(path, `there is no tensor ${name}`, "");
    return layerOf(path, name, tensor, extname(path) === ".safetensors");
  });
}

function layerOf(file: string, name: string, { shape, values }: Tensor, outputsFirst: boolean): SourcedLayer {
  const first = shape[0] ?? 1;
  const rest = values.length / first;
  const source = { file, tensor: name, sha256: createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex") };
  if (!outputsFirst) return { name, inputs: first, outputs: rest, values, source };
  const turned = values.map((_, i) => values[(i % first) * rest + Math.floor(i / first)]!);
  return { name, inputs: rest, outputs: first, values: turned, source };
}
