import { interpolate } from "../src/model/definition.ts";
import type { Microsiemens } from "../src/units.ts";
import { fitLaw } from "./lawFit.ts";
import type { LawPoint } from "./lawLikelihood.ts";
import { tabulated } from "./lawTable.ts";
import { aFew, binsOf, fitFates, type Pool } from "./pool.ts";
import type { PopulationLaws } from "./populationLaws.ts";

export type Programming = Pick<PopulationLaws, "programming" | "programmingShift">;

/** What programming left, from devices with a target. A device that was aimed elsewhere since is far from it: left out. */
export function fitProgramming(all: Pool, q2: (x: number) => number, max: Microsiemens): Programming {
  const bins = binsOf(all, all.targets);
  const points: { mean: LawPoint; spread: LawPoint; shared: number }[] = [];
  for (const bin of bins) {
    const errors = Float64Array.from(bin, (i) => all.conductance[i]! - all.targets[i]!);
    const sorted = aFew(errors).sort();
    const middle = sorted[sorted.length >> 1]!;
    const scatter =
      (sorted[Math.floor(0.84 * sorted.length)]! - sorted[Math.floor(0.16 * sorted.length)]!) / 2;
    const limit = 7 * Math.max(scatter, 1e-6);
    let count = 0;
    let x = 0;
    let sum = 0;
    let square = 0;
    let noise = 0;
    let shared = 0;
    bin.forEach((i, k) => {
      if (!(Math.abs(errors[k]! - middle) <= limit)) return;
      count++;
      x += all.targets[i]!;
      sum += errors[k]!;
      square += errors[k]! * errors[k]!;
      const along = all.picked[i] === 1 ? sharedWithLook(all, i, q2) : 0;
      noise += varianceOfConductance(all, i, q2) - along / 2;
      shared += along;
    });
    if (count < 8) continue;
    const mean = sum / count;
    const variance = square / count - mean * mean;
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
  const law = fitLaw(
    "spread",
    points.map(({ spread }) => spread),
    max,
    5,
  );
  const shared = interpolator(points.map(({ spread, shared: y }) => ({ x: spread.x, y })));
  // Half of it was taken away, and all from nothing to the whole is as likely.
  const error = (x: number): number =>
    Math.hypot(law.error(x), shared(x) / (2 * Math.sqrt(12) * law.value(x)));
  const shift = points.map(({ mean }) => mean);
  return { programming: { ...law, error }, programmingShift: fitLaw("mean", shift, max, 4) };
}

function interpolator(points: readonly { x: number; y: number }[]): (at: number) => number {
  const x = points.map((point) => point.x);
  const y = points.map((point) => point.y);
  return (at) => interpolate(x, y, at);
}

/**
 * A device that was accepted by a look at the reference age lies above its target by what the look's noise hid, and slow
 * noise is still there when it is watched: measured and true error then differ by less than the noise. At most by this, where
 * that look alone decided, and not at all where earlier ones did; µS².
 */
export function sharedWithLook(all: Pool, i: number, q2: (x: number) => number): number {
  const g = all.conductance[i]!;
  return 2 * all.alongLook[i]! * q2(g) * g * g;
}

/** µS². */
export function varianceOfConductance(all: Pool, i: number, q2: (x: number) => number): number {
  const g = all.conductance[i]!;
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
