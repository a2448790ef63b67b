import type { Microseconds } from "./units.ts";

/**
 * Link time: real and monotonic. It times deadlines, heartbeats and pacing, and never what devices age by:
 * that is chip time, which comes with every reading.
 */
export interface Clock {
  /** Microseconds since an arbitrary instant; never steps back. */
  nowMicroseconds(): Microseconds;
  /** Resolves after at least this long. */
  sleep(duration: Microseconds): Promise<void>;
}

/** Raised by a signal handler and read by the engine between two turns. */
export interface StopRequest {
  readonly requested: boolean;
  /** What asked, as the run's journal says it; a signal where nothing is said. */
  readonly text?: string | undefined;
}
