import { type FoundTable, type LawTable, productsInto } from "./table.ts";

/**
 * How a table goes on beyond its last age. The mean goes on from where it was measured last, by the law that fits it best,
 *
 *     m(t) = m(t_n) + c(G) (h(t) − h(t_n)),
 *
 * and walk and courses go on as they did in the last decade, as long as h does: by Δu = (h(t) − h(t_n))/h′(t_n), h′ by log age.
 */
export interface Continuation {
  readonly name: string;
  /** h at an age, by its logarithm. */
  readonly h: (logAge: number) => number;
  /** Whether the mean falls by a factor, and not by a difference. */
  readonly byFactor: boolean;
  /** Only the last decade tells the slope. */
  readonly lastDecade: boolean;
}

/** @param logAges  that are known. @param onset  added to ages before the logarithm. */
export function continuations(logAges: Float64Array, onset: number): Continuation[] {
  const ages = Array.from(logAges, (x) => Math.max(0, Math.exp(x) - onset));
  // What was read at age 0 tells no time.
  const positive = ages.filter((age) => age > 0.01 * onset);
  const [first, last] = [positive[0] ?? 1, positive.at(-1) ?? 1];
  const span = Math.log(last / first);
  const taus = Array.from({ length: 6 }, (_, k) => first * Math.exp((span * k) / 5));
  const age = (x: number): number => Math.max(0, Math.exp(x) - onset);
  const found: Continuation[] = [
    { name: "as in the last decade", h: (x) => x, byFactor: false, lastDecade: true },
    { name: "level", h: () => 0, byFactor: false, lastDecade: true },
  ];
  for (const tau of taus) {
    const h = (x: number): number => Math.log1p(age(x) / tau);
    found.push({ name: `by ln(1 + t/${short(tau)} s)`, h, byFactor: false, lastDecade: false });
    found.push({ name: `by a power of 1 + t/${short(tau)} s`, h, byFactor: true, lastDecade: false });
    for (const beta of [0.3, 0.6, 1]) {
      const saturating = (x: number): number =>
        -Math.expm1(-Math.exp(beta * Math.log(Math.max(1e-30, age(x)) / tau)));
      const name = `by 1 − exp(−(t/${short(tau)} s)^${beta})`;
      found.push({ name, h: saturating, byFactor: false, lastDecade: false });
    }
  }
  return found;
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}

const decade = Math.log(10);

/**
 * c(G), one a conductance, by least squares over the known ages: of the shift against h, or of the logarithm of the mean against h.
 */
function slopesOf({ knots, shift }: LawTable, { h, byFactor, lastDecade }: Continuation): Float64Array {
  const { conductance, logAge } = knots;
  const [nG, nT] = [conductance.length, logAge.length];
  const from = lastDecade ? firstOfDecade(logAge) : 0;
  return Float64Array.from(conductance, (written, g) => {
    let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
    for (let a = from; a < nT; a++) {
      const at = h(logAge[a]!);
      const value = shift[a * nG + g]!;
      const of = byFactor ? Math.log(Math.max(1e-3, written + value)) : value;
      n++;
      x += at;
      y += of;
      xx += at * at;
      xy += at * of;
    }
    const spread = xx - (x * x) / n;
    return spread > 1e-12 ? (xy - (x * y) / n) / spread : 0;
  });
}

/** The first entry of the last decade of age; the last but one where there is none. */
export function firstOfDecade(logAge: Float64Array): number {
  const last = logAge.length - 1;
  let k = last - 1;
  while (k > 0 && logAge[k]! > logAge[last]! - 0.98 * decade) k--;
  return Math.max(0, k);
}

/** What shifts will be at a later age, one a conductance. */
export function shiftsAt(table: LawTable, law: Continuation, logAge: number, pace = 1): Float64Array {
  const { knots, shift } = table;
  const [nG, nT] = [knots.conductance.length, knots.logAge.length];
  const slopes = slopesOf(table, law);
  const last = (nT - 1) * nG;
  const ahead = pace * (law.h(logAge) - law.h(knots.logAge[nT - 1]!));
  return Float64Array.from(slopes, (slope, g) => {
    const now = shift[last + g]!;
    if (!law.byFactor) return now + slope * ahead;
    const written = knots.conductance[g]!;
    return (written + now) * Math.exp(slope * ahead) - written;
  });
}

/** Δu of an age beyond the last. */
function progress(knots: LawTable["knots"], { h }: Continuation, logAge: number): number {
  const last = knots.logAge.at(-1)!;
  const step = 0.01;
  const rate = (h(last) - h(last - step)) / step;
  const ahead = h(logAge) - h(last);
  return Math.abs(rate) > 1e-9 ? Math.max(0, Math.min(ahead / rate, logAge - last)) : 0;
}

/**
 * The table with later ages.
 *
 * @param pace  by what the law is thought to go faster (or slower, or, at 0, to stand still) than it should.
 */
export function continued(
  table: FoundTable,
  law: Continuation,
  laterLogAges: readonly number[],
  pace = 1,
): LawTable {
  const { knots, covariances } = table;
  const [nG, known, n] = [
    knots.conductance.length,
    knots.logAge.length,
    knots.logAge.length + laterLogAges.length,
  ];
  const grown = (values: Float64Array): Float64Array => {
    const more = new Float64Array(n * nG);
    more.set(values);
    for (let a = known; a < n; a++) more.set(values.subarray((known - 1) * nG), a * nG);
    return more;
  };
  const shift = grown(table.shift);
  laterLogAges.forEach((x, k) => shift.set(shiftsAt(table, law, x, pace), (known + k) * nG));
  const steps = laterLogAges.map((x) => pace * progress(knots, law, x));
  const from = firstOfDecade(knots.logAge);
  const span = knots.logAge[known - 1]! - knots.logAge[from]!;
  const slopeOf = (values: Float64Array): number =>
    span > 0 ? (values[known - 1]! - values[from]!) / span : 0;
  const walk = grown(table.walk);
  const courses = new Float64Array(nG * n * n);
  covariances.forEach((covariance, g) => {
    const rate = Math.max(0, slopeOf(covariance.walk));
    steps.forEach((step, k) => (walk[(known + k) * nG + g]! += rate * step));
    const followed = covariance.courses.map((phi) => {
      const slope = slopeOf(phi);
      return Float64Array.of(...phi, ...steps.map((step) => phi[known - 1]! + slope * step));
    });
    productsInto(courses, g, n, followed);
  });
  return {
    knots: { conductance: knots.conductance, logAge: Float64Array.of(...knots.logAge, ...laterLogAges) },
    onsetSeconds: table.onsetSeconds,
    shift,
    walk,
    courses,
    passing: grown(table.passing),
    noise: grown(table.noise),
  };
}

/** The table is continued for ten years. */
const longestSeconds = 10 * 31_557_600;
/** Entries a decade beyond what was measured. */
const perDecade = 2;

/** ln(age + onset) of the entries beyond the last one. */
export function laterAges(last: number, onset: number): number[] {
  const most = Math.log(longestSeconds + onset);
  const step = Math.log(10) / perDecade;
  const later: number[] = [];
  for (let x = last + step; x < most + step; x += step) later.push(Math.min(x, most));
  return later;
}
