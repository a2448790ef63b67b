import { relaxationOnsetSeconds, relaxationPerDecade } from "./rramRelaxation.ts";
import {
  type Celsius,
  type Microseconds,
  microsecondsPerSecond,
  type Microsiemens,
  type Seconds,
} from "../src/units.ts";
import { acceleration, EffectiveClock, heatOf, type TemperatureCourse } from "./temperature.ts";

/**
 * What temperature does to HfOx devices: docs/emulator.md has the laws, and how they follow from bakes of 16,384 real cells
 * at 100 to 260 °C.
 */

/** kT ln(10¹³/s · t) of the bakes, at the times when room temperature would have done the same. */
const relaxationElectronvolts = 1.1;
/** More of the surroundings of a filament move when it is warm: so does the variance of each decade grow. */
const strengthElectronvolts = 0.105;
const lossElectronvolts = 1.68;
/** Of ln G, after 4,566 s at 220 °C; it grows as the root of time. */
const measuredLoss = 0.16;
const measuredSeconds: Seconds = 4566 * acceleration(lossElectronvolts, heatOf(220));

/** Above one quantum of conductance a filament is a metal; below it a gap is in series, which conducts more when it is warm. */
const filamentConductance: Microsiemens = 77.5;
const filamentPerKelvin = 0.001;
const gapElectronvolts = 0.05;

export class RramHeat {
  readonly #course: TemperatureCourse;
  readonly #relaxation: EffectiveClock;
  readonly #loss: EffectiveClock;

  constructor(course: TemperatureCourse) {
    this.#course = course;
    this.#relaxation = new EffectiveClock(course, relaxationElectronvolts);
    this.#loss = new EffectiveClock(course, lossElectronvolts);
  }

  /**
   * Variance of the walk of relaxation between two instants, in units of one decade's at 25 °C.
   *
   * @param pulsedAt  when the walk began.
   * @param onset     t_r: it walks in log10(1 + t_eff/t_r).
   */
  walked(pulsedAt: Microseconds, from: Microseconds, to: Microseconds, onset: Seconds): number {
    if (this.#course.isRoom) return decades(to - pulsedAt, onset) - decades(from - pulsedAt, onset);
    let sum = 0;
    let before = decades(from - pulsedAt + this.#relaxation.ahead(pulsedAt, from), onset);
    for (let begun = from; begun < to;) {
      const ended = Math.min(to, this.#course.nextStep(begun));
      const after = decades(ended - pulsedAt + this.#relaxation.ahead(pulsedAt, ended), onset);
      sum += acceleration(strengthElectronvolts, heatOf(this.#course.celsius(begun))) * (after - before);
      before = after;
      begun = ended;
    }
    return sum;
  }

  /** What is left of a conductance since a pulse, as a share: only warmth takes any. */
  kept(pulsedAt: Microseconds, at: Microseconds): number {
    if (this.#course.isRoom) return 1;
    const ahead = this.#loss.ahead(pulsedAt, at) / microsecondsPerSecond;
    return ahead <= 0 ? 1 : Math.exp(-measuredLoss * Math.sqrt(ahead / measuredSeconds));
  }
}

/**
 * Variance that a bake right after the pulse leaves, in µS² of a range of 40 µS.
 *
 * @param r         conductance as a share of the range.
 * @param strength  eV: by how much the variance of a decade grows with temperature.
 */
export function rramRelaxation(
  r: number,
  celsius: Celsius,
  seconds: Seconds,
  strength = strengthElectronvolts,
): number {
  const heat = heatOf(celsius);
  const age = seconds * acceleration(relaxationElectronvolts, heat) * microsecondsPerSecond;
  return acceleration(strength, heat) * relaxationPerDecade(r) * decades(age, relaxationOnsetSeconds(r));
}

function decades(age: Microseconds, onset: Seconds): number {
  return Math.log10(1 + age / microsecondsPerSecond / onset);
}

/**
 * What a device conducts when it is warm: a metallic filament in series with a gap that has to be overcome,
 *
 *     1/G(T) = (1 + α ΔT)/G_f + (1/G − 1/G_f) exp(−E_g/k (1/T0 − 1/T)),   G_f = 77.5 µS = 2e²/h.
 *
 * It grows with G at any temperature.
 *
 * @param heat  absolute temperature over that of the room.
 */
export function warmRram(conductance: Microsiemens, heat: number): Microsiemens {
  const metallic = 1 + filamentPerKelvin * 298.15 * (heat - 1);
  if (conductance >= filamentConductance) return conductance / metallic;
  const gap = (filamentConductance / conductance - 1) / acceleration(gapElectronvolts, heat);
  return filamentConductance / (metallic + gap);
}
