import type { Microsiemens, Seconds } from "../units.ts";
import type { Courses } from "./courses.ts";
import type { ErrorCause } from "./deviceModel.ts";
import { type FreeFormLaw, placeIn } from "./freeFormLaw.ts";

/**
 * Devices of a table, drawn with their whole covariance over the ages that are asked for. What a device shares with its first age
 * counts as programming, as in the variance's parts:
 *
 *     δ(t) = a(t) N + d(t),   a(t) = K(f, t) / sqrt(K(f, f)),   cov(d(s), d(t)) = K(s, t) − a(s) a(t)
 *
 * with f the table's first age, and K with what comes and goes on its diagonal. d comes of Cholesky's factor of its covariance, which is
 * worked out for each device: between the table's conductances it is K that is linear, and not its factor.
 *
 * @param conductances  of the table, ascending, µS.
 * @param shares        of the standard deviation that each cause has in the table.
 */
export function freeFormCourses(
  law: FreeFormLaw,
  conductances: readonly Microsiemens[],
  ages: readonly Seconds[],
  firstAge: Seconds,
  shares: Readonly<Record<ErrorCause, number>>,
): Courses {
  const times = ages.length;
  const withFirst = conductances.map((g) =>
    Float64Array.from(ages, (age) => law.covariance(g, firstAge, age)),
  );
  const first = conductances.map((g) => law.covariance(g, firstAge, firstAge));
  const read = conductances.map((g) => Float64Array.from(ages, (age) => law.readVariance(g, age)));
  const covariance = conductances.map((g) => {
    const rows = new Float64Array(times * times);
    ages.forEach((s, i) =>
      ages.forEach((t, j) => {
        rows[i * times + j] = i === j ? law.variance(g, s) : law.covariance(g, s, t);
      }),
    );
    return rows;
  });
  const shared = new Float64Array(times);
  const factor = new Float64Array(times * times);
  return {
    driftDeviates: times,
    readDeviates: times,
    draw(target, deviates, reads) {
      const { low, high, part } = placeIn(conductances, target);
      const between = (a: number, b: number): number => a + part * (b - a);
      const atFirst = between(first[low]!, first[high]!);
      const [lowK, highK] = [covariance[low]!, covariance[high]!];
      for (let t = 0; t < times; t++) {
        const common = between(withFirst[low]![t]!, withFirst[high]![t]!);
        const most = Math.sqrt(between(lowK[t * times + t]!, highK[t * times + t]!));
        shared[t] = atFirst > 0 ? Math.min(most, Math.max(-most, common / Math.sqrt(atFirst))) : 0;
        let off = shares.programming * shared[t]! * deviates[0]!;
        for (let s = 0; s <= t; s++) {
          let left = between(lowK[t * times + s]!, highK[t * times + s]!) - shared[s]! * shared[t]!;
          for (let k = 0; k < s; k++) left -= factor[s * times + k]! * factor[t * times + k]!;
          const pivot = factor[s * times + s]!;
          // Where nothing is left of an age's own, nothing hangs on it.
          const entry = s === t ? Math.sqrt(Math.max(0, left)) : pivot > 0 ? left / pivot : 0;
          factor[t * times + s] = entry;
          off += shares.drift * entry * deviates[1 + s]!;
        }
        const noise = Math.sqrt(between(read[low]![t]!, read[high]![t]!)) * deviates[1 + times + t]!;
        reads[t] = law.mean(target, ages[t]!) + off + shares.read * noise;
      }
    },
  };
}
