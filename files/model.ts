import { createHash } from "node:crypto";
import { z } from "zod";
import { builtInDefinitions, pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { MhoError } from "../src/errors.ts";
import { amplitudeCurve } from "./technologies/pcm.ts";
import { readJson } from "./json.ts";
import { camelKeys, snakeKeys } from "./keys.ts";

const positive = z.number().positive();
const nonNegative = z.number().nonnegative();
const ascending = (name: string, from: z.ZodType<number> = nonNegative) =>
  z
    .array(from)
    .min(1)
    .refine(
      (values) => values.every((value, i) => i === 0 || value > values[i - 1]!),
      `the ${name} must ascend`,
    );

const below = { below: positive.optional() };
const curve = z
  .array(
    z.discriminatedUnion("kind", [
      z.strictObject({ ...below, kind: z.literal("polynomial"), coefficients: z.array(z.number()).min(1) }),
      z.strictObject({
        ...below,
        kind: z.literal("logarithm"),
        slope: z.number(),
        intercept: z.number(),
        least: nonNegative,
        most: nonNegative,
      }),
      z.strictObject({
        ...below,
        kind: z.literal("power"),
        factor: nonNegative,
        exponent: z.number(),
        most: nonNegative,
      }),
    ]),
  )
  .min(1);

const common = {
  format: z.literal("mho-model"),
  version: z.literal(1),
  name: z.string().min(1).max(100),
  source: z.string().optional(),
};

/** Of a family whose models can be of several technologies. */
const technology = z.string().min(1).max(100).optional();

/** How devices die: where some were seen to. */
const dying = z
  .strictObject({
    from_seconds: positive,
    per_decade: positive,
    per_decade_low: nonNegative,
    per_decade_high: positive,
    end_microsiemens: z.array(nonNegative).min(1),
    end_shares: z.array(z.number().min(0).max(1)),
  })
  .refine(
    ({ end_microsiemens: ends, end_shares: shares }) =>
      shares.length === ends.length && Math.abs(shares.reduce((sum, one) => sum + one, 0) - 1) < 1e-3,
    "end_shares needs one share for each of end_microsiemens, 1 in all",
  )
  .optional();

/** The record of a fit, in a model file. */
export const fitRecordSchema = z.strictObject({
  runs: z.array(z.string()),
  chip: z.string(),
  chip_serial_numbers: z.array(z.string()),
  measured_from: z.string().optional(),
  measured_to: z.string().optional(),
  celsius: z.strictObject({ least: z.number(), mean: z.number(), most: z.number() }).optional(),
  sweeps: nonNegative,
  devices: z.array(z.strictObject({ fate: z.string(), count: nonNegative })),
  model_before: z.string(),
  software: z.string(),
  seed: nonNegative,
  data_digest: z.string(),
  measured_to_seconds: nonNegative.optional(),
  tested_to_seconds: nonNegative.optional(),
  forecasts: z
    .array(
      z.strictObject({
        from_seconds: nonNegative,
        to_seconds: nonNegative,
        devices: nonNegative,
        inside95: nonNegative,
        mean_off_stds: nonNegative,
        spread_ratio: nonNegative,
        told_by_own_reads: nonNegative,
        holds: z.boolean(),
      }),
    )
    .optional(),
  believe: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), says: z.string() })),
  remarks: z.array(z.string()),
  laws: z.array(
    z.strictObject({
      law: z.string(),
      form: z.string(),
      conductance_microsiemens: z.array(nonNegative),
      value: z.array(z.number()),
      standard_error: z.array(nonNegative.nullable()),
    }),
  ),
  residuals: z.array(
    z.strictObject({
      residual: z.string(),
      from: z.number(),
      step: positive,
      share: z.array(nonNegative),
      conductance_microsiemens: z.array(nonNegative),
      mean: z.array(z.number()),
      spread: z.array(nonNegative),
    }),
  ),
  figures: z.array(
    z.strictObject({ figure: z.string(), value: z.number(), standard_error: nonNegative.nullable() }),
  ),
});

