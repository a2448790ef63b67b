import { basename, extname } from "node:path";
import { withFile } from "./byteSource.ts";
import { readCsv } from "./csv.ts";
import { npyIn } from "./npy.ts";
import { npzIn } from "./npz.ts";
import { onnxIn } from "./onnx/model.ts";
import { badFile } from "./readFile.ts";
import { safetensorsIn } from "./safetensors.ts";
import { isIndex, shardsIn } from "./shards.ts";
import type { Catalogue } from "./tensor.ts";

/** Opens a file of weights for as long as the work takes. Throws `bad-file`. */
export async function withCatalogue<T>(path: string, work: (found: Catalogue) => Promise<T>): Promise<T> {
  const extension = extname(path).toLowerCase();
  const stem = basename(path, extname(path));
  if (isIndex(path)) return shardsIn(path, work);
  switch (extension) {
    case ".csv": {
      const { shape, values } = await readCsv(path);
      return work({
        tensors: [{ name: stem, shape, order: "inputs-first", read: () => Promise.resolve(values) }],
        leftOut: [],
      });
    }
    case ".npy":
      return withFile(path, async (source) => {
        const { shape, read } = await npyIn(source, path);
        const order = shape.length > 2 ? "outputs-first" : "inputs-first";
        return work({ tensors: [{ name: stem, shape, order, read }], leftOut: [] });
      });
    case ".npz":
      return withFile(path, async (source) => work(await npzIn(source, path)));
    case ".safetensors":
      return withFile(path, async (source) => work(await safetensorsIn(source, path)));
    case ".onnx":
      return work(await onnxIn(path));
    case ".h5":
    case ".hdf5":
    case ".keras":
    case ".mat": {
      const { withHdf5 } = await import("./hdf5.ts");
      return withHdf5(path, work);
    }
    default:
      throw badFile(
        path,
        `${extension || "a name without an ending"} is not a kind of weights file that mho reads`,
        conversions[extension] ?? "Give .npy, .npz, .safetensors, .onnx, .h5, .mat or .csv.",
      );
  }
}

const torch =
  "It may run any program when it is opened. In Python:\n" +
  "  import torch; from safetensors.torch import save_file\n" +
  '  save_file({k: v.contiguous() for k, v in torch.load("FILE", weights_only=True).items()}, "weights.safetensors")';

/** Two lines that make a file that is read of one that is not. */
const conversions: Readonly<Record<string, string>> = {
  ".pth": torch,
  ".pt": torch,
  ".ckpt": torch,
  ".bin": torch,
  ".gguf":
    "In Python:\n  import numpy, gguf\n" +
    '  numpy.savez("weights.npz", **{t.name: gguf.dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader("FILE").tensors})',
  ".pkl":
    'In Python:\n  import numpy, pickle\n  numpy.savez("weights.npz", **pickle.load(open("FILE", "rb")))',
  ".tflite":
    "In a shell:\n  pip install tf2onnx\n  python -m tf2onnx.convert --tflite FILE --output weights.onnx",
  ".pb":
    "In a shell:\n  pip install tf2onnx\n  python -m tf2onnx.convert --saved-model FOLDER --output weights.onnx",
  ".txt": "If it holds numbers as text, give it a name that ends with .csv.",
  ".tsv": "Give it a name that ends with .csv.",
  ".xlsx": "Save the sheet as CSV (UTF-8).",
  ".xls": "Save the sheet as CSV (UTF-8).",
};
