import { z } from "zod";
import { spanOf, type Strategy } from "../src/optimize/strategy.ts";
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

/** What a layer says in every version of the file: before its scale and its grid, and after them. */
const placeFields = {
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
};
const scale = z.number().positive();
const significance = z.array(z.number().positive()).min(1).max(6);
const curveFields = {
  plus: z.array(z.array(z.number().nonnegative())),
  minus: z.array(z.array(z.number().nonnegative())),
  compensation: numbers,
  compensation_by_column: z.array(numbers).optional(),
  predicted: z.strictObject(errors),
  predicted_with_deaths: z.strictObject(errors).optional(),
  predicted_by_importance: z.strictObject(errors).optional(),
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
    .refine(({ edges, shares }) => edges.length === shares.length + 1, "edges must be one more than shares"),
  search: z.strictObject({
    stopped: z.string(),
    strategies_tried: z.int(),
    rounds: z.int(),
    rounds_stopped: z.string(),
  }),
};

/** One layer of a strategy file. */
export const strategyLayerSchema = z
  .strictObject({
    ...placeFields,
    scale_microsiemens_per_unit: z.union([scale, z.array(scale)], {
      error: "it must be a number above 0, or a list of one for each column",
    }),
    significance,
    wanted_microsiemens: numbers.min(1),
    ...curveFields,
  })
  .refine(
    ({ shape, scale_microsiemens_per_unit: scales }) =>
      typeof scales === "number" || scales.length === shape[1],
    "scale_microsiemens_per_unit needs one scale for each column",
  )
  .refine(({ wanted_microsiemens: wanted }) => ascends(wanted), "wanted_microsiemens must ascend")
  .refine(({ wanted_microsiemens: wanted, weight_clip: clip, scale_microsiemens_per_unit: scales }) => {
    const end = clip * spanOf(scales)[0];
    return Math.abs(wanted.at(-1)! - end) <= 1e-6 * end;
  }, "wanted_microsiemens must end at weight_clip times the least scale")
  .refine(
    ({ wanted_microsiemens: wanted, ...curves }) => areAsLong(curves, wanted.length),
    "plus and minus need one row for each significance, as long as wanted_microsiemens",
  );

/** One layer of version 1: one scale, and curves over weights. */
const firstLayerSchema = z
  .strictObject({
    ...placeFields,
    scale_microsiemens_per_unit: scale,
    significance,
    weights: numbers.min(1),
    ...curveFields,
  })
  .refine(({ weights }) => ascends(weights), "weights must ascend")
  .refine(
    ({ weights, ...curves }) => areAsLong(curves, weights.length),
    "plus and minus need one row for each significance, as long as weights",
  );

function ascends(grid: readonly number[]): boolean {
  return grid.every((place, i) => i === 0 || place > grid[i - 1]!);
}

function areAsLong(
  { significance, plus, minus }: { significance: number[]; plus: number[][]; minus: number[][] },
  length: number,
): boolean {
  return [plus, minus].every(
    (rows) => rows.length === significance.length && rows.every((row) => row.length === length),
  );
}

type LayerFile = z.output<typeof strategyLayerSchema>;

/** As version 2 says it. */
function ofFirst({
  scale_microsiemens_per_unit: scale,
  weights,
  ...rest
}: z.output<typeof firstLayerSchema>): LayerFile {
  return {
    ...rest,
    scale_microsiemens_per_unit: scale,
    wanted_microsiemens: weights.map((weight) => weight * scale),
  };
}

/** What a layer says of every time, and where. */
function listsByTime(
  one: Omit<LayerFile, "scale_microsiemens_per_unit" | "wanted_microsiemens">,
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
    ...(one.predicted_with_deaths === undefined
      ? []
      : ofErrors(["predicted_with_deaths"], one.predicted_with_deaths)),
    ...(one.predicted_by_importance === undefined
      ? []
      : ofErrors(["predicted_by_importance"], one.predicted_by_importance)),
    ...one.baselines.flatMap((baseline, i) => ofErrors(["baselines", i], baseline)),
    ...(perfect === undefined ? [] : ofErrors(["perfect_programming"], perfect)),
    ...Object.entries(one.error_budget).map(([cause, list]): [PropertyKey[], number[]] => [
      ["error_budget", cause],
      list,
    ]),
  ];
}

/** What a file says besides its layers. */
const fileFields = {
  format: z.literal("mho-strategy"),
  model: modelSchema,
  model_digest: z.string(),
  times_seconds: z.array(z.number().positive()).min(1),
  time_weights: numbers,
  compensation_rule: z.enum(["least-squares", "mean-absolute"]),
  pair_drift_correlation: z.number(),
  reads: z.int().positive().default(1),
};

const accuracies = z.array(z.number().min(-1).max(1)).min(1);

/** What a network is worth whose layers are held so, where it was predicted. */
export const predictedAccuracySchema = z
  .strictObject({
    network: z.string(),
    network_digest: z.string(),
    measure: z.literal("similarity").optional(),
    images: z.int().positive(),
    software_accuracy: z.number().min(0).max(1),
    draws: z.int().positive(),
    times_seconds: z.array(z.number().positive()).min(1),
    mean: accuracies,
    low: accuracies,
    high: accuracies,
  })
  .refine(
    ({ times_seconds: times, mean, low, high }) =>
      [mean, low, high].every(({ length }) => length === times.length),
    "mean, low and high need one value for each of times_seconds",
  );

/** What a strategy file must look like. */
export const strategySchema = z.strictObject({
  ...fileFields,
  version: z.literal(2),
  layers: z.array(strategyLayerSchema).min(1),
  predicted_accuracy: predictedAccuracySchema.optional(),
});

const firstSchema = z.strictObject({
  ...fileFields,
  version: z.literal(1),
  layers: z.array(firstLayerSchema).min(1),
});

const anyVersion = z
  .discriminatedUnion("version", [strategySchema, firstSchema])
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
    layers,
    ...rest
  } = parseJson(bytes, path, anyVersion, "strategy");
  const now = layers.map((layer): LayerFile => ("weights" in layer ? ofFirst(layer) : layer));
  return { ...camelKeys({ ...rest, layers: now }), model: definitionOf(model) };
}

/** A strategy as the text of its file. */
export function strategyText(strategy: Strategy): string {
  const { model, ...rest } = strategy;
  const file = {
    format: "mho-strategy",
    version: 2,
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
