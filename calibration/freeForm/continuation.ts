import type { Moments } from "./moments.ts";
import type { FoundTable, LawTable } from "./table.ts";

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
    found.push({ name: `a loss by ln(1 + t/${short(tau)} s)`, h, byFactor: false, lastDecade: false });
    found.push({ name: `a power of 1 + t/${short(tau)} s`, h, byFactor: true, lastDecade: false });
    for (const beta of [0.3, 0.6, 1]) {
      const saturating = (x: number): number =>
        -Math.expm1(-Math.exp(beta * Math.log(Math.max(1e-30, age(x)) / tau)));
      const name = `1 − exp(−(t/${short(tau)} s)^${beta})`;
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
  const shift = new Float64Array(n * nG);
  shift.set(table.shift);
  const noise = new Float64Array(n * nG);
  noise.set(table.noise);
  laterLogAges.forEach((x, k) => {
    shift.set(shiftsAt(table, law, x, pace), (known + k) * nG);
    noise.set(table.noise.subarray((known - 1) * nG), (known + k) * nG);
  });
  const steps = laterLogAges.map((x) => pace * progress(knots, law, x));
  const from = firstOfDecade(knots.logAge);
  const span = knots.logAge[known - 1]! - knots.logAge[from]!;
  const between = new Float64Array(nG * n * n);
  covariances.forEach(({ walk, courses, scale }, g) => {
    const on = (values: Float64Array, falls: boolean): Float64Array => {
      const slope = span > 0 ? (values[known - 1]! - values[from]!) / span : 0;
      const more = Float64Array.from(
        steps,
        (step) => values[known - 1]! + (falls ? slope : Math.max(0, slope)) * step,
      );
      return Float64Array.of(...values, ...more);
    };
    const walked = on(walk, false);
    const followed = courses.map((phi) => on(phi, true));
    const scaled = (a: number): number => scale[Math.min(a, known - 1)]!;
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        const k = walked[Math.min(a, b)]! + followed.reduce((sum, phi) => sum + phi[a]! * phi[b]!, 0);
        between[(g * n + a) * n + b] = k * scaled(a) * scaled(b);
      }
    }
  });
  return {
    knots: { conductance: knots.conductance, logAge: Float64Array.of(...knots.logAge, ...laterLogAges) },
    shift,
    onsetSeconds: table.onsetSeconds,
    between,
    noise,
  };
}

/**
 * The law that would have foreseen the mean best, from each age to those within the next decade: errors count in tenths of what
 * equal devices differ by, as smaller ones do no harm.
 */
export function bestContinuation(
  table: LawTable,
  { square, shiftError, onsetSeconds }: Moments,
): Continuation {
  const { knots, shift } = table;
  const { conductance, logAge } = knots;
  const [nG, nT] = [conductance.length, logAge.length];
  let best: Continuation | undefined;
  let least = Infinity;
  for (const law of continuations(logAge, onsetSeconds)) {
    let [sum, count] = [0, 0];
    for (let k = fewestAges; k < nT; k++) {
      const known = firstAges(table, k);
      for (const b of nextDecade(logAge, k)) {
        const foreseen = shiftsAt(known, law, logAge[b]!);
        for (let g = 0; g < nG; g++) {
          const at = b * nG + g;
          const off = foreseen[g]! - shift[at]!;
          const room = 0.01 * square[at]! + shiftError[at]! * shiftError[at]!;
          sum += Math.min(100, (off * off) / Math.max(1e-12, room));
          count++;
        }
      }
    }
    const score = count === 0 ? (best === undefined ? 0 : Infinity) : sum / count;
    // The first, simplest ones are kept unless another is clearly better.
    if (score < (best === undefined ? Infinity : betterBy * least)) {
      least = score;
      best = law;
    }
  }
  return best!;
}

const betterBy = 0.9;
/** As few tell no course. */
export const fewestAges = 3;

/** The table as if it had been read at the first ages alone. Walks and courses are not found anew. */
function firstAges({ knots, shift, ...rest }: LawTable, ages: number): LawTable {
  const { conductance, logAge } = knots;
  return {
    ...rest,
    knots: { conductance, logAge: logAge.subarray(0, ages) },
    shift: shift.subarray(0, ages * conductance.length),
  };
}

/** The ages within a decade of the k-th last known; the next one where there is none. */
export function nextDecade(logAge: Float64Array, k: number): number[] {
  const within: number[] = [];
  for (let b = k; b < logAge.length; b++) {
    if (b === k || logAge[b]! <= logAge[k - 1]! + 1.05 * decade) within.push(b);
  }
  return within;
}

/** Foretold for as long as anybody will ask: ten years. */
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
