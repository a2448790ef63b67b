import { interpolate } from "../src/model/definition.ts";
import type { Microsiemens } from "../src/units.ts";
import { fitLaw, type FittedLaw } from "./lawFit.ts";
import type { LawPoint } from "./lawLikelihood.ts";
import { tabulated } from "./lawTable.ts";
import { momentsOf } from "./moments.ts";
import { aFew, binsOf, fitFates, type Pool } from "./pool.ts";
import type { PopulationLaws } from "./populationLaws.ts";
import { smoothSpread } from "./smoothSpread.ts";

export type Programming = Pick<PopulationLaws, "programming" | "programmingShift">;

/**
 * What programming left, from devices with a target. A device that was aimed elsewhere since is far from it: left out.
 *
 * Which devices count is asked of their targets: to leave out those that read beneath `least` would cut off one side of the errors.
 */
export function fitProgramming(
  all: Pool,
  law: { readonly readNoise: FittedLaw; readonly q2: (x: number) => number },
  max: Microsiemens,
  least: Microsiemens,
): Programming {
  const { q2 } = law;
  const { fates, targets, conductance } = all;
  const bins = binsOf(
    all,
    targets,
    (i) =>
      targets[i]! >= least &&
      (fates[i] === fitFates.used || (fates[i] === fitFates.tooSmall && conductance[i]! > 0)),
  );
  const points: { mean: LawPoint; spread: LawPoint; shared: number }[] = [];
  let [devices, fourths] = [0, 0];
  for (const bin of bins) {
    const errors = Float64Array.from(bin, (i) => conductance[i]! - targets[i]!);
    const sorted = aFew(errors).sort();
    const middle = sorted[sorted.length >> 1]!;
    const scatter =
      (sorted[Math.floor(0.84 * sorted.length)]! - sorted[Math.floor(0.16 * sorted.length)]!) / 2;
    const limit = 7 * Math.max(scatter, 1e-6);
    let [count, x, noise, shared] = [0, 0, 0, 0];
    const near = errors.filter((error) => Math.abs(error - middle) <= limit);
    bin.forEach((i, k) => {
      if (!(Math.abs(errors[k]! - middle) <= limit)) return;
      const g = Math.max(least, conductance[i]!);
      count++;
      x += targets[i]!;
      const along = all.picked[i] === 1 ? sharedWithLook(all, i, q2, g) : 0;
      noise += varianceOfConductance(all, i, q2, g) - along / 2;
      shared += along;
    });
    if (count < 8) continue;
    const { mean, variance, kurtosis } = momentsOf(near);
    devices += count;
    fourths += count * (kurtosis + 3);
    points.push({
      mean: { x: x / count, count, seen: mean, noise: variance },
      spread: {
        x: x / count,
        count: count - 1,
        seen: (variance * count) / (count - 1),
        noise: noise / count,
      },
      shared: shared / count,
    });
  }
  if (points.length < 4) return { programming: undefined, programmingShift: undefined };
  // The mean square of n devices scatters as (κ − 1)/n, which is 2/n of normal ones.
  const worth = 2 / Math.max(leastFourth, fourths / devices - 1);
  const programming = smoothSpread(points.map(({ spread }) => ({ ...spread, count: spread.count * worth })));
  const between = (of: (point: (typeof points)[number]) => number): ((at: number) => number) => {
    const [places, values] = [points.map(({ spread }) => spread.x), points.map(of)];
    return (at) => interpolate(places, values, at);
  };
  const [shared, noise] = [between((point) => point.shared), between((point) => point.spread.noise)];
  const error = (x: number): number => {
    const { readNoise } = law;
    // Half of what was shared was taken away, and all from nothing to the whole is as likely; and noise is known as well as its law.
    const doubts = Math.hypot(
      shared(x) / Math.sqrt(12),
      (2 * noise(x) * readNoise.error(x)) / readNoise.value(x),
    );
    return Math.hypot(programming.error(x), doubts / (2 * programming.value(x)));
  };
  const shift = points.map(({ mean }) => mean);
  return { programming: { ...programming, error }, programmingShift: fitLaw("mean", shift, max, 4) };
}

/** κ − 1 of no law is less: two values. */
const leastFourth = 0.5;

/**
 * A device that was accepted by looks from the reference age on lies above its target by what the look's noise hid, and slow
 * noise is still there when it is watched: measured and true error then differ by less than the noise. At most by this, where
 * that look alone decided, and not at all where earlier ones did; µS².
 */
function sharedWithLook(all: Pool, i: number, q2: (x: number) => number, g: Microsiemens): number {
  return 2 * all.alongLook[i]! * q2(g) * g * g;
}

/** µS²; of a device that conducts g. */
function varianceOfConductance(all: Pool, i: number, q2: (x: number) => number, g: Microsiemens): number {
  return all.varianceLogA[i]! * q2(g) * g * g;
}

interface Weighed {
  readonly conductance: Float32Array;
  readonly exponent: Float32Array;
  readonly exponentVariance: Float32Array;
}

export function weighTargets(
  all: Pool,
  q2: (x: number) => number,
  { programming, programmingShift }: Programming,
  laws: Omit<PopulationLaws, "readNoise"> | undefined,
  max: Microsiemens,
  out: Weighed,
): void {
  const known = programming !== undefined && programmingShift !== undefined;
  const spread = known ? tabulated((x) => programming.value(x), max) : undefined;
  const shift = known ? tabulated((x) => programmingShift.value(x), max) : undefined;
  const h = 0.02 * max;
  const law = laws?.exponentMean;
  const slope = tabulated(
    (x) => (law === undefined ? 0 : (law.value(x + h) - law.value(x - h)) / (2 * h)),
    max,
  );
  for (let i = 0; i < all.count; i++) {
    if (all.fates[i] !== fitFates.used) continue;
    const measured = all.conductance[i]!;
    const noise = q2(measured);
    const vG = all.varianceLogA[i]! * noise * measured * measured;
    const vNu = all.varianceExponent[i]! * noise;
    const along = (all.covariance[i]! * noise * measured) / vG;
    const target = all.targets[i]!;
    let k = 1;
    let off = 0;
    if (spread !== undefined && !Number.isNaN(target)) {
      const meant = target + shift!(target);
      const own = spread(target) * spread(target);
      off = measured - meant;
      // A device that was aimed elsewhere since.
      if (off * off > 25 * (own + vG)) off = 0;
      else k = own / (own + vG);
    }
    out.conductance[i] = measured - (1 - k) * off;
    out.exponent[i] = all.exponent[i]! - along * (1 - k) * off;
    const steep = slope(out.conductance[i]!) - along;
    out.exponentVariance[i] = Math.max(0, vNu - along * along * vG) + steep * steep * k * vG;
  }
}
