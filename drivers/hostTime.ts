import type { Microseconds } from "../src/units.ts";
import { systemClock, wallMilliseconds } from "./systemClock.ts";

/**
 * The time of a chip whose board has no clock: the host's calendar, in whole microseconds since 1970. So it goes on while the chip is
 * not connected, which is what its devices age by.
 *
 * The calendar is read when it is made; from then on the host's monotonic clock counts, which nobody sets. Where the calendar
 * is more than a second ahead, the host slept or its clock was set: devices aged, as far as anybody knows. It never goes back.
 */
export function hostTime(
  now = (): Microseconds => systemClock.nowMicroseconds(),
  wall = wallMilliseconds,
): () => Microseconds {
  let offset = 1000 * wall() - now();
  return () => {
    const calendar = 1000 * wall();
    if (calendar - (now() + offset) > slack) offset = calendar - now();
    return Math.floor(now() + offset);
  };
}

const slack: Microseconds = 1_000_000;
