import { extname } from "node:path";
import { withFile } from "../files/byteSource.ts";
import { readNpy } from "../files/npy.ts";
import { npzIn } from "../files/npz.ts";
import { badFile } from "../files/readFile.ts";
import type { Tensor } from "../files/tensor.ts";

/** What a network is run on: one entry an input. */
export interface NetworkInputs {
  readonly file: string;
  /** By the names of the network's inputs; the only one has no name where the file gives it none. */
  readonly arrays: readonly { readonly name: string | undefined; readonly tensor: Tensor }[];
}

/** Reads `.npy` for a network of one input, `.npz` for one of several. Throws `bad-file`. */
export async function readInputs(file: string): Promise<NetworkInputs> {
  switch (extname(file).toLowerCase()) {
    case ".npy":
      return { file, arrays: [{ name: undefined, tensor: await readNpy(file) }] };
    case ".npz":
      return { file, arrays: await arraysOf(file) };
    default:
      throw badFile(
        file,
        "inputs of a network are .npy (a network of one input) or .npz",
        "Write it with numpy.save, or numpy.savez with one array for each input of the network.",
      );
  }
}

async function arraysOf(file: string): Promise<NetworkInputs["arrays"]> {
  return withFile(file, async (source) => {
    const { tensors, leftOut } = await npzIn(source, file);
    const [unread] = leftOut;
    if (unread !== undefined) {
      throw badFile(
        file,
        `its array ${unread.name} cannot be read: ${unread.why}`,
        "Write it with numpy.savez as plain numbers.",
      );
    }
    const arrays: { name: string; tensor: Tensor }[] = [];
    for (const { name, shape, read } of tensors) {
      arrays.push({ name, tensor: { shape, values: await read() } });
    }
    return arrays;
  });
}
