import { type Microseconds, microsecondsPerSecond, type Microsiemens, type Seconds } from "../src/units.ts";
import { acceleration, EffectiveClock, heatOf, type TemperatureCourse } from "./temperature.ts";

/** What temperature does to phase-change devices: docs/emulator.md has the laws and their sources. */

/** The barrier that relaxation has come to after a day at 25 °C: kT ln(10¹³/s · 86,400 s). */
const driftElectronvolts = 1.06;
const crystallisationElectronvolts = 2.4;
/** Half of what is amorphous has crystallised after ten years at 110 °C; so long would it take at 25 °C. */
const halfLifeSeconds: Seconds =
  10 * 365.25 * 86_400 * acceleration(crystallisationElectronvolts, heatOf(110));
export const readingElectronvolts = 0.25;

/** Ages of a chip's devices as their temperatures have made them. */
export class PcmHeat {
  readonly #course: TemperatureCourse;
  readonly #drift: EffectiveClock;
  readonly #crystallisation: EffectiveClock;

  constructor(course: TemperatureCourse) {
    this.#course = course;
    this.#drift = new EffectiveClock(course, driftElectronvolts);
    this.#crystallisation = new EffectiveClock(course, crystallisationElectronvolts);
  }

  /** How old drift takes a device to be. */
  age(pulsedAt: Microseconds, at: Microseconds): Seconds {
    if (this.#course.isRoom) return (at - pulsedAt) / microsecondsPerSecond;
    return (at - pulsedAt + this.#drift.ahead(pulsedAt, at)) / microsecondsPerSecond;
  }

  /** How old crystallisation takes it to be. */
  crystallisationAge(pulsedAt: Microseconds, at: Microseconds): Seconds {
    if (this.#course.isRoom) return (at - pulsedAt) / microsecondsPerSecond;
    return (at - pulsedAt + this.#crystallisation.ahead(pulsedAt, at)) / microsecondsPerSecond;
  }

  /**
   * Share of what was amorphous that has crystallised by nucleation and growth, 1 − 2^−(t_eff/τ)³. Only warmth counts: at 25
   * °C a billion years would show nothing.
   */
  crystallised(pulsedAt: Microseconds, at: Microseconds): number {
    if (this.#course.isRoom) return 0;
    const ahead = this.#crystallisation.ahead(pulsedAt, at) / microsecondsPerSecond;
    if (ahead <= 0) return 0;
    const ratio = ahead / halfLifeSeconds;
    return -Math.expm1(-Math.LN2 * ratio * ratio * ratio);
  }
}

/**
 * What a device conducts when it is warm. A crystalline part, which does not care, is in series with an amorphous one, which
 * is a semiconductor:
 *
 *     1/G(T) = 1/G_top + (1/G − 1/G_top) exp(−E_a/k (1/T0 − 1/T)).
 *
 * It grows with G, and stays below G_top, at any temperature.
 *
 * @param top     µS, of the device when it is all crystalline.
 * @param warmth  exp(E_a/k (1/T0 − 1/T)), 1 at 25 °C.
 */
export function warmPcm(conductance: Microsiemens, top: Microsiemens, warmth: number): Microsiemens {
  return (conductance * top) / (conductance + (top - conductance) / warmth);
}
