import { fileURLToPath } from "node:url";
import { MhoError } from "../src/errors.ts";
import type { ExampleNetwork } from "./exampleNetworks.ts";
import { packageRoot } from "./packageRoot.ts";

/** What may name a network and the inputs that judge it. */
export interface JudgedChoice {
  /** One that comes with mho; or a network of the user's own, with what it is run on. */
  readonly network?: ExampleNetwork | undefined;
  readonly onnx?: string | undefined;
  /** `.npy`, one image an entry; with `labels`. */
  readonly images?: string | undefined;
  /** `.npy`, one class number an image. */
  readonly labels?: string | undefined;
  /** `.npy`, or `.npz` with one array for each input of the network; without `labels` its outputs are compared with those in software. */
  readonly inputs?: string | undefined;
  /** Which output of the network is judged (the first). */
  readonly output?: string | undefined;
}

/**
 * The file that a network of the user's own is run on; undefined where none is named.
 *
 * @throws `bad-argument` for images without labels, labels without images, and either without a network.
 */
export function inputsOf({ onnx, images, labels, inputs, output }: JudgedChoice): string | undefined {
  if (images !== undefined && inputs !== undefined) {
    throw new MhoError(
      "bad-argument",
      "Give --images or --inputs, and not both: each is what the network is run on.",
    );
  }
  const file = images ?? inputs;
  if (onnx === undefined && (file ?? labels ?? output) !== undefined) {
    throw new MhoError(
      "bad-argument",
      "--images, --labels, --inputs and --output go with --onnx, your own network.",
    );
  }
  if (labels !== undefined && file === undefined) {
    throw new MhoError(
      "bad-argument",
      "Give --images and --labels together: the one says what the other is.",
    );
  }
  if (images !== undefined && labels === undefined) {
    throw new MhoError(
      "bad-argument",
      "Give --images and --labels together: the one says what the other is. " +
        "For a network without labels give --inputs: its outputs are then compared with those in software.",
    );
  }
  if (output !== undefined && file === undefined)
    throw new MhoError("bad-argument", "--output goes with --inputs or --images.");
  return file;
}

/** What `optimize` is asked for: weights, and whether and on what they are judged. */
export interface LimitChoice extends JudgedChoice {
  readonly limit?: boolean | undefined;
  readonly draws?: number | undefined;
}

/**
 * Which file of weights is meant, and which network it is judged as: each may stand for the other.
 *
 * @throws `bad-argument` where neither is named, and for what goes with `limit` alone.
 */
export function weightsToJudge(
  given: string | undefined,
  { limit, draws, ...choice }: LimitChoice,
): { readonly weights: string; readonly judged: JudgedChoice | undefined } {
  const { network, onnx, images, labels, inputs, output } = choice;
  if (limit !== true) {
    const flags = Object.entries({ network, onnx, images, labels, inputs, output, draws });
    const flag = flags.find(([, value]) => value !== undefined);
    if (flag !== undefined)
      throw new MhoError("bad-argument", `--${flag[0]} goes with --limit, which predicts accuracy.`);
    if (given !== undefined) return { weights: given, judged: undefined };
    throw new MhoError("bad-argument", "Name the file of the weights, such as weights.safetensors.");
  }
  const named = network === undefined ? onnx : exampleNetworkFile(network);
  const weights = given ?? named;
  const judged = named ?? (given !== undefined && /\.onnx$/i.test(given) ? given : undefined);
  if (weights === undefined || judged === undefined) {
    throw new MhoError(
      "bad-argument",
      "--limit needs the network that the weights are of: name it with --onnx, and what it is judged by with --images and --labels " +
        "or, without labels, --inputs; or with --network for one that comes with mho.",
    );
  }
  const by = { images, labels, inputs, output };
  return { weights, judged: network === undefined ? { onnx: judged, ...by } : { network, onnx, ...by } };
}

/** The file of a network that comes with mho. */
export function exampleNetworkFile(network: ExampleNetwork): string {
  return exampleFile(`digits-${network}.onnx`);
}

/** A file of the examples. */
export function exampleFile(name: string): string {
  return fileURLToPath(new URL(`examples/digits/${name}`, packageRoot));
}
