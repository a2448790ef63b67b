import {
  interpolate,
  type LogarithmicRelaxationDefinition,
  polynomial,
  type ModelDefinition,
  type PowerLawDefinition,
  type TimedSpreadDefinition,
} from "../src/model/definition.ts";
import { hermes1Definition, hermes2Definition } from "../src/model/builtIn.ts";
import { asPowerLaw, powerLawModel, powerLawOf } from "../src/model/powerLaw.ts";
import { MhoError } from "../src/errors.ts";
import type { Seconds } from "../src/units.ts";
import { type LawInAihwkit, momentsInAihwkit } from "./aihwkitMoments.ts";
import { inverseOf } from "./matrix.ts";

/** A noise model of aihwkit and what it is called with, under aihwkit's own names. */
export interface AihwkitExport {
  readonly class: string;
  readonly arguments: AihwkitArguments;
  /** The class knows no other times than these; undefined where it knows all. */
  readonly onlyTimesSeconds?: readonly Seconds[];
  /** How far its moments lie from the model's, at most. */
  readonly miss: AihwkitMiss;
}

/** Keys of `coeff_dic` and `coeff_dict` are numbers written as text, as JSON wants them. */
export type AihwkitArguments = Readonly<
  Record<string, number | readonly number[] | Readonly<Record<string, readonly number[]>>>
>;

/** Relative differences of mean and standard deviation over targets from Gmax/8 on; σ at target 0 by itself. */
export interface AihwkitMiss {
  readonly mean: number;
  readonly std: number;
  readonly stdAtZero: number;
}

/** Beyond this share an export is refused. */
const mostMiss = 0.02;
const noMiss: AihwkitMiss = { mean: 0, std: 0, stdAtZero: 0 };
const noise = "aihwkit.inference.noise";

/**
 * A model in aihwkit's terms: by the class of its own where aihwkit has one, else as a `CustomDriftPCMLikeNoiseModel`.
 *
 * @param timesSeconds  at which the moments are compared.
 * @throws `bad-argument` when no class of aihwkit gives the model's moments within 2 %.
 */
export function aihwkitOf(definition: ModelDefinition, timesSeconds: readonly Seconds[]): AihwkitExport {
  if (definition.family === "timed-spread") return wan2022(definition);
  if (definition.family === "logarithmic-relaxation") return reramCmo(definition);
  const law = asPowerLaw(definition);
  if (law === undefined) {
    throw new MhoError(
      "bad-argument",
      `${definition.name} holds measured moments and no law, and aihwkit's noise models need a law. ` +
        `Use --to crosssim, which takes moments.`,
      { model: definition.name },
    );
  }
  if (same(law, hermes1Definition)) return hermes(law, 1, timesSeconds);
  if (same(law, hermes2Definition)) return hermes(law, 2, timesSeconds);
  return customDrift(law, timesSeconds);
}

/** Whether two models say the same of devices, whatever they are called. Both are checked, so their keys are in one order. */
function same(one: PowerLawDefinition, other: PowerLawDefinition): boolean {
  const physics = (law: PowerLawDefinition): string =>
    JSON.stringify([
      law.maxConductanceMicrosiemens,
      law.t0Seconds,
      law.onsetSeconds ?? 0,
      law.readSeconds,
      ...[
        law.programmingStdMicrosiemens,
        law.driftExponentMean,
        law.driftExponentStd,
        law.readNoiseStrength,
      ].map((curve) => curve.map((piece) => Object.entries(piece).sort(([a], [b]) => (a < b ? -1 : 1)))),
    ]);
  return physics(one) === physics(other);
}

/** aihwkit's law rises beyond Gmax, where programming may end: a factor on its read noise spreads over all targets what that misses. */
function hermes(
  definition: PowerLawDefinition,
  devices: 1 | 2,
  timesSeconds: readonly Seconds[],
): AihwkitExport {
  const law = powerLawOf(definition);
  const scales = Array.from({ length: 41 }, (_, k) => rounded(0.95 + k / 400));
  const { scale, miss } = leastMiss(definition, scales, timesSeconds, "HermesNoiseModel", "", (factor) => ({
    ...law,
    readStrength: (programmed) => factor * law.readStrength(programmed),
  }));
  return {
    class: `${noise}.hermes.HermesNoiseModel`,
    arguments: {
      num_devices: devices,
      g_max: law.maxConductanceMicrosiemens,
      t_0: law.t0Seconds,
      t_read: law.readSeconds,
      read_noise_scale: scale,
    },
    miss,
  };
}

