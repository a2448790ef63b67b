import { MhoError } from "../src/errors.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { TranslationOptions } from "../src/optimize/layerStrategy.ts";
import type { Layout } from "../src/optimize/translate.ts";
import type { Seconds } from "../src/units.ts";
import { translationFor } from "../lab/translation.ts";

/** What the flags of `optimize` say, each read by itself. */
export interface TranslationFlags {
  readonly layout: "single-pair" | "dual-pair" | "n-pair";
  readonly pairs: number;
  readonly significance: "auto" | readonly number[];
  readonly scale: Scale;
  readonly times?: readonly Seconds[] | undefined;
  readonly timeWeights?: readonly number[] | undefined;
  readonly compensation: "least-squares" | "mean-absolute";
  readonly alpha: "tile" | "column";
  readonly per: "layer" | "tile" | "network";
  readonly clip: number;
  readonly pairCorrelation: number;
}

/** What the flags ask for together, checked against the model. Throws `bad-argument`. */
export function translationOf(flags: TranslationFlags, model: DeviceModel): TranslationOptions {
  if (flags.per === "network" && flags.alpha === "column") {
    throw bad(
      "--per network has one set of curves and no columns of its own; use --per layer with --alpha column",
    );
  }
  return translationFor(model, {
    layout: layoutOf(flags),
    timesSeconds: flags.times,
    timeWeights: flags.timeWeights,
    rule: flags.compensation,
    compensationPer: flags.alpha,
    scalePer: flags.scale === "column" || flags.scale === "column-free" ? "column" : "layer",
    pairDriftCorrelation: flags.pairCorrelation,
    clipPercentile: flags.clip,
  });
}

function bad(message: string): MhoError {
  return new MhoError("bad-argument", `${message}.`);
}

/** β: a column or a layer by full range, or wherever the error is least; or given. */
export type Scale = "column" | "column-free" | "full" | "free" | number;

function layoutOf({ layout, significance, pairs: wanted, scale: asked }: TranslationFlags): Layout {
  const scale = asked === "column" ? "within" : asked === "column-free" ? "free" : asked;
  const listed = significance === "auto" ? undefined : significance;
  if (layout === "single-pair" && listed !== undefined && listed.length > 1) {
    throw bad(`--significance ${listed.join(",")}: a single pair has one factor`);
  }
  const pairs = layout === "single-pair" ? 1 : layout === "dual-pair" ? 2 : (listed?.length ?? wanted);
  if (pairs > mostPairs) throw bad(`--significance ${listed?.join(",")}: at most ${mostPairs} pairs`);
  return { pairs, significance: choiceOf(layout, listed), scale };
}

export const mostPairs = 6;

/** For two pairs, F or the values it may take; for more, one factor a pair. */
function choiceOf(
  layout: TranslationFlags["layout"],
  listed: readonly number[] | undefined,
): Layout["significance"] {
  if (layout === "single-pair") return { kind: "given", factors: [1] };
  if (listed === undefined) return { kind: "free" };
  if (layout === "n-pair") return { kind: "given", factors: [...listed] };
  return listed.length === 1
    ? { kind: "given", factors: [listed[0]!, 1] }
    : { kind: "one-of", ratios: [...listed] };
}

export function parseSignificance(text: string): "auto" | number[] {
  if (text === "auto") return text;
  const factors = text.split(",").map(Number);
  if (factors.every((factor) => factor > 0 && factor <= 1000)) return factors;
  throw bad(`--significance ${text}: factors must be numbers above 0, or auto`);
}

export function parseTimeWeights(text: string): number[] {
  const weights = text.split(",").map(Number);
  if (
    weights.every((weight) => weight >= 0 && Number.isFinite(weight)) &&
    weights.some((weight) => weight > 0)
  )
    return weights;
  throw bad(`--time-weights ${text}: give numbers from 0, one a time, not all zero`);
}

export function parseScale(text: string): Scale {
  if ((["column", "column-free", "full", "free"] as const).some((name) => name === text))
    return text as Scale;
  const scale = Number(text);
  if (scale > 0 && Number.isFinite(scale)) return scale;
  throw bad(`--scale ${text}: give column, column-free, full, free or µS per unit of weight`);
}

/** By what it says, or by what has it. */
export function parseOrientation(text: string): "outputs-first" | "outputs-last" {
  const name = text.toLowerCase();
  if (["outputs-first", "torch", "oihw"].includes(name)) return "outputs-first";
  if (["outputs-last", "keras", "hwio"].includes(name)) return "outputs-last";
  throw bad(`--orientation ${text}: give outputs-first (torch, OIHW) or outputs-last (Keras, HWIO)`);
}

export function parseTileShape(text: string): [rows: number, columns: number] {
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(text);
  const [rows, columns] = [Number(match?.[1]), Number(match?.[2])];
  if (rows > 0 && columns > 0) return [rows, columns];
  throw bad(`--tile ${text}: give rows and columns, such as 64x64`);
}
