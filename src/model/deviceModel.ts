import type { Microsiemens, Seconds } from "../units.ts";
import type { Courses } from "./courses.ts";

/**
 * What we believe of a kind of device, as the two tables that the translation needs: the mean m(G, t) and the
 * variance v(G, t) of one read, for a target conductance G, a time t after programming.
 */
export interface DeviceModel {
  readonly name: string;
  readonly minConductanceMicrosiemens: Microsiemens;
  readonly maxConductanceMicrosiemens: Microsiemens;
  /** The times for which anything is known; outside them the moments throw RangeError. */
  readonly knownTimesSeconds: { readonly from: Seconds; readonly to: Seconds };
  /** Age after the last pulse at which a device is meant to have its target. */
  readonly referenceAgeSeconds: Seconds;
  /** Age after the last pulse at the zero of the model's time. */
  readonly timeZeroSeconds: Seconds;
  /** Age at which drift sets in: below the reference age it goes as (age + onset). */
  readonly onsetSeconds: Seconds;
  /** Mean exponent of the power law by which devices drift; 0 where they follow none. */
  driftExponentMean(target: Microsiemens): number;
  /** Standard deviation of the conductance that programming leaves, µS. */
  programmingStd(target: Microsiemens): Microsiemens;
  /** µS. */
  mean(target: Microsiemens, time: Seconds): Microsiemens;
  /** µS²; the sum of its parts. */
  variance(target: Microsiemens, time: Seconds): number;
  /** The variance by cause. */
  varianceParts(target: Microsiemens, time: Seconds): VarianceParts;
  /** The same devices without one cause of error; undefined where the data cannot tell it from the others. */
  without(cause: ErrorCause): DeviceModel | undefined;
  /**
   * How newly programmed devices are drawn, each with all of its reads.
   *
   * @param times  at least one, ascending. Throws RangeError at a time of which the model knows nothing.
   */
  courses(times: readonly Seconds[]): Courses;
  /**
   * The same devices, each reading the mean of several reads `secondsBetweenReads` apart; undefined where the data cannot tell a read's
   * noise from the rest.
   */
  meanOfReads(reads: number): DeviceModel | undefined;
  /**
   * One read of one newly programmed device, drawn by the law itself and not by its moments: the check on them.
   *
   * @param normal  gives independent standard normal deviates.
   */
  sample(target: Microsiemens, time: Seconds, normal: () => number): Microsiemens;
}

/** Reads that are averaged are taken so far apart, s. */
export const secondsBetweenReads: Seconds = 1 / 16;

/** µS²: what each cause adds to what the ones before it leave. */
export interface VarianceParts {
  readonly programming: number;
  /** How differently equal devices drift or relax. */
  readonly drift: number;
  readonly read: number;
}

export type ErrorCause = keyof VarianceParts;

/** The moments outside what is known would be invention. */
export function refuseUnknownTime(model: DeviceModel, time: Seconds): void {
  const { from, to } = model.knownTimesSeconds;
  if (!(time >= from && time <= to)) {
    throw new RangeError(`${model.name} is known from ${from} s to ${to} s, and not at ${time} s`);
  }
}

/** Of models that say nothing of it: as 90 nm devices are held to do. */
export const usualOnsetSeconds: Seconds = 1;
