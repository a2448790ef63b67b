import { fileURLToPath } from "node:url";
import { MhoError } from "../src/errors.ts";
import type { ExampleNetwork } from "./exampleNetworks.ts";
import { packageRoot } from "./packageRoot.ts";

/** What may name a network and the images that judge it. */
export interface JudgedChoice {
  /** One that comes with mho; or a network of the user's own, with images and labels. */
  readonly network?: ExampleNetwork | undefined;
  readonly onnx?: string | undefined;
  readonly images?: string | undefined;
  readonly labels?: string | undefined;
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
  { limit, draws, network, onnx, images, labels }: LimitChoice,
): { readonly weights: string; readonly judged: JudgedChoice | undefined } {
  if (limit !== true) {
    const flags = Object.entries({ network, onnx, images, labels, draws });
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
      "--limit needs the network that the weights are of: name it with --onnx, --images and --labels, or with --network for one " +
        `that comes with mho.`,
    );
  }
  return {
    weights,
    judged: network === undefined ? { onnx: judged, images, labels } : { network, onnx, images, labels },
  };
}

/** The file of a network that comes with mho. */
export function exampleNetworkFile(network: ExampleNetwork): string {
  return exampleFile(`digits-${network}.onnx`);
}

/** A file of the examples. */
export function exampleFile(name: string): string {
  return fileURLToPath(new URL(`examples/digits/${name}`, packageRoot));
}
