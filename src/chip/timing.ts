import type { Microseconds, Nanoseconds } from "../units.ts";
import type { ChipDescription } from "./description.ts";
import { devicesPerRow } from "./geometry.ts";

/**
 * How long a board takes, by its description alone. Deadlines, the parts in which a slow board is asked, and estimates are all
 * reckoned from here.
 */

type Timed = Pick<ChipDescription, "timing">;

/** A row, so many reads of it averaged; likewise a tile's known resistors. */
export function readMicroseconds({ timing }: Timed, averages: number): Microseconds {
  return averages * timing.readRowMicroseconds + (timing.answerMicroseconds ?? 0);
}

/** A row, pulsed once, or by a burst. */
export function pulseMicroseconds(
  { timing }: Timed,
  pulse: {
    readonly widthNanoseconds: Nanoseconds;
    readonly trailingNanoseconds?: Nanoseconds | undefined;
    readonly burst?: { readonly cycles: number; readonly widthNanoseconds: Nanoseconds } | undefined;
  },
): Microseconds {
  const { burst } = pulse;
  const shape = (pulse.widthNanoseconds + (pulse.trailingNanoseconds ?? 0)) / 1000;
  const once = timing.pulseRowMicroseconds + shape;
  const pulses =
    burst === undefined
      ? once
      : burst.cycles * (once + timing.pulseRowMicroseconds + burst.widthNanoseconds / 1000);
  return pulses + (timing.answerMicroseconds ?? 0);
}

/** A row that the board's own loop brings to its targets, at most. */
export function verifyMicroseconds({ timing }: Timed, iterations: number): Microseconds {
  const { readRowMicroseconds, pulseRowMicroseconds, verifyIterationMicroseconds } = timing;
  const one = verifyIterationMicroseconds ?? readRowMicroseconds + pulseRowMicroseconds + usualSettling;
  return iterations * one + (timing.answerMicroseconds ?? 0);
}

/** Devices settle for a millisecond before a board's own loop looks at them. */
const usualSettling: Microseconds = 1000;

/** The product of a tile and one vector. */
export function multiplyMicroseconds({ timing }: Timed): Microseconds {
  return (timing.multiplyMicroseconds ?? timing.readRowMicroseconds) + (timing.answerMicroseconds ?? 0);
}

/** Bytes on the line, one way or the other. */
export function lineMicroseconds({ line }: Pick<ChipDescription, "line">, bytes: number): Microseconds {
  return (1e6 * bytes * line.bitsPerByte) / line.baud;
}

/** What a board is asked for at once takes no longer than this, where it can be parted: standby waits for it. */
export const mostAtOnceMicroseconds: Microseconds = 2e6;

/**
 * The parts in which so many reads of a row are asked for: as many at a time as the longest request holds, one at least.
 * A usual board takes all in one part.
 */
export function averagesInParts({ timing }: Timed, averages: number): number[] {
  const most = Math.max(1, Math.floor(mostAtOnceMicroseconds / timing.readRowMicroseconds));
  const parts: number[] = [];
  for (let left = averages; left > 0; left -= most) parts.push(Math.min(most, left));
  return parts;
}

/** The longest that a read or a pulse of a row keeps board and line busy at once. A loop of the board's own may take longer. */
export function longestRequestMicroseconds(description: ChipDescription): Microseconds {
  const [reads = 1] = averagesInParts(description, mostAverages);
  const usualPulse = { widthNanoseconds: description.limits.minWidthNanoseconds };
  const board = Math.max(readMicroseconds(description, reads), pulseMicroseconds(description, usualPulse));
  return board + lineMicroseconds(description, 2 * devicesPerRow(description.geometry) + 70);
}

/** That the methods ask for in one look. */
const mostAverages = 64;