/**
 * The factor on a class' read noise by which the model's moments are missed least.
 *
 * @param why  the class cannot do better, for a person.
 * @throws `bad-argument` when it misses them by more than 2 %.
 */
function leastMiss(
  definition: PowerLawDefinition,
  scales: readonly number[],
  timesSeconds: readonly Seconds[],
  className: string,
  why: string,
  withScale: (scale: number) => LawInAihwkit,
): { readonly scale: number; readonly miss: AihwkitMiss } {
  const tried = scales.map((scale) => {
    const miss = missOf(definition, withScale(scale), timesSeconds);
    return { scale, miss, worst: Math.max(miss.mean, miss.std) };
  });
  const { scale, miss, worst } = tried.reduce((best, one) => (one.worst < best.worst ? one : best));
  if (worst <= mostMiss) return { scale, miss };
  const what = miss.std > miss.mean ? "standard deviation" : "mean";
  throw new MhoError(
    "bad-argument",
    `Cannot export ${definition.name} to aihwkit: its ${className} would miss the model's ${what} by ` +
      `${(100 * worst).toFixed(1)} %, more than ${100 * mostMiss} %. ${why}` +
      "Use --to crosssim, which takes the model's moments as they are.",
    { model: definition.name, meanMiss: miss.mean, stdMiss: miss.std },
  );
}

function wan2022(definition: TimedSpreadDefinition): AihwkitExport {
  const { timesSeconds, stdMicrosiemens } = definition;
  return {
    class: `${noise}.reram.ReRamWan2022NoiseModel`,
    arguments: {
      g_max: definition.maxConductanceMicrosiemens,
      coeff_dic: Object.fromEntries(timesSeconds.map((time, k) => [String(time), stdMicrosiemens[k]!])),
    },
    onlyTimesSeconds: timesSeconds,
    miss: noMiss,
  };
}

/** mho's has no read noise. */
function reramCmo(definition: LogarithmicRelaxationDefinition): AihwkitExport {
  const [initial, growth] = definition.relaxationStdMicrosiemens;
  return {
    class: `${noise}.reram.ReRamCMONoiseModel`,
    arguments: {
      g_max: definition.maxConductanceMicrosiemens,
      g_min: definition.minConductanceMicrosiemens,
      coeff_dict: { "1": definition.programmingStdMicrosiemens },
      acceptance_range: 1,
      decay_dict: { mean: [definition.meanShiftMicrosiemens], std: [growth, initial] },
      read_noise_scale: 0,
    },
    miss: noMiss,
  };
}

const steps = 100;
const degree = 5;

/**
 * Drift tabulated, closer where conductances are small and exponents bend; programming error as its polynomial in G/Gmax, or one by
 * least squares; read noise as a factor on aihwkit's own law, which keeps its shape: the one by which moments are missed least.
 */
function customDrift(definition: PowerLawDefinition, timesSeconds: readonly Seconds[]): AihwkitExport {
  const law = powerLawOf(definition);
  const max = law.maxConductanceMicrosiemens;
  const bends = [definition.driftExponentMean, definition.driftExponentStd].flatMap((curve) =>
    curve.flatMap(({ below }) => (below !== undefined && below > 0 && below < 1 ? [below * max] : [])),
  );
  const between = Array.from({ length: steps - 1 }, (_, k) => max * ((k + 1) / steps) * ((k + 1) / steps));
  const g = [0, ...new Set([...between, ...bends].map(rounded))].sort((a, b) => a - b);
  // The last is Gmax to the last digit: aihwkit refuses a table that ends before it.
  const table = [...g.filter((x) => x < max), max];
  const drift = table.map((x) => law.driftExponent(x));
  const [only, ...others] = definition.programmingStdMicrosiemens;
  const grid = Array.from({ length: 101 }, (_, k) => k / 100);
  const coefficients =
    others.length === 0 && only?.kind === "polynomial"
      ? only.coefficients
      : polynomialThrough(
          grid,
          grid.map((r) => law.programmingStd(r * max)),
        ).map(rounded);
  const ratios = grid.slice(10).map((r) => law.readStrength(r * max) / usualReadStrength(r));
  const found = {
    custom_drift_model: {
      g_lst: table,
      nu_mean_lst: drift.map(({ mean }) => rounded(mean)),
      nu_std_lst: drift.map(({ std }) => rounded(Math.max(0, std))),
    },
    prog_coeff: coefficients,
    g_max: max,
    // Its law is ((t + t0)/t0)^−ν; where drift sets in later, that belongs to its t0.
    t_0: definition.t0Seconds + (definition.onsetSeconds ?? 0),
    t_read: definition.readSeconds,
  };
  const { g_lst, nu_mean_lst, nu_std_lst } = found.custom_drift_model;
  const withScale = (scale: number): LawInAihwkit => ({
    maxConductanceMicrosiemens: max,
    t0Seconds: found.t_0,
    readSeconds: found.t_read,
    programmingStd: (target) => polynomial(coefficients, target / max),
    driftExponent: (target) => ({
      mean: interpolate(g_lst, nu_mean_lst, target),
      std: interpolate(g_lst, nu_std_lst, target),
    }),
    readStrength: (programmed) => scale * usualReadStrength(programmed / max),
  });
  const name = "CustomDriftPCMLikeNoiseModel";
  const why = "Its read noise always falls as G^−0.65, and its programming error is a polynomial. ";
  const { scale, miss } = leastMiss(definition, scalesWithin(ratios), timesSeconds, name, why, withScale);
  const given = { ...found, read_noise_scale: scale };
  return { class: `${noise}.pcm.${name}`, arguments: given, miss };
}

