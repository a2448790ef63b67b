import { leadingAxes } from "../leadingAxes.ts";

/**
 * How what equal devices do at two ages goes together: steps that are independent of each other (a random walk: K = R(min(s, t)),
 * R growing), and up to three courses that each device follows by a factor of its own (K = Σ φ(s) φ(t)). A power law with an
 * exponent a device is two courses, relaxation by many small steps is a walk.
 */
export interface Structure {
  readonly walk: boolean;
  readonly courses: number;
}

export const structures: readonly Structure[] = [
  { walk: true, courses: 0 },
  { walk: true, courses: 1 },
  { walk: true, courses: 2 },
  { walk: false, courses: 1 },
  { walk: false, courses: 2 },
  { walk: false, courses: 3 },
];

export function nameOf({ walk, courses }: Structure): string {
  const counted = ["", "one course", "two courses", "three courses"][courses]!;
  if (!walk) return `${counted} a device`;
  return courses === 0 ? "a random walk" : `a random walk and ${counted} a device`;
}

/** At the ages, of one conductance. */
export interface Covariance {
  /** R at each age: never falls; zero where there is no walk. */
  readonly walk: Float64Array;
  /** One a course: φ at each age. */
  readonly courses: readonly Float64Array[];
  /** What comes and goes from one age to the next, at each age. */
  readonly passing: Float64Array;
  /** Of a read, the same at all ages: what no age is without. */
  readonly noise: number;
}

const rounds = 6;
const innerRounds = 12;

/**
 * Finds K from the products of different reads, in which white noise has no part; the diagonal tells the noise.
 *
 * @param product  mean products, n × n, lower triangle, NaN where not known.
 * @param square   mean squares of single reads, n.
 */
export function covarianceOf(product: Float64Array, square: Float64Array, structure: Structure): Covariance {
  const n = square.length;
  const at = (a: number, b: number): number => product[Math.max(a, b) * n + Math.min(a, b)]!;
  const walk = new Float64Array(n);
  let courses: Float64Array[] = [];
  const ofCourses = (a: number, b: number): number =>
    courses.reduce((sum, phi) => sum + phi[a]! * phi[b]!, 0);
  for (let round = 0; round < (structure.walk && structure.courses > 0 ? rounds : 1); round++) {
    if (structure.walk) growing(walk, n, (a, b) => at(a, b) - ofCourses(a, b), square);
    if (structure.courses > 0) {
      const rest = (a: number, b: number): number => at(a, b) - walk[Math.min(a, b)]!;
      courses = coursesOf(n, rest, square, walk, structure.courses, courses);
    }
  }
  if (structure.walk) lastStep(walk, n, square, ofCourses);
  // No part is larger than the whole.
  for (let a = 0; a < n; a++) {
    const made = ofCourses(a, a);
    const room = Math.max(0, square[a]! - walk[a]!);
    if (made > room) for (const phi of courses) phi[a]! *= Math.sqrt(room / made);
  }
  const left = square.map((all, a) => Math.max(0, all - walk[a]! - ofCourses(a, a)));
  const noise = left.slice().sort()[Math.floor((n - 1) / 4)]!;
  return { walk, courses, passing: left.map((all) => Math.max(0, all - noise)), noise };
}

/** The walk at each age is the mean product with all later ages; pooled where it would fall. */
function growing(
  walk: Float64Array,
  n: number,
  of: (a: number, b: number) => number,
  square: Float64Array,
): void {
  const values: number[] = [];
  const weights: number[] = [];
  const sizes: number[] = [];
  for (let a = 0; a < n - 1; a++) {
    let [sum, count] = [0, 0];
    for (let b = a; b < n; b++) {
      const value = of(b, a);
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    values.push(Math.max(0, count > 0 ? sum / count : (values.at(-1) ?? 0)));
    weights.push(Math.max(1, count));
    sizes.push(1);
    while (values.length > 1 && values.at(-1)! < values.at(-2)!) {
      const [v, w, s] = [values.pop()!, weights.pop()!, sizes.pop()!];
      const k = values.length - 1;
      values[k] = (values[k]! * weights[k]! + v * w) / (weights[k]! + w);
      weights[k]! += w;
      sizes[k]! += s;
    }
  }
  let a = 0;
  values.forEach((value, k) => {
    for (let s = 0; s < sizes[k]!; s++, a++) walk[a] = Math.min(value, square[a]!);
  });
  for (a = 1; a < n - 1; a++) walk[a] = Math.max(walk[a]!, walk[a - 1]!);
  if (n > 1) walk[n - 1] = walk[n - 2]!;
}

/** No later read tells the last step from noise; the noise is taken as the same share as one age earlier. */
function lastStep(
  walk: Float64Array,
  n: number,
  square: Float64Array,
  ofCourses: (a: number, b: number) => number,
): void {
  if (n < 3) return;
  const noise = Math.max(0, square[n - 2]! - walk[n - 2]! - ofCourses(n - 2, n - 2));
  walk[n - 1] = Math.max(walk[n - 2]!, square[n - 1]! - noise - ofCourses(n - 1, n - 1));
}

/** By principal axes: the diagonal is what the axes themselves make of it, again and again. */
function coursesOf(
  n: number,
  rest: (a: number, b: number) => number,
  square: Float64Array,
  walk: Float64Array,
  wanted: number,
  before: readonly Float64Array[],
): Float64Array[] {
  const matrix = new Float64Array(n * n);
  const diagonal = new Float64Array(n);
  for (let a = 0; a < n; a++) {
    const room = Math.max(0, square[a]! - walk[a]!);
    const direct = rest(a, a);
    const beside = Math.max(a > 0 ? finite(rest(a, a - 1)) : 0, a < n - 1 ? finite(rest(a + 1, a)) : 0);
    const known = before.reduce((sum, phi) => sum + phi[a]! * phi[a]!, 0);
    diagonal[a] = Math.min(
      room,
      Number.isNaN(direct) ? (before.length > 0 ? known : beside) : Math.max(0, direct),
    );
  }
  let courses: Float64Array[] = [];
  for (let round = 0; round < innerRounds; round++) {
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        const value = rest(Math.max(a, b), Math.min(a, b));
        const fitted = courses.reduce((sum, phi) => sum + phi[a]! * phi[b]!, 0);
        matrix[a * n + b] = a === b ? diagonal[a]! : Number.isNaN(value) ? fitted : value;
      }
    }
    courses = leadingAxes(matrix, n, wanted, courses.map(unit));
    for (let a = 0; a < n; a++) {
      if (!Number.isNaN(rest(a, a))) continue;
      const made = courses.reduce((sum, phi) => sum + phi[a]! * phi[a]!, 0);
      diagonal[a] = Math.min(Math.max(0, square[a]! - walk[a]!), made);
    }
  }
  return courses;
}

function finite(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function unit(x: Float64Array): Float64Array {
  const length = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  return x.map((value) => value / length);
}
