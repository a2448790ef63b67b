import { amplitudeFor, slopeAt } from "../chip/amplitudeCurve.ts";
import type { AmplitudeCurve, PulseKind } from "../chip/amplitudeCurve.ts";

/** Scatter of a reading that is no offset: cycle-to-cycle and 1/f noise, relative, and the converter's, µS. */
const relativeReadingScatter = 0.06;
const absoluteReadingScatter = 0.1;
/** A reading that tells an offset no better than this lies on a flat end of the curve, µA². */
const maxTellingVariance = 900;

/** The nominal curve, looked up on an even grid of conductances. */
export class CurveTable {
  readonly microamperesPerCode: number;
  readonly deviceSpread: number;
  readonly lowest: number;
  readonly highest: number;
  /** The lowest and the highest conductance that tell an offset well enough to learn from. */
  readonly lowestTelling: number;
  readonly highestTelling: number;
  readonly #perMicrosiemens: number;
  readonly #amplitudes: Float64Array;
  readonly #variances: Float64Array;

  constructor({ nominalCurve: curve, microamperesPerCode }: PulseKind) {
    const g = curve.conductanceMicrosiemens;
    this.microamperesPerCode = microamperesPerCode;
    this.deviceSpread = curve.deviceSpreadMicroamperes;
    this.lowest = g.at(-1)!;
    this.highest = g[0]!;
    this.#perMicrosiemens = (points - 1) / (this.highest - this.lowest || 1);
    const conductance = (_: unknown, k: number): number => this.lowest + k / this.#perMicrosiemens;
    const grid = Float64Array.from({ length: points }, conductance);
    this.#amplitudes = grid.map((conductanceHere) => amplitudeFor(curve, conductanceHere));
    this.#variances = grid.map((conductanceHere) => varianceOfReading(curve, conductanceHere));
    const telling = grid.filter((_, k) => this.#variances[k]! <= maxTellingVariance);
    this.lowestTelling = telling[0] ?? this.lowest;
    this.highestTelling = telling.at(-1) ?? this.highest;
  }

  /** µA for a conductance; beyond the curve's ends it is brought to them. */
  amplitude(conductance: number): number {
    const place = Math.min(points - 1, Math.max(0, (conductance - this.lowest) * this.#perMicrosiemens));
    const k = Math.min(points - 2, Math.floor(place));
    const part = place - k;
    return this.#amplitudes[k]! * (1 - part) + this.#amplitudes[k + 1]! * part;
  }

  /** How well a reading tells a device's offset, µA². */
  observationVariance(reading: number): number {
    const place = (reading - this.lowest) * this.#perMicrosiemens;
    return this.#variances[Math.min(points - 1, Math.max(0, Math.round(place)))]!;
  }
}

const points = 4096;

function varianceOfReading(curve: AmplitudeCurve, reading: number): number {
  const scatter = relativeReadingScatter * reading + absoluteReadingScatter;
  const inAmplitude = scatter / Math.max(slopeAt(curve, reading), 1e-9);
  return curve.cycleSpreadMicroamperes * curve.cycleSpreadMicroamperes + inAmplitude * inAmplitude;
}
