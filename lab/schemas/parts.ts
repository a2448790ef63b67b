import { z } from "zod";
import { verdictFieldNames } from "../verdictFields.ts";

/** Fields that several events share, each with its unit and its meaning. */

export const count = z.int().nonnegative();
export const seconds = z.number().nonnegative();
export const texts = z.array(z.string());
export const numbers = z.array(z.number());

export const run = z.string().regex(/^r[1-9]\d*$/);
export const runOrNetwork = z.string().regex(/^[rn][1-9]\d*$/);
export const network = z.string().regex(/^n[1-9]\d*$/);
export const address = z.string().describe("Address of the chip.");
export const question = z
  .string()
  .regex(/^q[1-9]\d*$/)
  .describe("Id of the question.");
export const chip = z.string().describe("Name of the kind of chip, such as `pcm-64`.");
export const serialNumber = z.string().describe("Serial number of the chip.");
export const workspace = z.string().describe("The workspace's database file.");

export const outcome = z
  .enum(["done", "interrupted", "failed"])
  .describe("`done`; `interrupted` and `failed` runs can be resumed.");

/** 100 × mean square weight error over the square of the largest weight. */
export const tnmse = z.number().nonnegative();

/** The scales of a layer's columns, as far as events tell them. */
export const columnScales = {
  scale_microsiemens_per_unit: z
    .number()
    .positive()
    .describe("Scale β, µS per unit of weight; where columns have scales of their own, the least of them."),
  largest_scale_microsiemens_per_unit: z
    .number()
    .positive()
    .describe("The largest scale of a column; the same where all columns have one."),
};

export const tile = count.describe("Number of the tile, from 0.");

/** Devices by verdict. */
export const verdicts = z
  .record(z.enum(verdictFieldNames), count)
  .describe("Devices by verdict; docs/programming.md says what each means.");

export const later = z
  .array(
    z.strictObject({
      age_seconds: seconds.describe("Age at which the run is read once more and then trimmed, s."),
      expected_after: tnmse.describe("TNMSE to expect after that trim."),
    }),
  )
  .describe("What a later trim would be worth, with one more sweep before it.");

export const testedToSeconds = seconds
  .nullable()
  .describe(
    "Age up to which forecasts of the model's fit held, s; what is foretold beyond it is extrapolated. 0 where none held; null where " +
      "it is not known.",
  );

const scores = z.array(z.number().min(-1).max(1));

/** Of a network on chips that were drawn from a model. */
export const accuracySpread = {
  mean: scores.describe(
    "Mean share of images right over the chips, one a time; of a similarity the mean cosine of the outputs to those in software.",
  ),
  low: scores.describe("Another such chip lies below it with a chance of 5 %; one a time."),
  high: scores.describe("Another such chip lies above it with a chance of 5 %; one a time."),
};

export const predictedAccuracy = {
  network: z.string().describe("Name or file of the network."),
  network_digest: z.string().describe("SHA-256 of its file."),
  measure: z
    .literal("similarity")
    .optional()
    .describe(
      "Only of a network without labels: its outputs are compared with those in software, by their cosine.",
    ),
  images: count.describe("Images, or inputs without labels, by which it is judged."),
  software_accuracy: z
    .number()
    .min(0)
    .max(1)
    .describe("Share of images right with the weights as they were trained; 1 of a similarity."),
  draws: count.describe("Chips that were drawn."),
  times_seconds: z.array(seconds).describe("Times after the last pulse, s."),
  ...accuracySpread,
};

/** What was foretold of the weights of a run, and how that came out. */
export const forecast = {
  by: z.enum(["strategy", "trim"]).describe("What foretold it."),
  model: z.string().describe("Name of the model that it stands on."),
  model_digest: z.string().describe("SHA-256 of the model."),
  tested_to_seconds: testedToSeconds,
  times_seconds: z.array(seconds).describe("Times that it was made for, s after the last pulse of a tile."),
  rms_percent: numbers.describe(
    "Root mean square weight error at each of them, % of each tile's largest weight.",
  ),
  accuracy: z
    .strictObject(predictedAccuracy)
    .nullable()
    .describe("Accuracy that a strategy predicted; null where it was not asked for."),
  failed: z.boolean().describe("Whether it failed at any age."),
  measured: z
    .array(
      z.strictObject({
        age_seconds: seconds.describe("Age of the sweep, s."),
        foretold_percent: z.number().nonnegative().describe("Error that was foretold for it, %."),
        measured_percent: z
          .number()
          .nonnegative()
          .describe("The same, measured of weights whose devices obey, %."),
        weights: count.describe("Those weights."),
        failed: z.boolean().describe("More than twice the mean square error, of 500 weights or more."),
      }),
    )
    .describe("One a sweep, ascending; empty where the run was not read, or is not done."),
};

/** How devices were found beside what the model of their run foresaw. */
export const audit = {
  model: z.string().describe("Name of the run's model."),
  age_seconds: seconds.describe("Age that was asked for, s; tiles that were read at one age count together."),
  devices: count.describe("Accepted devices that were read well, at ages that the model knows."),
  inside95: z.number().min(0).max(1).describe("Share of them inside the model's band of 95 %."),
  mean_off_stds: z
    .number()
    .nonnegative()
    .describe(
      "How far their mean is off, root mean square over bins of conductance, in standard deviations of a read.",
    ),
  foreseen_microsiemens: z.number().describe("Mean that was foreseen of them, µS."),
  read_microsiemens: z.number().describe("Mean that was read, µS."),
  holds: z
    .boolean()
    .describe(
      "False where, of 500 devices or more, fewer than 85 % lie inside, or the mean is off by more than 0.5.",
    ),
};

/** What a trim is expected to win. */
export const trimPlan = {
  corrects: runOrNetwork.describe("The run, or the network over several chips, that is corrected."),
  devices_to_trim: count.describe("Devices that are worth programming anew."),
  expected_before: tnmse.describe("TNMSE to expect without a trim, averaged over `--times`."),
  expected_after: tnmse.describe("TNMSE to expect after the trim."),
  expected_with_deaths: z
    .strictObject({
      before: tnmse.describe("TNMSE to expect without a trim."),
      after: tnmse.describe("TNMSE to expect after it."),
    })
    .nullable()
    .describe("The same where devices die as the model says; null where it knows of no deaths."),
  later,
  tested_to_seconds: testedToSeconds,
};

export const earlierForecasts = z
  .array(z.strictObject({ run: run.describe("Run of which it was foretold."), ...forecast }))
  .describe("How the forecasts of the run and of those that it corrects came out.");
