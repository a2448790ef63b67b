import { MhoError } from "../src/errors.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { TranslationOptions } from "../src/optimize/layerStrategy.ts";
import type { Layout } from "../src/optimize/translate.ts";
import { formatDuration, type Seconds } from "../src/units.ts";
import { usualTimesSeconds } from "./usualTimes.ts";

/** How weights are to be held, as far as it is said. */
export type AskedTranslation = {
  readonly [Name in keyof TranslationOptions]?: Asked[Name] | undefined;
};

interface Asked extends Omit<TranslationOptions, "layout" | "timeWeights"> {
  readonly layout: { readonly [Name in keyof Layout]?: Layout[Name] | undefined };
  /** One a time, of any sum; each time counts alike where nothing is said. */
  readonly timeWeights: ArrayLike<number>;
}

/**
 * What is asked for, and what is usual for the rest: two pairs a weight, each column at full range or what of it errs least, the usual
 * times that the model knows. Throws `bad-argument`.
 */
export function translationFor(model: DeviceModel, asked: AskedTranslation = {}): TranslationOptions {
  const { layout = {} } = asked;
  const timesSeconds = timesFor(asked.timesSeconds, model);
  const translation: TranslationOptions = {
    layout: {
      pairs: layout.pairs ?? 2,
      significance: layout.significance ?? { kind: "free" },
      scale: layout.scale ?? "within",
    },
    timesSeconds,
    timeWeights: timeWeightsFor(asked.timeWeights, timesSeconds.length),
    rule: asked.rule ?? "least-squares",
    compensationPer: asked.compensationPer ?? "tile",
    scalePer: asked.scalePer ?? "column",
    pairDriftCorrelation: asked.pairDriftCorrelation ?? 0,
    clipPercentile: asked.clipPercentile ?? 100,
  };
  refuseStrange("translation", asked, translation);
  refuseStrange("translation.layout", layout, translation.layout);
  return translation;
}

function refuseStrange(where: string, asked: object, known: object): void {
  const strange = Object.keys(asked).find((name) => !(name in known));
  if (strange === undefined) return;
  throw bad(`optimize has no option ${where}.${strange}. It has ${Object.keys(known).join(", ")}`);
}

/** Those of the paper's later reference; where a model knows a shorter span, those inside it and its end. */
function timesFor(given: readonly Seconds[] | undefined, model: DeviceModel): readonly Seconds[] {
  const { from, to } = model.knownTimesSeconds;
  if (given === undefined) {
    const inside = usualTimesSeconds.filter((time) => time >= from && time <= to);
    const all = inside.length === usualTimesSeconds.length || !Number.isFinite(to);
    return all ? inside : [...new Set([...inside, to])];
  }
  const outside = given.find((time) => time < from || time > to);
  if (outside !== undefined) {
    throw bad(
      `--times: ${formatDuration(outside)} is beyond ${model.name}, which is known from ${formatDuration(from)} to ${formatDuration(to)} only`,
    );
  }
  return given;
}

function timeWeightsFor(given: ArrayLike<number> | undefined, count: number): Float64Array {
  if (given === undefined) return new Float64Array(count).fill(1 / count);
  const sum = Array.from(given).reduce((total, weight) => total + weight, 0);
  if (given.length !== count)
    throw bad(`--time-weights: give ${count} numbers, one a time, not ${given.length}`);
  return Float64Array.from(given, (weight) => weight / sum);
}

function bad(message: string): MhoError {
  return new MhoError("bad-argument", `${message}.`);
}
