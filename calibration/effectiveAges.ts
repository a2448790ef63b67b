import type { Celsius, Seconds } from "../src/units.ts";
import { type DriftLawGuess, fitDevices, temperaturesDiffer } from "./deviceFit.ts";
import type { DriftData, DriftSweep, ReadOut } from "./driftData.ts";

/**
 * Devices age faster when they are warm: time counts exp(E/k (1/T_0 − 1/T)) times. Temperatures between sweeps are taken from
 * a cubic through them, and those before the first sweep as its own.
 *
 * @param reference  T_0, of the first sweep.
 * @returns the sweeps at chip times as drift counts them; as they are where temperatures are not known, or do not differ.
 */
export function atEffectiveTimes(data: DriftData, electronvolts: number, reference: Celsius): DriftData {
  if (electronvolts === 0 || !temperaturesDiffer(data.sweeps)) return data;
  const perKelvin = electronvolts / boltzmannElectronvolts;
  const leadRate = (celsius: Celsius): number =>
    Math.expm1(perKelvin * (1 / (reference + zeroCelsius) - 1 / (celsius + zeroCelsius)));
  let lead = 0;
  const sweeps = data.sweeps.map((sweep, j) => {
    if (j > 0) {
      const before = data.sweeps[j - 1]!;
      const [from, to] = [before.celsius!, sweep.celsius!];
      const passed = sweep.rowTimesMicroseconds[0]! - before.rowTimesMicroseconds[0]!;
      // Simpson's rule.
      const middle = (from + to) / 2 + (passed * (slopeAt(data.sweeps, j - 1) - slopeAt(data.sweeps, j))) / 8;
      lead += (passed * (leadRate(from) + 4 * leadRate(middle) + leadRate(to))) / 6;
    }
    const ahead = lead;
    return { ...sweep, rowTimesMicroseconds: sweep.rowTimesMicroseconds.map((time) => time + ahead) };
  });
  return { ...data, sweeps };
}

/** How fast the temperature changes at a sweep, by the parabola through it and its neighbours; kelvin a microsecond. */
function slopeAt(sweeps: readonly DriftSweep[], j: number): number {
  if (sweeps.length < 3) return (sweeps[1]!.celsius! - sweeps[0]!.celsius!) / gap(sweeps, 1);
  const middle = Math.min(Math.max(j, 1), sweeps.length - 2);
  const [before, after] = [gap(sweeps, middle), gap(sweeps, middle + 1)];
  const left = (sweeps[middle]!.celsius! - sweeps[middle - 1]!.celsius!) / before;
  const right = (sweeps[middle + 1]!.celsius! - sweeps[middle]!.celsius!) / after;
  const bend = (right - left) / (before + after);
  const away = j < middle ? -before : j > middle ? after : 0;
  return left + bend * (before + 2 * away);
}

function gap(sweeps: readonly DriftSweep[], j: number): number {
  return sweeps[j]!.rowTimesMicroseconds[0]! - sweeps[j - 1]!.rowTimesMicroseconds[0]!;
}

/**
 * The barrier that whatever relaxes overcomes at an age, E = kT ln(f t), with the frequency f at which atoms try, 10¹³/s. It
 * needs no fit: fitted, it takes up every bend of drift that goes along with a swing, and comes out half an electronvolt too
 * high.
 */
export function barrierAt(age: Seconds, celsius: Celsius): number {
  return boltzmannElectronvolts * (celsius + zeroCelsius) * (Math.log(attemptsPerSecond) + Math.log(age));
}

/** Whether an energy leaves less noise than none: where temperatures swing between sweeps unseen, it does not. */
export function isHastened(
  parts: readonly DriftData[],
  electronvolts: number,
  readOut: ReadOut,
  guess: DriftLawGuess,
): boolean {
  const usable = parts.reduce((sum, part) => sum + part.usable.reduce((n, one) => n + one, 0), 0);
  const every = Math.max(1, Math.floor(usable / mostDevices));
  let gain = 0;
  for (const data of parts) {
    if (!temperaturesDiffer(data.sweeps)) continue;
    const options = { wanted: (i: number) => i % every === 0 };
    const as = fitDevices(data, readOut, guess, options);
    const aged = atEffectiveTimes(data, electronvolts, guess.referenceCelsius);
    const hastened = fitDevices(aged, readOut, guess, options);
    as.noise.forEach((noise, i) => {
      // Bounded, so that the few that obey no law have no say.
      if (noise > 0) gain += (1 - Math.min(hastened.noise[i]! / noise, 3)) * as.freedom[i]!;
    });
  }
  return gain > 0;
}

const mostDevices = 3000;
const attemptsPerSecond = 1e13;
const boltzmannElectronvolts = 8.617333262e-5;
const zeroCelsius = 273.15;
