import type { Random } from "../src/random.ts";
import type { Seconds } from "../src/units.ts";
import type { Moments } from "./trimMoments.ts";

/** What is believed of each device of a block from its own reads, if it is left alone. */
export interface Foresight {
  /** What each device is expected to conduct, without the noise of a read. @param agesSeconds  when the clock of the times begins. */
  moments(agesSeconds: Float64Array, timesSeconds: readonly Seconds[]): Moments;
  /**
   * The same after one more look, when devices are `factor` times as old as `ageSeconds`: what it will say is drawn once a device, which
   * over a tile is its mean.
   */
  afterLook(agesSeconds: Float64Array, ageSeconds: Seconds, factor: number, random: Random): Foresight;
}
