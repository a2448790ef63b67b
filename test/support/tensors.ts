import { withFile } from "../../files/byteSource.ts";
import { withCatalogue } from "../../files/catalogue.ts";
import { safetensorsIn } from "../../files/safetensors.ts";
import type { Catalogue, Tensor } from "../../files/tensor.ts";

/** Every tensor of a file, by name. */
export function allTensors(path: string): Promise<Map<string, Tensor>> {
  return withCatalogue(path, readAll);
}

/** The same of a safetensors file of any name. */
export function allSafetensors(path: string): Promise<Map<string, Tensor>> {
  return withFile(path, async (source) => readAll(await safetensorsIn(source, path)));
}

async function readAll({ tensors }: Catalogue): Promise<Map<string, Tensor>> {
  const read = new Map<string, Tensor>();
  for (const { name, shape, read: numbers } of tensors) read.set(name, { shape, values: await numbers() });
  return read;
}
