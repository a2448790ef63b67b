import type { Microseconds } from "../../src/units.ts";

/** When bytes have passed a line of a given speed, each way on its own. */
export interface LineTime {
  /** Milliseconds from now until bytes that were sent now have arrived. */
  inward(bytes: number): number;
  /** The same for an answer that can leave after so many milliseconds. */
  outward(bytes: number, afterMilliseconds: number): number;
}

export function lineTime(bytesPerSecond: number | undefined, now: () => Microseconds): LineTime {
  if (bytesPerSecond === undefined) return { inward: () => 0, outward: () => 0 };
  const pass = (freeAt: Microseconds, from: Microseconds, bytes: number): Microseconds =>
    Math.max(freeAt, from) + (1e6 * bytes) / bytesPerSecond;
  let inFreeAt: Microseconds = 0;
  let outFreeAt: Microseconds = 0;
  return {
    inward(bytes) {
      inFreeAt = pass(inFreeAt, now(), bytes);
      return (inFreeAt - now()) / 1000;
    },
    outward(bytes, afterMilliseconds) {
      outFreeAt = pass(outFreeAt, now() + 1000 * afterMilliseconds, bytes);
      return (outFreeAt - now()) / 1000;
    },
  };
}
