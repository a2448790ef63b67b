import type { Clock } from "../src/clock.ts";

/** The host's monotonic clock: the one place where real time comes in. */
export const systemClock: Clock = {
  nowMicroseconds: () => Math.floor(performance.now() * 1000),
  sleep: (duration) => new Promise((resolve) => setTimeout(resolve, Math.ceil(duration / 1000))),
};

/**
 * Calls back once after a while unless cancelled; a pending deadline does not keep the process alive.
 *
 * @returns the cancellation.
 */
export function after(milliseconds: number, then: () => void): () => void {
  const timer = setTimeout(then, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}
