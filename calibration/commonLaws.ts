import type { Seconds } from "../src/units.ts";
import { type Cohort, lessFitted, type Weighing, whitened } from "./cohort.ts";
import { type DriftLawGuess, fitDevices, temperaturesDiffer } from "./deviceFit.ts";
import { fitLaw, type FittedLaw } from "./lawFit.ts";
import type { LawPoint } from "./lawLikelihood.ts";
import { dot } from "./matrix.ts";
import type { DriftData, ReadOut } from "./driftData.ts";

/**
 * What a kelvin does to ln G, against what a device conducts at that time, from how reads of all devices go along with the chip's temperature: of each
 * device's deviations from its own drift, the part in the direction of the temperatures. Undefined where they did not differ.
 */
export function temperatureSlopes(
  parts: readonly DriftData[],
  readOut: ReadOut,
  guess: DriftLawGuess,
  max: number,
): FittedLaw | undefined {
  const bins = 12;
  const sums = Array.from({ length: bins }, () => ({
    x: 0,
    count: 0,
    product: 0,
    square: 0,
    noise: 0,
    freedom: 0,
  }));
  for (const data of parts) {
    if (!temperaturesDiffer(data.sweeps)) continue;
    const kelvins = data.sweeps.map(({ celsius }) => celsius! - guess.referenceCelsius);
    const directions = new Map<Cohort, Float64Array>();
    const directionOf = (cohort: Cohort): Float64Array => {
      let direction = directions.get(cohort);
      if (direction === undefined) {
        direction = whitened(
          cohort.whitener,
          Float64Array.from(cohort.sweeps, (j) => kelvins[j]!),
        );
        lessFitted(direction, cohort.fitted);
        directions.set(cohort, direction);
      }
      return direction;
    };
    const found: { i: number; product: number; square: number; logAge: number }[] = [];
    const fits = fitDevices(data, readOut, guess, {
      wanted: everySo(data.usable, mostDevices / parts.length),
      onResiduals(i, cohort, white) {
        const direction = directionOf(cohort);
        const logAge = logAgeOfSwing(cohort, kelvins);
        found.push({ i, product: dot(direction, white), square: dot(direction, direction), logAge });
      },
    });
    for (const { i, product, square, logAge } of found) {
      const g = fits.conductanceMicrosiemens[i]! * Math.exp(-fits.exponent[i]! * logAge);
      const noise = fits.noise[i]!;
      if (!(g > 0.03 * max) || !(noise > 0)) continue;
      const sum = sums[Math.min(bins - 1, Math.floor((bins * g) / max))]!;
      sum.x += g;
      sum.count++;
      sum.product += product;
      sum.square += square;
      sum.noise += noise;
    }
  }
  const points = sums
    .filter(({ count, square }) => count >= 20 && square > 0)
    .map(({ x, count, product, square, noise }): LawPoint => {
      const variance = noise / count / square;
      return { x: x / count, count, seen: product / square, noise: variance * count };
    });
  return points.length < 4 ? undefined : fitLaw("mean", points, max, 3);
}

/** Where on the axis of drift temperatures were unusual. */
function logAgeOfSwing({ sweeps, logAges }: Cohort, kelvins: readonly number[]): number {
  let sum = 0;
  let weight = 0;
  sweeps.forEach((j, k) => {
    const square = kelvins[j]! * kelvins[j]!;
    weight += square;
    sum += square * logAges[k]!;
  });
  return weight > 0 ? sum / weight : 0;
}

/**
 * The onset of drift: ages count from it, L = ln((age + onset)/(reference + onset)). Of many onsets the one is taken that
 * leaves the least noise. Undefined where no sweep is young enough to tell.
 */
export function onsetOf(
  parts: readonly DriftData[],
  readOut: ReadOut,
  guess: DriftLawGuess,
): { onsetSeconds: Seconds; logError: number } | undefined {
  const chosen = parts.map((data) => everySo(data.usable, onsetDevices / parts.length));
  const weighings = parts.map(() => new Map<string, Weighing | undefined>());
  const noises = new Map<string, number>();
  const lossAt = (logOnset: number): number => {
    let loss = 0;
    parts.forEach((data, n) => {
      const fits = fitDevices(
        data,
        readOut,
        { ...guess, onsetSeconds: Math.exp(logOnset) },
        { wanted: chosen[n]!, weighings: weighings[n]! },
      );
      for (let i = 0; i < fits.noise.length; i++) {
        const noise = fits.noise[i]!;
        if (!(noise > 0)) continue;
        const key = `${n} ${i}`;
        if (!noises.has(key)) noises.set(key, noise);
        // Bounded, so that the few that obey no law have no say.
        loss += (Math.min(noise / noises.get(key)!, 3) * fits.freedom[i]!) / 2;
      }
    });
    return loss;
  };
  const logs = [-4, -2.5, -1, 0, 1, 2.5, 4];
  const losses = logs.map(lossAt);
  const first = losses.indexOf(Math.min(...losses));
  if (first === 0 || first === logs.length - 1) return undefined;
  let [low, high] = [logs[first - 1]!, logs[first + 1]!];
  const inside = 0.381966;
  let [a, b] = [low + inside * (high - low), high - inside * (high - low)];
  let [lossA, lossB] = [lossAt(a), lossAt(b)];
  for (let n = 0; n < 10; n++) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = low + inside * (high - low);
      lossA = lossAt(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = high - inside * (high - low);
      lossB = lossAt(b);
    }
  }
  const at = (a + b) / 2;
  const h = 0.3;
  const curvature = (lossAt(at + h) + lossAt(at - h) - 2 * lossAt(at)) / (h * h);
  const logError = curvature > 0 ? Math.hypot(1 / Math.sqrt(curvature), formOfOnset) : Infinity;
  return logError < 0.7 ? { onsetSeconds: Math.exp(at), logError } : undefined;
}

/** How far the form of the onset can be trusted, in ln. */
const formOfOnset = 0.04;
const mostDevices = 16_000;
const onsetDevices = 1500;

/** Usable devices spread over a block, about so many. */
function everySo(usable: Uint8Array, wished: number): (i: number) => boolean {
  const all = usable.reduce((sum, one) => sum + one, 0);
  const step = Math.max(1, all / wished);
  const chosen = new Uint8Array(usable.length);
  let seen = 0;
  let next = 0;
  for (let i = 0; i < usable.length; i++) {
    if (usable[i] === 0) continue;
    if (seen++ < next) continue;
    chosen[i] = 1;
    next += step;
  }
  return (i) => chosen[i] === 1;
}
