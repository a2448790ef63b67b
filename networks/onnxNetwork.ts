import { createHash } from "node:crypto";
import { withOtherWeights } from "../files/onnx/model.ts";
import { badFile, readInputFile } from "../files/readFile.ts";
import type { LeftOut, Tensor } from "../files/tensor.ts";
import { asStored, readWeights, type SourcedLayer } from "../files/weights.ts";
import type { InferenceSession } from "./onnxRuntime.ts";

/** A trained classifier whose matrices may be replaced by what a chip holds. All else stays digital. */
export class OnnxNetwork {
  readonly file: string;
  /** Its weight matrices, in the graph's order, inputs on rows. */
  readonly layers: readonly SourcedLayer[];
  /** What looks like weights and stays as it is. */
  readonly leftOut: readonly LeftOut[];
  readonly #bytes: Uint8Array;

  private constructor(
    file: string,
    layers: readonly SourcedLayer[],
    leftOut: readonly LeftOut[],
    bytes: Uint8Array,
  ) {
    this.file = file;
    this.layers = layers;
    this.leftOut = leftOut;
    this.#bytes = bytes;
  }

  /** Throws `bad-file`. */
  static async read(file: string): Promise<OnnxNetwork> {
    const leftOut: LeftOut[] = [];
    const layers = await readWeights(file, { onLeftOut: (one) => leftOut.push(one) });
    return new OnnxNetwork(file, layers, leftOut, await readInputFile(file));
  }

  /** SHA-256 of the file. */
  get digest(): string {
    return createHash("sha256").update(this.#bytes).digest("hex");
  }

  /**
   * The share of images whose largest output is their label, when the matrices hold these values.
   *
   * @param values  of each of `layers`, in its order and of its shape.
   * @param images  [n, …]; what an image has beyond its first dimension is shaped as the network wants it.
   * @param labels  n class numbers.
   * @throws `bad-file` when the network cannot be run on such images.
   */
  async accuracy(values: readonly Float32Array[], images: Tensor, labels: Float32Array): Promise<number> {
    const matrices = this.layers.map((layer, l) => asStored({ ...layer, values: values[l]! }));
    const bytes = await withOtherWeights(this.file, this.#bytes, matrices);
    const { InferenceSession } = await import("./onnxRuntime.ts");
    const session = await this.#explained("it cannot be run", () =>
      InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 3 }),
    );
    try {
      let right = 0;
      const input = this.#inputOf(session, images);
      for (let first = 0; first < labels.length; first += input.batch) {
        const count = Math.min(input.batch, labels.length - first);
        const classes = await this.#classes(session, input, images, first, count);
        for (let n = 0; n < count; n++) if (classes[n] === labels[first + n]) right++;
      }
      return right / labels.length;
    } finally {
      await session.release();
    }
  }

  #inputOf(session: InferenceSession, { shape, values }: Tensor): Input {
    const [only, ...others] = session.inputMetadata;
    if (only === undefined || others.length > 0 || !only.isTensor || only.type !== "float32") {
      throw badFile(this.file, "it does not take one tensor of float32 images", "Export it with one input.");
    }
    const [batch, ...wanted] = only.shape;
    const given = shape.slice(1);
    const pixels = values.length / shape[0]!;
    const dimensions = wanted.map((size, d) =>
      typeof size === "number" && size > 0 ? size : (given[d] ?? 1),
    );
    if (dimensions.reduce((product, size) => product * size, 1) !== pixels) {
      throw badFile(
        this.file,
        `it takes images of ${wanted.join(" × ")}, and those given are ${given.join(" × ") || "single numbers"}`,
        "Give the images that it was trained for.",
      );
    }
    const fixed = typeof batch === "number" && batch > 0;
    if (fixed && batch > mostBatch)
      throw badFile(this.file, `it takes ${batch} images at a time`, "Export it with a free batch.");
    return { name: only.name, dimensions, batch: fixed ? batch : freeBatch, fixed, pixels };
  }

  async #classes(
    session: InferenceSession,
    { name, dimensions, batch, fixed, pixels }: Input,
    images: Tensor,
    first: number,
    count: number,
  ): Promise<Uint32Array> {
    // A network of a fixed batch gets a whole one, filled up with zeros.
    const rows = fixed ? batch : count;
    const block = new Float32Array(rows * pixels);
    block.set(images.values.subarray(first * pixels, (first + count) * pixels));
    const { Tensor: OnnxTensor } = await import("./onnxRuntime.ts");
    const outputs = await this.#explained("it failed on the images", () =>
      session.run({ [name]: new OnnxTensor("float32", block, [rows, ...dimensions]) }),
    );
    const { data } = outputs[session.outputNames[0]!]!;
    if (!(data instanceof Float32Array) || data.length === 0 || data.length % rows !== 0) {
      throw badFile(
        this.file,
        "its first output is not one row of float32 scores an image",
        "Export it with its class scores (logits) first.",
      );
    }
    const scores = data.length / rows;
    return Uint32Array.from({ length: count }, (_, n) => largestOf(data, n * scores, scores));
  }

  async #explained<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
      throw badFile(
        this.file,
        `${what} (${reason})`,
        "Export it again with operators that ONNX Runtime knows.",
        error,
      );
    }
  }
}

interface Input {
  readonly name: string;
  /** Of one image. */
  readonly dimensions: readonly number[];
  /** Images at a time; `fixed` when the network takes no other number. */
  readonly batch: number;
  readonly fixed: boolean;
  readonly pixels: number;
}

const freeBatch = 256;
/** A batch is filled up with zeros: a model's word for its size is not enough to make room. */
const mostBatch = 4096;

function largestOf(data: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let c = 1; c < length; c++) if (data[start + c]! > data[start + best]!) best = c;
  return best;
}