const powerLaw = z.strictObject({
  ...common,
  family: z.literal("power-law"),
  max_conductance_microsiemens: positive,
  t0_seconds: positive,
  onset_seconds: positive.optional(),
  read_seconds: positive,
  programming_std_microsiemens: curve,
  drift_exponent_mean: curve,
  drift_exponent_std: curve,
  read_noise_strength: curve,
  pulse_response: amplitudeCurve.optional(),
  dying,
  fit: fitRecordSchema.optional(),
});

const powerLawNames = builtInDefinitions.flatMap((d) => (d.family === "power-law" ? [d.name] : []));

const tabulatedDrift = z
  .strictObject({
    ...common,
    family: z.literal("tabulated-drift"),
    /** A built-in name, or a power-law model whole. */
    base: z.union([
      z.enum(powerLawNames, { error: `the base must be a model or one of ${powerLawNames.join(", ")}` }),
      powerLaw,
    ]),
    conductance_microsiemens: ascending("conductances"),
    drift_exponent_mean: z.array(nonNegative),
    drift_exponent_std: z.array(nonNegative),
  })
  .refine(
    (file) =>
      file.drift_exponent_mean.length === file.conductance_microsiemens.length &&
      file.drift_exponent_std.length === file.conductance_microsiemens.length,
    "conductance_microsiemens, drift_exponent_mean and drift_exponent_std need equal lengths",
  );

const timedSpread = z
  .strictObject({
    ...common,
    family: z.literal("timed-spread"),
    max_conductance_microsiemens: positive,
    times_seconds: ascending("times", positive),
    std_microsiemens: z.array(z.array(z.number()).min(1)),
  })
  .refine(
    (file) => file.std_microsiemens.length === file.times_seconds.length,
    "std_microsiemens needs one polynomial for each of times_seconds",
  );

const logarithmicRelaxation = z
  .strictObject({
    ...common,
    family: z.literal("logarithmic-relaxation"),
    technology,
    min_conductance_microsiemens: nonNegative,
    max_conductance_microsiemens: positive,
    programming_std_microsiemens: z.tuple([nonNegative, nonNegative]),
    mean_shift_microsiemens: z.number(),
    relaxation_std_microsiemens: z.tuple([nonNegative, nonNegative]),
  })
  .refine(
    (file) => file.min_conductance_microsiemens < file.max_conductance_microsiemens,
    "min_conductance_microsiemens must be below max_conductance_microsiemens",
  );

const measuredMoments = z
  .strictObject({
    ...common,
    family: z.literal("measured-moments"),
    technology,
    conductance_microsiemens: ascending("conductances").min(2),
    times_seconds: ascending("times", positive),
    mean_microsiemens: z.array(z.array(nonNegative)),
    variance_microsiemens_squared: z.array(
      z.array(z.number().nonnegative("a variance must not be negative")),
    ),
    programming_std_microsiemens: z.array(nonNegative).optional(),
  })
  .superRefine((file, context) => {
    for (const key of ["mean_microsiemens", "variance_microsiemens_squared"] as const) {
      const rows = file[key];
      const wrong =
        rows.length !== file.times_seconds.length ||
        rows.some((row) => row.length !== file.conductance_microsiemens.length);
      if (wrong) {
        context.addIssue({
          code: "custom",
          path: [key],
          message: `it needs a row for each of ${file.times_seconds.length} times, with ${file.conductance_microsiemens.length} values each`,
        });
      }
    }
    const std = file.programming_std_microsiemens;
    if (std !== undefined && std.length !== file.conductance_microsiemens.length) {
      context.addIssue({
        code: "custom",
        path: ["programming_std_microsiemens"],
        message: "it needs a value for each conductance",
      });
    }
  });

const rows = z.array(z.array(z.number()).min(1)).min(1);

