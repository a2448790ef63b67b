import { createHash } from "node:crypto";
import { withOtherWeights } from "../files/onnx/model.ts";
import { badFile, readInputFile } from "../files/readFile.ts";
import type { LeftOut } from "../files/tensor.ts";
import { asStored, readWeights, type SourcedLayer } from "../files/weights.ts";
import { elementArrayOf } from "./elementArrays.ts";
import { type Feed, feedsOf } from "./feeds.ts";
import type { NetworkInputs } from "./inputFile.ts";
import type { InferenceSession, OnnxTensor } from "./onnxRuntime.ts";

/** A trained network whose matrices may be replaced by what a chip holds. All else stays digital. */
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
   * The share of inputs whose largest output is their label, when the matrices hold these values.
   *
   * @param values  of each of `layers`, in its order and of its shape.
   * @param labels  n class numbers.
   * @throws `bad-file` when the network cannot be run on such inputs, or gives no row of scores for each.
   */
  async accuracy(
    values: readonly Float32Array[],
    inputs: NetworkInputs,
    labels: Float32Array,
    output?: string,
  ): Promise<number> {
    const scores = await this.outputs(values, inputs, output);
    const right = scores.filter((row, n) => largestOf(row) === labels[n]).length;
    return right / labels.length;
  }

  /**
   * What the network gives for each input, when the matrices hold these values: all numbers of one output, in its own order.
   *
   * @param values  of each of `layers`, in its order and of its shape.
   * @param output  which of the network's outputs; the first where none is named.
   * @throws `bad-file` when the network cannot be run on such inputs, or has no such output.
   */
  async outputs(
    values: readonly Float32Array[],
    inputs: NetworkInputs,
    output?: string,
  ): Promise<Float32Array[]> {
    const matrices = this.layers.map((layer, l) => asStored({ ...layer, values: values[l]! }));
    const bytes = await withOtherWeights(this.file, this.#bytes, matrices);
    const { InferenceSession } = await import("./onnxRuntime.ts");
    const session = await this.#explained("it cannot be run", otherOperators, () =>
      InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 3 }),
    );
    try {
      const name = this.#outputOf(session, output);
      const { runs } = feedsOf(this.file, session.inputMetadata, inputs);
      const found: Float32Array[] = [];
      for (const run of runs) found.push(...(await this.#run(session, run(), name)));
      return found;
    } finally {
      await session.release();
    }
  }

  #outputOf({ outputNames }: InferenceSession, output: string | undefined): string {
    if (output === undefined) return outputNames[0]!;
    if (outputNames.includes(output)) return output;
    throw badFile(this.file, `it has no output ${output}`, `Its outputs are ${outputNames.join(", ")}.`);
  }

  async #run(session: InferenceSession, feed: Feed, output: string): Promise<Float32Array[]> {
    const { Tensor } = await import("./onnxRuntime.ts");
    const tensors = feed.parts.map(({ name, type, dimensions, values }): [string, OnnxTensor] => [
      name,
      new Tensor(type as "float32", elementArrayOf(type)!.of(values) as Float32Array, dimensions),
    ]);
    const made = await this.#explained("it failed on the inputs", otherInputs, () =>
      session.run(Object.fromEntries(tensors), [output]),
    );
    const { data, dims } = made[output]!;
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      throw badFile(this.file, `its output ${output} is not of float32`, "Export it so, or name another.");
    }
    const numbers = data instanceof Float32Array ? data : Float32Array.from(data);
    if (feed.rows === undefined) return [numbers];
    if (dims[0] !== feed.rows || numbers.length === 0) {
      throw badFile(
        this.file,
        `its output ${output} is ${dims.join(" × ")} for ${feed.rows} inputs, and not one row for each`,
        "Give each entry its own batch dimension of 1: it is then run by itself.",
      );
    }
    const size = numbers.length / feed.rows;
    return Array.from({ length: feed.count }, (_, n) => numbers.slice(n * size, (n + 1) * size));
  }

  async #explained<T>(what: string, advice: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
      throw badFile(this.file, `${what} (${reason})`, advice, error);
    }
  }
}

const otherOperators = "Export it again with operators that ONNX Runtime knows.";
const otherInputs = "Give inputs as they are where the network is used, or export it again.";

function largestOf(row: Float32Array): number {
  let best = 0;
  for (let c = 1; c < row.length; c++) if (row[c]! > row[best]!) best = c;
  return best;
}
