import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readStrategy } from "../../files/strategy.ts";
import { MhoError } from "../../src/errors.ts";
import type { JobKind } from "../queue/jobKinds.ts";

type Options = Readonly<Record<string, unknown>>;

/** Options with the file of weights that a strategy was made from: it travels with the job. */
export async function weightsOfStrategy(kind: JobKind, file: string, options: Options): Promise<Options> {
  if (kind.call !== "program" || options["weights"] !== undefined || !file.endsWith(".json")) return options;
  const { layers } = await readStrategy(file);
  const named = [...new Set(layers.map(({ weightsSource }) => weightsSource.file))];
  const found = new Set(
    named.map((one) => [one, resolve(dirname(file), one)].find((path) => existsSync(path)) ?? one),
  );
  const [only] = found;
  if (found.size === 1) return { ...options, weights: resolve(only!) };
  throw new MhoError(
    "bad-argument",
    `${file} was made from ${found.size} files of weights (${[...found].join(", ")}), and a server's job takes one. Put the weights into one ` +
      "file, such as one .npz, run mho optimize on it, and add that strategy.",
    { file },
  );
}