/** Factors on aihwkit's read noise between the least and the most that it needs at any conductance; one where it needs the same at all. */
function scalesWithin(ratios: readonly number[]): number[] {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const scales = Array.from({ length: scaleSteps + 1 }, (_, k) =>
    rounded(least + ((most - least) * k) / scaleSteps),
  );
  return [...new Set(scales)];
}

const scaleSteps = 16;

function missOf(
  definition: PowerLawDefinition,
  inAihwkit: LawInAihwkit,
  timesSeconds: readonly Seconds[],
): AihwkitMiss {
  const model = powerLawModel(powerLawOf(definition));
  const at = (target: number) =>
    timesSeconds.map((time) => {
      const { mean, std } = momentsInAihwkit(inAihwkit, target, time);
      const wanted = Math.sqrt(model.variance(target, time));
      return {
        mean: Math.abs(mean / model.mean(target, time) - 1),
        std: wanted === 0 ? Math.min(std, 1) : Math.abs(std / wanted - 1),
      };
    });
  const targets = Array.from(
    { length: 8 },
    (_, k) => (inAihwkit.maxConductanceMicrosiemens * (k + 1)) / 8,
  ).flatMap(at);
  return {
    mean: Math.max(...targets.map(({ mean }) => mean)),
    std: Math.max(...targets.map(({ std }) => std)),
    stdAtZero: Math.max(...at(0).map(({ std }) => std)),
  };
}

/** What to type into Python. It finds the arguments beside itself, wherever it is run from. */
export function pythonLoader(jsonName: string, of: string): string {
  const [module, name] = [of.slice(0, of.lastIndexOf(".")), of.slice(of.lastIndexOf(".") + 1)];
  return [
    "import json, pathlib",
    `from ${module} import ${name}`,
    `fitted = json.loads((pathlib.Path(__file__).resolve().parent / ${JSON.stringify(jsonName)}).read_text())`,
    'arguments = fitted["arguments"]',
    ...["coeff_dic", "coeff_dict"].map(
      (key) =>
        `if "${key}" in arguments: arguments["${key}"] = {float(k): v for k, v in arguments["${key}"].items()}`,
    ),
    `noise_model = ${name}(**arguments)`,
    't_inference_list = fitted["times_seconds"]',
    "",
  ].join("\n");
}

/** aihwkit's own: 0.0088 r^−0.65, at most 0.2. */
function usualReadStrength(r: number): number {
  return r <= 0 ? 0.2 : Math.min(0.2, 0.0088 / Math.max(1e-3, Math.exp(0.65 * Math.log(r))));
}

function rounded(value: number): number {
  return Number(value.toPrecision(7));
}

/** Lowest power first, by least squares. */
function polynomialThrough(r: readonly number[], y: readonly number[]): number[] {
  const n = degree + 1;
  const normal = new Float64Array(n * n);
  const right = new Float64Array(n);
  const powers = new Float64Array(n);
  r.forEach((x, k) => {
    for (let a = 0, power = 1; a < n; a++, power *= x) powers[a] = power;
    for (let a = 0; a < n; a++) {
      right[a]! += powers[a]! * y[k]!;
      for (let b = 0; b < n; b++) normal[n * a + b]! += powers[a]! * powers[b]!;
    }
  });
  const inverse = inverseOf(normal, n)!;
  return Array.from(right, (_, a) => right.reduce((sum, value, b) => sum + inverse[n * a + b]! * value, 0));
}
