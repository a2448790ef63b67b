import { normalOf, type Random, uniformOf } from "../src/random.ts";
import { type Microseconds, microsecondsPerSecond } from "../src/units.ts";

/**
 * Random telegraph noise: by how much a device conducts more at an instant, as a share. Each device has a height of its own,
 * 2 … 10 %, and draws whether it is high at every turn of a dwell time of its own, 10 s in the median.
 *
 * @param random  of the chip's odd ways.
 * @param key     number of the device in the chip.
 */
export function telegraphShare(random: Random, key: number, at: Microseconds): number {
  random.at(key, 1);
  const height = 0.02 + 0.08 * uniformOf(random.word0);
  const dwellSeconds = 10 * Math.exp(2.3 * normalOf(random.word1));
  const interval = Math.floor(at / microsecondsPerSecond / dwellSeconds);
  const state = random.at(key, 0x40000000 + (interval % 0x3fffffff)).word0 & 1;
  return state === 1 ? height : 0;
}
