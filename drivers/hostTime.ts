import { MhoError } from "../src/errors.ts";
import type { Microseconds } from "../src/units.ts";
import { endOfTime } from "./chipTimes.ts";
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

/**
 * The same, or the time that a script hands over, of which only what can be a chip's time is believed: whole microseconds below 2^52
 * that do not go back. Throws `bad-argument` where the first is none; a later one that cannot be is passed over.
 */
export function checkedHostTime(given: () => Microseconds = hostTime()): () => Microseconds {
  let newest = given();
  if (!isTime(newest))
    throw new MhoError(
      "bad-argument",
      `The host's time is ${newest} µs, which is no time of a chip: give whole microseconds from 0 to 2^52. Check the clock of this computer.`,
    );
  return () => {
    const now = given();
    if (isTime(now) && now > newest) newest = now;
    return newest;
  };
}

function isTime(time: Microseconds): boolean {
  return Number.isInteger(time) && time >= 0 && time < endOfTime;
}

const slack: Microseconds = 1_000_000;
