import { type Celsius, type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";

/** °C: a mean, and a swing about it like that of day and night. */
export interface TemperatureProfile {
  readonly meanCelsius: Celsius;
  readonly swingCelsius: Celsius;
  readonly periodSeconds: Seconds;
  /** Whether the board measures it. */
  readonly isSensed?: boolean;
  /** Stays in an oven. */
  readonly bakes?: readonly Bake[];
}

/** A stay in an oven, in chip time: the chip has its temperature from the first instant to the last. */
export interface Bake {
  readonly celsius: Celsius;
  readonly fromMicroseconds: Microseconds;
  readonly toMicroseconds: Microseconds;
}

export const roomCelsius: Celsius = 25;
const zeroCelsius = 273.15;
const boltzmannElectronvolts = 8.617333262e-5;

/** Absolute temperature over that of the room. */
export function heatOf(celsius: Celsius): number {
  return (celsius + zeroCelsius) / (roomCelsius + zeroCelsius);
}

/**
 * By how much faster than at 25 °C something goes that has to overcome a barrier: exp(E/k (1/T0 − 1/T)); 1 at 25 °C.
 *
 * @param heat  absolute temperature over that of the room.
 */
export function acceleration(electronvolts: number, heat: number): number {
  return Math.exp((electronvolts / (boltzmannElectronvolts * (roomCelsius + zeroCelsius))) * (1 - 1 / heat));
}

/**
 * What temperature a chip has had and will have. Before its time began it was kept at 25 °C. Bakes do not overlap; one that
 * is added later ends no earlier one.
 */
export class TemperatureCourse {
  readonly profile: TemperatureProfile;
  readonly #bakes: Bake[];

  constructor(profile: TemperatureProfile) {
    this.profile = profile;
    this.#bakes = [...(profile.bakes ?? [])];
  }

  get bakes(): readonly Bake[] {
    return this.#bakes;
  }

  /** Bakes that the profile does not name. */
  get added(): readonly Bake[] {
    return this.#bakes.slice(this.profile.bakes?.length ?? 0);
  }

  /** Whether it is 25 °C at all times: then all that follows from temperature is left out. */
  get isRoom(): boolean {
    const { meanCelsius, swingCelsius } = this.profile;
    return meanCelsius === roomCelsius && swingCelsius === 0 && this.#bakes.length === 0;
  }

  /** @throws RangeError for one that overlaps another. */
  add(bake: Bake): void {
    const overlaps = this.#bakes.some(
      ({ fromMicroseconds, toMicroseconds }) =>
        bake.fromMicroseconds < toMicroseconds && fromMicroseconds < bake.toMicroseconds,
    );
    if (overlaps) throw new RangeError("a chip is in one oven at a time");
    this.#bakes.push(bake);
  }

  celsius(at: Microseconds): Celsius {
    for (const { celsius, fromMicroseconds, toMicroseconds } of this.#bakes) {
      if (at >= fromMicroseconds && at < toMicroseconds) return celsius;
    }
    const { meanCelsius, swingCelsius, periodSeconds } = this.profile;
    if (swingCelsius === 0) return meanCelsius;
    return meanCelsius + swingCelsius * Math.sin((2 * Math.PI * at) / microsecondsPerSecond / periodSeconds);
  }

  /** The next instant after one at which an oven is entered or left; infinite for none. */
  nextStep(after: Microseconds): Microseconds {
    let next = Infinity;
    for (const { fromMicroseconds, toMicroseconds } of this.#bakes) {
      if (fromMicroseconds > after && fromMicroseconds < next) next = fromMicroseconds;
      if (toMicroseconds > after && toMicroseconds < next) next = toMicroseconds;
    }
    return next;
  }
}

/**
 * The clock of something that goes by Arrhenius's law, against the chip's own: effective time passes at
 *
 *     dt_eff = exp(E/k (1/T0 − 1/T)) dt,   T0 = 25 °C.
 *
 * One clock serves all devices of a chip: the effective age of a device is how far this clock has gone since its last pulse.
 * It tells by how much it is ahead of the chip's, so that effective time is real time to the last digit at 25 °C, and short
 * ages after a long bake are exact.
 */
export class EffectiveClock {
  readonly #course: TemperatureCourse;
  readonly #electronvolts: number;
  /** Over one period of the swing, how far the clock gets ahead of the chip's by each of its parts, and how fast it does; µs. */
  readonly #ahead: Float64Array | undefined;
  readonly #rate: Float64Array | undefined;
  readonly #meanRate: number;

  constructor(course: TemperatureCourse, electronvolts: number) {
    this.#course = course;
    this.#electronvolts = electronvolts;
    const { meanCelsius, swingCelsius, periodSeconds } = course.profile;
    this.#meanRate = acceleration(electronvolts, heatOf(meanCelsius)) - 1;
    if (swingCelsius === 0) return;
    const rateAt = (part: number): number =>
      acceleration(electronvolts, heatOf(meanCelsius + swingCelsius * Math.sin(2 * Math.PI * part))) - 1;
    const width = (periodSeconds * microsecondsPerSecond) / swingParts;
    this.#rate = Float64Array.from({ length: swingParts + 1 }, (_, k) => rateAt(k / swingParts));
    this.#ahead = new Float64Array(swingParts + 1);
    for (let k = 1; k <= swingParts; k++) {
      const middle = rateAt((k - 0.5) / swingParts);
      // Simpson's rule.
      const mean = (this.#rate[k - 1]! + 4 * middle + this.#rate[k]!) / 6;
      this.#ahead[k] = this.#ahead[k - 1]! + width * mean;
    }
  }

  /**
   * By how much more effective time than chip time passes between two instants; less than nothing where it is cold.
   *
   * @param from  µs, ≤ `to`.
   */
  ahead(from: Microseconds, to: Microseconds): Microseconds {
    const { bakes } = this.#course;
    let ahead = this.#usual(to) - this.#usual(from);
    for (const { celsius, fromMicroseconds, toMicroseconds } of bakes) {
      const begun = from > fromMicroseconds ? from : fromMicroseconds;
      const ended = to < toMicroseconds ? to : toMicroseconds;
      if (ended <= begun) continue;
      const rate = acceleration(this.#electronvolts, heatOf(celsius)) - 1;
      ahead += rate * (ended - begun) - (this.#usual(ended) - this.#usual(begun));
    }
    return ahead;
  }

  /** How far it would be ahead of the chip's, were the chip never baked; µs. */
  #usual(at: Microseconds): Microseconds {
    if (at <= 0) return 0;
    const ahead = this.#ahead;
    const rate = this.#rate;
    if (ahead === undefined || rate === undefined) return this.#meanRate * at;
    const period = this.#course.profile.periodSeconds * microsecondsPerSecond;
    const turns = Math.floor(at / period);
    const place = ((at - turns * period) / period) * swingParts;
    const k = place < swingParts ? Math.floor(place) : swingParts - 1;
    const part = place - k;
    const width = period / swingParts;
    // Hermite's cubic: it meets the rates too, so that the clock goes smoothly.
    const step = ahead[k + 1]! - ahead[k]!;
    const begins = width * rate[k]!;
    const ends = width * rate[k + 1]!;
    const cubic = part * (begins + part * (3 * step - 2 * begins - ends + part * (begins + ends - 2 * step)));
    return turns * ahead[swingParts]! + ahead[k]! + cubic;
  }
}

const swingParts = 512;
