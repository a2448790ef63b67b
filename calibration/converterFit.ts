import type { Converter } from "../src/chip/description.ts";
import { noCode } from "../src/chip/driver.ts";
import { inverseOf } from "./matrix.ts";

/** What known resistors say of a tile's converters; each figure with its standard error. */
export interface ConverterFit {
  /** The code for nothing. */
  readonly offsetCodes: number;
  readonly offsetError: number;
  /** Over that of the description. */
  readonly gain: number;
  readonly gainError: number;
  /** Largest deviation from a straight line, as a share of full scale: a parabola. */
  readonly nonLinearity: number;
  readonly nonLinearityError: number;
  /** Looks at resistors that it rests on. */
  readonly looks: number;
  /** Whether it differs from the description by more than chance, and by more than a twentieth of a code anywhere. */
  readonly differs: boolean;
  /** µS of every code. */
  readonly microsiemensOfCode: Float32Array;
}

/**
 * Fits code = offset + s + 4 n C (s/C)(1 − s/C), s = gain G/step, C codes in all, to looks at known resistors: a polynomial
 * of second degree in G, by least squares.
 *
 * @param looks  codes of the resistors, a look an entry; saturated ones are left out.
 * @returns undefined where fewer than three resistors give a code.
 */
export function fitConverter(
  resistorsMicrosiemens: readonly number[],
  looks: readonly Uint16Array[],
  { microsiemensPerCode, offsetCodes, codes }: Converter,
): ConverterFit | undefined {
  const normal = new Float64Array(9);
  const right = new Float64Array(3);
  const points: { powers: [number, number, number]; code: number }[] = [];
  resistorsMicrosiemens.forEach((g, k) => {
    const said = looks.flatMap((look) => (look[k] === undefined || look[k] === noCode ? [] : [look[k]]));
    // Near its ends a converter cuts noise off.
    if (said.length === 0 || said.some((code) => code <= 1 || code >= codes - 2)) return;
    const code = said.reduce((sum, one) => sum + one, 0) / said.length;
    // In units of full scale, so that the normal equations are well conditioned.
    const share = g / microsiemensPerCode / codes;
    const powers: [number, number, number] = [1, share, share * share];
    points.push({ powers, code });
    for (let i = 0; i < 3; i++) {
      right[i]! += powers[i]! * code;
      for (let j = 0; j < 3; j++) normal[3 * i + j]! += powers[i]! * powers[j]!;
    }
  });
  const inverse = points.length < 3 ? undefined : inverseOf(normal, 3);
  if (inverse === undefined) return undefined;
  const solution = [0, 1, 2].map(
    (a) => inverse[3 * a]! * right[0]! + inverse[3 * a + 1]! * right[1]! + inverse[3 * a + 2]! * right[2]!,
  ) as [number, number, number];
  let squares = 0;
  for (const { powers, code } of points) {
    const off = code - powers.reduce<number>((sum, power, a) => sum + power * solution[a]!, 0);
    squares += off * off;
  }
  // Codes are whole: however often a resistor is looked at, up to a twelfth of a square code stays unknown.
  const variance = Math.max(squares / Math.max(1, points.length - 3), 1 / 12);
  const figures = figuresOf(solution, codes);
  const errors = figures.map((_, figure) => {
    const slopes = solution.map((value, a) => {
      const step = 1e-4 * Math.max(1, Math.abs(value));
      const moved = solution.map((one, b) => (a === b ? one + step : one)) as [number, number, number];
      return (figuresOf(moved, codes)[figure]! - figures[figure]!) / step;
    });
    let sum = 0;
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++) sum += slopes[a]! * slopes[b]! * inverse[3 * a + b]!;
    return Math.sqrt(Math.max(0, sum * variance));
  });
  const [offset, gain, nonLinearity] = figures;
  const told = [offset - offsetCodes, gain - 1, nonLinearity];
  const worst = Math.max(Math.abs(told[0]!), Math.abs(told[1]!) * codes, Math.abs(told[2]!) * codes);
  return {
    offsetCodes: offset,
    offsetError: errors[0]!,
    gain,
    gainError: errors[1]!,
    nonLinearity,
    nonLinearityError: errors[2]!,
    looks: looks.length,
    differs: worst > leastDifferenceCodes && told.some((off, k) => Math.abs(off) > 4 * errors[k]!),
    microsiemensOfCode: tableOf(solution, codes, microsiemensPerCode),
  };
}

const leastDifferenceCodes = 0.05;

/** Offset, gain and non-linearity of code = p0 + p1 s + p2 s², s in units of full scale. */
function figuresOf([p0, p1, p2]: readonly [number, number, number], codes: number): [number, number, number] {
  // p1 = γC (1 + 4n) and p2 = −4 n γ² C.
  const a = p1 / codes;
  const b = p2 / codes;
  const gain = (a + Math.sqrt(Math.max(0, a * a + 4 * b))) / 2;
  return [p0, gain, -b / (4 * gain * gain)];
}

/** The rising branch of the parabola, inverted. */
function tableOf(
  [p0, p1, p2]: readonly [number, number, number],
  codes: number,
  microsiemensPerCode: number,
): Float32Array {
  return Float32Array.from({ length: codes }, (_, code) => {
    const c = p0 - code;
    const share = (2 * -c) / (p1 + Math.sqrt(Math.max(0, p1 * p1 - 4 * p2 * c)));
    return share * codes * microsiemensPerCode;
  });
}
