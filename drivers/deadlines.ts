/**
 * How long an answer is waited for. What a request takes is reckoned from the chip's description and the line
 * (`src/chip/timing.ts`); it may take a quarter longer, and half of the margin more. A usual board answers in a moment, and has the
 * whole margin.
 *
 * @param reckonedMilliseconds  of the request and of what is in flight before it.
 */
export function deadlineFor(reckonedMilliseconds: number, marginMilliseconds: number): number {
  return Math.max(marginMilliseconds, Math.ceil(1.25 * reckonedMilliseconds + marginMilliseconds / 2));
}

/**
 * How often a question is asked: as often as fits into six seconds, twice at least. A slow board is not asked again and again for
 * what takes it long.
 *
 * @param deadlineMilliseconds  of the question alone.
 */
export function attemptsWithin(deadlineMilliseconds: number, usual: number): number {
  return Math.min(usual, Math.max(2, Math.floor(patienceMilliseconds / deadlineMilliseconds)));
}

/** Eight attempts of three quarters of a second. */
const patienceMilliseconds = 6000;