const freeForm = z
  .strictObject({
    ...common,
    family: z.literal("free-form"),
    technology,
    min_conductance_microsiemens: nonNegative,
    max_conductance_microsiemens: positive,
    reference_age_seconds: nonNegative,
    time_zero_seconds: nonNegative,
    onset_seconds: nonNegative,
    conductance_microsiemens: ascending("conductances", z.number()),
    ages_seconds: ascending("ages").min(2),
    measured_to_seconds: positive,
    continued_by: z.string(),
    shift_microsiemens: rows,
    walk_microsiemens_squared: rows,
    courses_microsiemens_squared: rows,
    passing_microsiemens_squared: rows,
    white_noise: z.boolean(),
    read_variance_microsiemens_squared: rows,
    tail_shares: ascending("shares").min(2),
    tail_microsiemens: z.array(rows).min(2),
    pulse_response: amplitudeCurve.optional(),
    dying,
    fit: fitRecordSchema.optional(),
  })
  .superRefine((file, context) => {
    const [conductances, ages] = [file.conductance_microsiemens.length, file.ages_seconds.length];
    const mustBe = (key: keyof typeof file, table: readonly (readonly number[])[], n: number, of: number) => {
      if (table.length === n && table.every((row) => row.length === of)) return;
      context.addIssue({ code: "custom", path: [key], message: `it needs ${n} rows of ${of} values` });
    };
    mustBe("shift_microsiemens", file.shift_microsiemens, ages, conductances);
    mustBe("walk_microsiemens_squared", file.walk_microsiemens_squared, ages, conductances);
    mustBe("passing_microsiemens_squared", file.passing_microsiemens_squared, ages, conductances);
    mustBe("read_variance_microsiemens_squared", file.read_variance_microsiemens_squared, ages, conductances);
    mustBe(
      "courses_microsiemens_squared",
      file.courses_microsiemens_squared,
      conductances,
      (ages * (ages + 1)) / 2,
    );
    if (file.tail_microsiemens.length !== file.tail_shares.length) {
      context.addIssue({
        code: "custom",
        path: ["tail_microsiemens"],
        message: `it needs a table for each of ${file.tail_shares.length} shares`,
      });
    }
    for (const table of file.tail_microsiemens) mustBe("tail_microsiemens", table, ages, conductances);
  });

/** What a model file must look like. */
export const modelSchema = z.discriminatedUnion(
  "family",
  [powerLaw, tabulatedDrift, timedSpread, logarithmicRelaxation, measuredMoments, freeForm],
  { error: (issue) => (issue.code === "invalid_union" ? `there is no such family of models` : undefined) },
);

export type ModelFile = z.output<typeof modelSchema>;

/** A built-in model by name, or one from a file. Throws `bad-argument` or `bad-file`. */
export async function readModel(nameOrPath: string): Promise<ModelDefinition> {
  const builtIn = builtInDefinition(nameOrPath);
  if (builtIn !== undefined) return builtIn;
  if (!/[./\\]/.test(nameOrPath)) {
    throw new MhoError(
      "bad-argument",
      `There is no model ${nameOrPath}. Name a JSON file, or one of ${builtInDefinitions.map(({ name }) => name).join(", ")}.`,
      { model: nameOrPath },
    );
  }
  return definitionOf(await readJson(nameOrPath, modelSchema, "model"));
}

/** A file's contents as the code knows them; a base that was named is put in whole. */
export function definitionOf(file: z.output<typeof modelSchema>): ModelDefinition {
  if (file.family === "tabulated-drift") {
    const { format: _, version: __, base, ...rest } = file;
    const named = typeof base === "string" ? builtInDefinition(base) : definitionOf(base);
    const whole = named?.family === "power-law" ? named : pcm90nmDefinition;
    return { ...camelKeys(rest), base: whole };
  }
  const { format: _, version: __, ...rest } = file;
  return camelKeys(rest) as ModelDefinition;
}

/** A definition as a file's contents, whole. */
export function modelFileOf(definition: ModelDefinition): ModelFile {
  const { family, name, ...rest } = definition;
  const body = snakeKeys(rest) as Record<string, unknown>;
  if (definition.family === "tabulated-drift") body["base"] = modelFileOf(definition.base);
  return { format: "mho-model", version: 1, name, family, ...body } as ModelFile;
}

/** Whether a value, such as JSON, is a model as the code knows it. */
export function isModelDefinition(value: object): value is ModelDefinition {
  try {
    return modelSchema.safeParse(modelFileOf(value as ModelDefinition)).success;
  } catch {
    // A part that should be an object is none.
    return false;
  }
}

/** SHA-256 of a model's file contents: two strategies with the same digest believe the same of the devices. */
export function modelDigest(definition: ModelDefinition): string {
  return createHash("sha256")
    .update(JSON.stringify(modelFileOf(definition)))
    .digest("hex");
}
