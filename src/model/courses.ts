import type { Microsiemens, Seconds } from "../units.ts";

/**
 * Newly programmed devices, drawn by a model's own law and not by its moments, and read once at each of a few times. What belongs to a
 * device for good is drawn once, and what differs from read to read once a time.
 *
 * A device takes one standard normal deviate for its programming, `driftDeviates` for how it drifts otherwise than its equals, and
 * `readDeviates` for its reads, in this order.
 */
export interface Courses {
  readonly driftDeviates: number;
  readonly readDeviates: number;
  /**
   * @param deviates  independent standard normal deviates of one device.
   * @param reads     gets one read a time, µS.
   */
  readonly draw: (target: Microsiemens, deviates: Float64Array, reads: Float64Array) => void;
}

/** One read of one device: a course of a single time. */
export function sampleOf(
  courses: (times: readonly Seconds[]) => Courses,
): (target: Microsiemens, time: Seconds, normal: () => number) => Microsiemens {
  return (target, time, normal) => {
    const { driftDeviates, readDeviates, draw } = courses([time]);
    const deviates = Float64Array.from({ length: 1 + driftDeviates + readDeviates }, () => normal());
    const reads = new Float64Array(1);
    draw(target, deviates, reads);
    return reads[0]!;
  };
}
