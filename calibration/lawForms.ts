import { type Curve, linearPieces } from "../src/model/definition.ts";

/** A family of functions of conductance, with parameters to be found. */
export interface LawForm {
  readonly name: string;
  readonly parameters: number;
  value(p: Float64Array, x: number): number;
  /** Writes ∂value/∂p. */
  gradient(p: Float64Array, x: number, out: Float64Array): void;
  /** Whether parameters make sense. */
  allowed(p: Float64Array): boolean;
  /** As a model file holds it, in pieces of r = x/max. */
  curve(p: Float64Array, max: number): Curve;
}

/** Linear between knots, level beyond the outer ones. Parameters: the values at the knots, then the inner knots. */
export function linearSpline(from: number, to: number, knots: number): LawForm {
  const at = (p: Float64Array, k: number): number =>
    k === 0 ? from : k === knots - 1 ? to : p[knots + k - 1]!;
  const interval = (p: Float64Array, x: number): number => {
    let k = 0;
    while (k < knots - 2 && x > at(p, k + 1)) k++;
    return k;
  };
  const least = 0.02 * (to - from);
  return {
    name: `${knots - 1} straight ${knots === 2 ? "piece" : "pieces"}`,
    parameters: 2 * knots - 2,
    value(p, x) {
      const held = Math.min(to, Math.max(from, x));
      const k = interval(p, held);
      const left = at(p, k);
      return p[k]! + ((p[k + 1]! - p[k]!) * (held - left)) / (at(p, k + 1) - left);
    },
    gradient(p, x, out) {
      out.fill(0);
      const held = Math.min(to, Math.max(from, x));
      const k = interval(p, held);
      const [left, right] = [at(p, k), at(p, k + 1)];
      const part = (held - left) / (right - left);
      const slope = (p[k + 1]! - p[k]!) / (right - left);
      out[k] = 1 - part;
      out[k + 1] = part;
      if (k > 0) out[knots + k - 1] = -slope * (1 - part);
      if (k < knots - 2) out[knots + k] = -slope * part;
    },
    allowed(p) {
      for (let k = 0; k < knots - 1; k++) if (at(p, k + 1) - at(p, k) < least) return false;
      return true;
    },
    curve(p, max) {
      const places = Array.from({ length: knots }, (_, k) => at(p, k) / max);
      return linearPieces(places, [...p.subarray(0, knots)]);
    },
  };
}

/** The published form of drift: slope ln r + intercept, held between a least and a most where those are asked for. */
export function boundedLogarithm(max: number, bounds: { least: boolean; most: boolean }): LawForm {
  const leastAt = 2;
  const mostAt = bounds.least ? 3 : 2;
  const free = (p: Float64Array, x: number): number => p[0]! * Math.log(Math.max(x / max, 1e-7)) + p[1]!;
  return {
    name: "the published logarithm",
    parameters: 2 + (bounds.least ? 1 : 0) + (bounds.most ? 1 : 0),
    value(p, x) {
      let value = free(p, x);
      if (bounds.least) value = Math.max(p[leastAt]!, value);
      if (bounds.most) value = Math.min(p[mostAt]!, value);
      return value;
    },
    gradient(p, x, out) {
      out.fill(0);
      const value = free(p, x);
      if (bounds.most && value > p[mostAt]!) out[mostAt] = 1;
      else if (bounds.least && value < p[leastAt]!) out[leastAt] = 1;
      else {
        out[0] = Math.log(Math.max(x / max, 1e-7));
        out[1] = 1;
      }
    },
    allowed: (p) => !(bounds.least && bounds.most) || p[leastAt]! < p[mostAt]!,
    curve: (p) => [
      {
        kind: "logarithm",
        slope: p[0]!,
        intercept: p[1]!,
        least: bounds.least ? Math.max(0, p[leastAt]!) : 0,
        most: bounds.most ? p[mostAt]! : 1,
      },
    ],
  };
}

/** The published form of read noise: factor r^exponent. Parameters: ln factor and exponent. */
export function powerForm(from: number, max: number): LawForm {
  const logOf = (x: number): number => Math.log(Math.max(x, from) / max);
  const value = (p: Float64Array, x: number): number => Math.exp(p[0]! + p[1]! * logOf(x));
  return {
    name: "a power",
    parameters: 2,
    value,
    gradient(p, x, out) {
      out[0] = value(p, x);
      out[1] = out[0] * logOf(x);
    },
    allowed: () => true,
    curve: (p) => [
      {
        kind: "power",
        factor: Math.exp(p[0]!),
        exponent: p[1]!,
        most: Math.max(value(p, from), value(p, max)),
      },
    ],
  };
}

/** A polynomial in r, the published form of programming error. */
export function polynomialForm(degree: number, from: number, to: number, max: number): LawForm {
  return {
    name: `a polynomial of degree ${degree}`,
    parameters: degree + 1,
    value(p, x) {
      const r = Math.min(to, Math.max(from, x)) / max;
      let value = 0;
      for (let k = degree; k >= 0; k--) value = value * r + p[k]!;
      return value;
    },
    gradient(_, x, out) {
      const r = Math.min(to, Math.max(from, x)) / max;
      let power = 1;
      for (let k = 0; k <= degree; k++) {
        out[k] = power;
        power *= r;
      }
    },
    allowed: () => true,
    curve(p, ofMax) {
      const level = (x: number): number => this.value(p, x);
      return [
        { kind: "polynomial", below: from / ofMax, coefficients: [level(from)] },
        { kind: "polynomial", below: to / ofMax, coefficients: [...p] },
        { kind: "polynomial", coefficients: [level(to)] },
      ];
    },
  };
}
