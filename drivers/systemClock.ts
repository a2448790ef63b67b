import type { Clock } from "../src/clock.ts";

/** The host's monotonic clock: the one place where real time comes in. */
export const systemClock: Clock = {
  nowMicroseconds: () => Math.floor(performance.now() * 1000),
  sleep: (duration) => new Promise((resolve) => setTimeout(resolve, Math.ceil(duration / 1000))),
};

/** The calendar's time in milliseconds; it also goes on while the host sleeps, and people may set it. */
export const wallMilliseconds = (): number => Date.now();

/** Calls back once after a while unless cancelled. @returns the cancellation. */
export type After = (milliseconds: number, then: () => void) => () => void;

/** By the host's clock; a pending deadline does not keep the process alive. */
export const after: After = (milliseconds, then) => {
  const timer = setTimeout(then, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};
