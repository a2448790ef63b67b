import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { Seconds } from "../src/units.ts";

/** Row-major [device, time], µS and µS². */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** The nearest time that a model knows. */
export function knownTime({ knownTimesSeconds: { from, to } }: DeviceModel, time: Seconds): Seconds {
  return Math.min(to, Math.max(from, time));
}
