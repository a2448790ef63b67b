import { type PowerLawDefinition, polynomial } from "../src/model/definition.ts";
import { powerLawOf } from "../src/model/powerLaw.ts";
import { inverseOf } from "./matrix.ts";

/** What aihwkit's `CustomDriftPCMLikeNoiseModel` is called with. */
export interface AihwkitArguments {
  readonly custom_drift_model: {
    readonly g_lst: readonly number[];
    readonly nu_mean_lst: readonly number[];
    readonly nu_std_lst: readonly number[];
  };
  readonly prog_coeff: readonly number[];
  readonly prog_coeff_g_max_reference: number;
  readonly g_max: number;
  readonly t_0: number;
  readonly t_read: number;
  readonly read_noise_scale: number;
}

export interface AihwkitExport {
  readonly arguments: AihwkitArguments;
  /** How far its polynomial of the programming error lies from the model, at most, µS. */
  readonly programmingMissMicrosiemens: number;
  /** By how much its read noise, of which it takes the size alone, is off from the model's, at most, as a ratio. */
  readonly readNoiseMiss: number;
}

/** The conductances at which drift is tabulated, beyond the model's own bends. */
const evenSteps = 25;
const degree = 5;

/**
 * A power-law model in aihwkit's terms: drift tabulated so that linear interpolation meets the model's curves; programming
 * error as a polynomial in G/Gmax by least squares; read noise as a factor on aihwkit's own law, which keeps its shape.
 */
export function aihwkitOf(definition: PowerLawDefinition): AihwkitExport {
  const law = powerLawOf(definition);
  const max = law.maxConductanceMicrosiemens;
  const bends = [definition.driftExponentMean, definition.driftExponentStd].flatMap((curve) =>
    curve.flatMap(({ below }) => (below !== undefined && below > 0 && below < 1 ? [below * max] : [])),
  );
  const even = Array.from({ length: evenSteps + 1 }, (_, k) => (max * k) / evenSteps);
  const g = [...new Set([...even, ...bends].map(rounded))].sort((a, b) => a - b);
  const drift = g.map((x) => law.driftExponent(x));
  const grid = Array.from({ length: 101 }, (_, k) => (max * k) / 100);
  const coefficients = polynomialThrough(
    grid.map((x) => x / max),
    grid.map((x) => law.programmingStd(x)),
  );
  const programmingMissMicrosiemens = Math.max(
    ...grid.map((x) => Math.abs(polynomial(coefficients, x / max) - law.programmingStd(x))),
  );
  const ratios = grid.slice(4).map((x) => Math.log(law.readStrength(x) / usualReadStrength(x / max)));
  const logScale = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  return {
    arguments: {
      custom_drift_model: {
        g_lst: g,
        nu_mean_lst: drift.map(({ mean }) => rounded(mean)),
        nu_std_lst: drift.map(({ std }) => rounded(Math.max(0, std))),
      },
      prog_coeff: coefficients.map(rounded),
      prog_coeff_g_max_reference: max,
      g_max: max,
      // Its law is ((t + t0)/t0)^−ν; where drift sets in later, that belongs to its t0.
      t_0: definition.t0Seconds + (definition.onsetSeconds ?? 0),
      t_read: definition.readSeconds,
      read_noise_scale: rounded(Math.exp(logScale)),
    },
    programmingMissMicrosiemens,
    readNoiseMiss: Math.exp(Math.max(...ratios.map((ratio) => Math.abs(ratio - logScale)))),
  };
}

/** What to type into Python: the file's own path is put in. */
export function pythonLoader(jsonName: string): string {
  return [
    "import json",
    "from aihwkit.inference.noise.pcm import CustomDriftPCMLikeNoiseModel",
    `fitted = json.load(open(${JSON.stringify(jsonName)}))`,
    'noise_model = CustomDriftPCMLikeNoiseModel(**fitted["arguments"])',
    't_inference_list = fitted["times_seconds"]',
    "",
  ].join("\n");
}

/** aihwkit's own: 0.0088 r^−0.65, at most 0.2. */
function usualReadStrength(r: number): number {
  return Math.min(0.2, 0.0088 / Math.max(1e-3, Math.exp(0.65 * Math.log(r))));
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
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
