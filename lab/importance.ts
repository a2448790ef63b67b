import { badFile } from "../files/readFile.ts";
import type { Orientation } from "../files/orientation.ts";
import { readWeights, type SourcedLayer } from "../files/weights.ts";

/** A layer as a file of importance is asked for it. */
export interface ImportantLayer {
  readonly name: string;
  readonly tensor: string;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Reads how much each weight counts: one number ≥ 0 a weight, from a user's own training. A file of one array serves one layer; of
 * several, each layer takes the array of its tensor's name.
 *
 * @returns one list a layer, row-major like its weights.
 * @throws `bad-file` for an array that is missing, of another shape, negative somewhere or 0 everywhere.
 */
export async function readImportance(
  path: string,
  layers: readonly ImportantLayer[],
  orientation?: Orientation,
): Promise<Float32Array[]> {
  const found = await readWeights(path, { orientation });
  const alone = found.length === 1 && layers.length === 1;
  return layers.map((layer) => {
    const one = alone ? found[0] : found.find(({ name }) => name === layer.tensor);
    if (one === undefined) {
      const has = found.map(({ name }) => name).join(", ");
      throw badFile(
        path,
        `it says nothing of the weights ${layer.tensor} (it has ${has})`,
        "Give an .npz with one array for each tensor, under the tensor's name.",
      );
    }
    return checked(path, one, layer);
  });
}

function checked(path: string, found: SourcedLayer, { name, inputs, outputs }: ImportantLayer): Float32Array {
  const { values } = found;
  if (found.inputs !== inputs || found.outputs !== outputs) {
    throw badFile(
      path,
      `${found.name} has ${found.inputs} × ${found.outputs} numbers, and layer ${name} ${inputs} × ${outputs} weights`,
      "Give one number for each weight, inputs by outputs as mho optimize shows the layer, or say --orientation.",
    );
  }
  const negative = values.findIndex((value) => value < 0);
  if (negative >= 0) {
    throw badFile(
      path,
      `${found.name} holds ${values[negative]} for input ${Math.floor(negative / outputs)}, output ${negative % outputs}`,
      "Importance is 0 or more.",
    );
  }
  if (values.every((value) => value === 0))
    throw badFile(path, `${found.name} is 0 everywhere`, "At least one weight must count.");
  return values;
}
