import { dirname, join } from "node:path";
import { z } from "zod";
import { withFile } from "./byteSource.ts";
import { readJson } from "./json.ts";
import { badFile } from "./readFile.ts";
import { safetensorsIn } from "./safetensors.ts";
import type { Catalogue } from "./tensor.ts";

/** Whether a file says in which of several files the tensors of a model stand. */
export function isIndex(path: string): boolean {
  return /\.(safetensors|bin)\.index\.json$/i.test(path);
}

const byTransformers =
  "They may run any program when they are opened. In Python:\n" +
  "  from transformers import AutoModel\n" +
  '  AutoModel.from_pretrained("FOLDER").save_pretrained("safe", safe_serialization=True)';

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

const together = "Put the index and all of its files into one folder.";

/** The tensors of all files that an index names, which lie beside it. Throws `bad-file`. */
export async function shardsIn<T>(path: string, work: (found: Catalogue) => Promise<T>): Promise<T> {
  if (/\.bin\.index\.json$/i.test(path))
    throw badFile(path, "it is the index of .bin files, which mho does not read", byTransformers);
  const { weight_map: places } = await readJson(path, indexSchema, "index of safetensors files");
  const names = [...new Set(Object.values(places))];
  const elsewhere = names.find(
    (name) => /[/\\\0]/.test(name) || !name.toLowerCase().endsWith(".safetensors"),
  );
  if (elsewhere !== undefined)
    throw badFile(
      path,
      `it names ${JSON.stringify(elsewhere)}, which is no .safetensors file beside it`,
      together,
    );
  return opened(path, names, places, { tensors: [], leftOut: [] }, work);
}

/** One file after the other, all of them open while the work is done. */
async function opened<T>(
  path: string,
  [name, ...others]: readonly string[],
  places: Readonly<Record<string, string>>,
  before: Catalogue,
  work: (found: Catalogue) => Promise<T>,
): Promise<T> {
  if (name === undefined) return work(before);
  const shard = join(dirname(path), name);
  return withFile(shard, async (source) => {
    const { tensors, leftOut } = await safetensorsIn(source, shard);
    const meant = new Set(Object.keys(places).filter((tensor) => places[tensor] === name));
    const here = (one: { readonly name: string }): boolean => meant.has(one.name);
    const found = new Set(tensors.map((one) => one.name));
    const missing = [...meant].filter(
      (one) => !found.has(one) && !leftOut.some((other) => other.name === one),
    );
    const more = {
      tensors: [...before.tensors, ...tensors.filter(here)],
      leftOut: [
        ...before.leftOut,
        ...leftOut.filter(here),
        ...missing.map((one) => ({
          name: one,
          why: `it does not stand in ${name} with a type that is read`,
        })),
      ],
    };
    return opened(path, others, places, more, work);
  });
}
