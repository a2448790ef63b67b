import { MhoError } from "../src/errors.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { TranslationOptions } from "../src/optimize/layerStrategy.ts";
import type { Layout } from "../src/optimize/translate.ts";
import { formatDuration, parseDuration } from "../src/units.ts";
import type { OptimizeOptions } from "./options.ts";

export interface TranslationRequest {
  readonly wishes: TranslationOptions;
  readonly per: "layer" | "tile" | "network";
  readonly tileShape: readonly [number, number];
}

/** What the flags ask for, checked against the model. Throws `bad-argument`. */
export function translationOf(options: OptimizeOptions, model: DeviceModel): TranslationRequest {
  const timesSeconds = timesOf(options.times, model);
  if (options.per === "network" && options.alpha === "column") {
    throw bad(
      "--per network has one set of curves and no columns of its own; use --per layer with --alpha column",
    );
  }
  return {
    wishes: {
      layout: layoutOf(options),
      timesSeconds,
      timeWeights: timeWeightsOf(options.timeWeights, timesSeconds.length),
      rule: options.compensation,
      compensationPer: options.alpha,
      pairDriftCorrelation: numberFrom(options.pairCorrelation, "--pair-correlation", -1, 1),
      clipPercentile: numberFrom(options.clip, "--clip", 50, 100),
    },
    per: options.per,
    tileShape: tileShapeOf(options.tile),
  };
}

function bad(message: string): MhoError {
  return new MhoError("bad-argument", `${message}.`);
}

/** Those of the paper's later reference; where a model knows a shorter span, those inside it and its end. */
const usualTimes = [1, 60, 3600, 86_400, 30 * 86_400, 360 * 86_400];

function timesOf(text: string | undefined, model: DeviceModel): number[] {
  const { from, to } = model.knownTimesSeconds;
  if (text === undefined) {
    const inside = usualTimes.filter((time) => time >= from && time <= to);
    return inside.length < usualTimes.length && Number.isFinite(to) ? [...new Set([...inside, to])] : inside;
  }
  const times = text.split(",").map((part) => {
    const time = parseDuration(part);
    if (time === undefined) {
      throw bad(
        `--times ${text}: "${part.trim()}" is no time above zero. Write seconds or a unit: 60, 1h, 30d`,
      );
    }
    if (time < from || time > to) {
      throw bad(
        `--times ${text}: ${model.name} is known from ${formatDuration(from)} to ${formatDuration(to)} only`,
      );
    }
    return time;
  });
  if (times.some((time, i) => i > 0 && time <= times[i - 1]!))
    throw bad(`--times ${text}: times must ascend`);
  return times;
}

function timeWeightsOf(text: string | undefined, count: number): Float64Array {
  if (text === undefined) return new Float64Array(count).fill(1 / count);
  const weights = Float64Array.from(text.split(","), Number);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length !== count || !weights.every((weight) => weight >= 0) || !(sum > 0)) {
    throw bad(`--time-weights ${text}: give ${count} numbers ≥ 0, one a time, not all zero`);
  }
  return weights.map((weight) => weight / sum);
}

function layoutOf({ layout, significance, pairs: wanted, scale }: OptimizeOptions): Layout {
  const listed = significance === "auto" ? undefined : factorsFrom(significance);
  if (layout === "single-pair" && listed !== undefined && listed.length > 1) {
    throw bad(`--significance ${significance}: a single pair has one factor`);
  }
  const pairs =
    layout === "single-pair" ? 1 : layout === "dual-pair" ? 2 : (listed?.length ?? pairsFrom(wanted));
  if (pairs > 6) throw bad(`--significance ${significance}: at most 6 pairs`);
  return { pairs, significance: choiceOf(layout, listed), scale: scaleFrom(scale) };
}

/** For two pairs, F or the values it may take; for more, one factor a pair. */
function choiceOf(layout: OptimizeOptions["layout"], listed: number[] | undefined): Layout["significance"] {
  if (layout === "single-pair") return { kind: "given", factors: [1] };
  if (listed === undefined) return { kind: "free" };
  if (layout === "n-pair") return { kind: "given", factors: listed };
  return listed.length === 1
    ? { kind: "given", factors: [listed[0]!, 1] }
    : { kind: "one-of", ratios: listed };
}

function factorsFrom(text: string): number[] {
  const factors = text.split(",").map(Number);
  if (!factors.every((factor) => factor > 0 && factor <= 1000)) {
    throw bad(`--significance ${text}: factors must be numbers above 0, or auto`);
  }
  return factors;
}

function pairsFrom(text: string | undefined): number {
  const pairs = Number(text ?? 3);
  if (!Number.isInteger(pairs) || pairs < 1 || pairs > 6) throw bad(`--pairs ${text}: give 1 to 6`);
  return pairs;
}

function scaleFrom(text: string): Layout["scale"] {
  if (text === "full" || text === "free") return text;
  const scale = Number(text);
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw bad(`--scale ${text}: give full, free or µS per unit of weight`);
  }
  return scale;
}

function numberFrom(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw bad(`${flag} ${text}: give a number from ${least} to ${most}`);
  }
  return value;
}

function tileShapeOf(text: string): [number, number] {
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  const [rows, columns] = [Number(match?.[1]), Number(match?.[2])];
  if (!(rows > 0 && columns > 0)) throw bad(`--tile ${text}: give rows and columns, such as 64x64`);
  return [rows, columns];
}
