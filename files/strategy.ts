import { z } from "zod";
import type { Strategy } from "../src/optimize/strategy.ts";
import { parseJson } from "./json.ts";
import { camelKeys, snakeKeys } from "./keys.ts";
import { definitionOf, modelDigest, modelFileOf, modelSchema } from "./model.ts";
import { readInputFile } from "./readFile.ts";
import { orientations } from "./orientation.ts";

const numbers = z.array(z.number());
const errors = {
  tnmse: z.number(),
  tnmse_by_time: numbers,
  rms_percent_by_time: numbers,
};
const byTime = z.object(errors);
const start = z.int().nonnegative();

/** One layer of a strategy file. */
export const strategyLayerSchema = z
  .strictObject({
    name: z.string().min(1),
    tile: start.optional(),
    input_start: start.optional(),
    output_start: start.optional(),
    shape: z.tuple([z.int().positive(), z.int().positive()]),
    weights_source: z.strictObject({
      file: z.string(),
      tensor: z.string(),
      digest: z.string(),
      orientation: z.enum(orientations).optional(),
    }),
    weight_max: z.number().nonnegative(),
    weight_clip: z.number().nonnegative(),
    scale_microsiemens_per_unit: z.number().positive(),
    significance: z.array(z.number().positive()).min(1).max(6),
    weights: numbers.min(1),
    plus: z.array(z.array(z.number().nonnegative())),
    minus: z.array(z.array(z.number().nonnegative())),
    compensation: numbers,
    compensation_by_column: z.array(numbers).optional(),
    predicted: z.strictObject(errors),
    baselines: z.array(z.strictObject({ name: z.string(), significance: numbers, ...errors })),
    error_budget: z.strictObject({
      programming: numbers,
      drift: numbers,
      read: numbers,
      translation: numbers,
      saturation: numbers,
    }),
    perfect_programming: z.strictObject(errors).optional(),
    histogram: z
      .strictObject({ edges: numbers, shares: numbers })
      .refine(
        ({ edges, shares }) => edges.length === shares.length + 1,
        "edges must be one more than shares",
      ),
    search: z.strictObject({
      stopped: z.string(),
      strategies_tried: z.int(),
      rounds: z.int(),
      rounds_stopped: z.string(),
    }),
  })
  .refine(
    ({ weights }) => weights.every((weight, i) => i === 0 || weight > weights[i - 1]!),
    "weights must ascend",
  )
  .refine(
    ({ weights, significance, plus, minus }) =>
      [plus, minus].every(
        (rows) => rows.length === significance.length && rows.every((row) => row.length === weights.length),
      ),
    "plus and minus need one row for each significance, as long as weights",
  );

/** What a layer says of every time, and where. */
function listsByTime(
  one: z.output<typeof strategyLayerSchema>,
): [path: PropertyKey[], list: readonly number[]][] {
  const ofErrors = (path: PropertyKey[], found: z.output<typeof byTime>): [PropertyKey[], number[]][] => [
    [[...path, "tnmse_by_time"], found.tnmse_by_time],
    [[...path, "rms_percent_by_time"], found.rms_percent_by_time],
  ];
  const perfect = one.perfect_programming;
  return [
    [["compensation"], one.compensation],
    ...(one.compensation_by_column ?? []).map((row, i): [PropertyKey[], number[]] => [
      ["compensation_by_column", i],
      row,
    ]),
    ...ofErrors(["predicted"], one.predicted),
    ...one.baselines.flatMap((baseline, i) => ofErrors(["baselines", i], baseline)),
    ...(perfect === undefined ? [] : ofErrors(["perfect_programming"], perfect)),
    ...Object.entries(one.error_budget).map(([cause, list]): [PropertyKey[], number[]] => [
      ["error_budget", cause],
      list,
    ]),
  ];
}

/** What a strategy file must look like. */
export const strategySchema = z
  .strictObject({
    format: z.literal("mho-strategy"),
    version: z.literal(1),
    model: modelSchema,
    model_digest: z.string(),
    times_seconds: z.array(z.number().positive()).min(1),
    time_weights: numbers,
    compensation_rule: z.enum(["least-squares", "mean-absolute"]),
    pair_drift_correlation: z.number(),
    layers: z.array(strategyLayerSchema).min(1),
  })
  .superRefine(({ times_seconds: times, time_weights: weights, layers }, context) => {
    const wrong = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    const aTime = `it needs one value for each of ${times.length} times`;
    if (weights.length !== times.length) wrong(["time_weights"], aTime);
    const tiles = new Set<string>();
    layers.forEach((one, k) => {
      const other = listsByTime(one).find(([, list]) => list.length !== times.length);
      if (other !== undefined) wrong(["layers", k, ...other[0]], aTime);
      const columns = one.compensation_by_column;
      if (columns !== undefined && columns.length !== one.shape[1])
        wrong(["layers", k, "compensation_by_column"], `it needs a row for each of ${one.shape[1]} columns`);
      if (one.tile === undefined) return;
      const key = JSON.stringify([one.name, one.weights_source.tensor, one.tile]);
      if (tiles.has(key)) wrong(["layers", k, "tile"], `tile ${one.tile} of ${one.name} is listed twice`);
      tiles.add(key);
    });
  })
  .refine(
    (file) => modelDigest(definitionOf(file.model)) === file.model_digest,
    "the model is not the one that model_digest names: it was changed by hand",
  );

/** Throws `bad-file`. */
export async function readStrategy(path: string): Promise<Strategy> {
  return parseStrategy(await readInputFile(path), path);
}

/** The same of a file's bytes. */
export function parseStrategy(bytes: Uint8Array, path: string): Strategy {
  const {
    format: _,
    version: __,
    model,
    model_digest: ___,
    ...rest
  } = parseJson(bytes, path, strategySchema, "strategy");
  return { ...camelKeys(rest), model: definitionOf(model) };
}

/** A strategy as the text of its file. */
export function strategyText(strategy: Strategy): string {
  const { model, ...rest } = strategy;
  const file = {
    format: "mho-strategy",
    version: 1,
    model: modelFileOf(model),
    model_digest: modelDigest(model),
    ...(JSON.parse(JSON.stringify(snakeKeys(rest), rounded)) as object),
  };
  return `${stringify(file)}\n`;
}

/** Indented as JSON usually is, but a list of numbers stands on one line. */
function stringify(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(
    /\[\s*(-?[\d.e+-]+(?:,\s*-?[\d.e+-]+)*)\s*\]/g,
    (_, list: string) => `[${list.replace(/\s+/g, " ")}]`,
  );
}

/** Nine digits: far below any converter's step. The model keeps all of its own, for its digest. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(9)) : value;
}
