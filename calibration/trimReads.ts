import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../src/units.ts";
import { knownTime, type Moments } from "./trimMoments.ts";
import type { TrimTask } from "./trimTask.ts";

/**
 * The variance of what a read shows of devices: that of what they conduct, and the noise of the mean of `task.reads` reads.
 *
 * @param agesSeconds  of each device when the clock of the times begins; 0 for devices that are programmed anew.
 * @returns µS², row-major [device, time] like the moments.
 */
export function seenVariance(
  { model, timesSeconds, reads }: TrimTask,
  { mean, variance }: Moments,
  agesSeconds: (device: number) => Seconds,
): Float64Array {
  const seen = variance.slice();
  if (reads === 0) return seen;
  // Of devices that conduct so much, whatever their programming left them at.
  const exact = model.without("programming") ?? model;
  const noise = new ReadNoise(reads === 1 ? exact : (exact.meanOfReads(reads) ?? exact));
  const times = timesSeconds.length;
  for (let i = 0; i * times < seen.length; i++) {
    const age = agesSeconds(i);
    for (let t = 0; t < times; t++)
      seen[i * times + t]! += noise.variance(mean[i * times + t]!, age + timesSeconds[t]!);
  }
  return seen;
}

const steps = 128;

/** The noise of a read of a device that conducts so much by so late: noise goes by what a device was programmed to. */
class ReadNoise {
  readonly #model: DeviceModel;
  /** µS², by conductance evenly over the range, one list an age; ages double from one to the next. */
  readonly #byAge: (Float64Array | undefined)[] = [];

  constructor(model: DeviceModel) {
    this.#model = model;
  }

  variance(conductance: Microsiemens, time: Seconds): number {
    const place = Math.max(0, Math.round(Math.log2(Math.max(1, time))));
    const table = (this.#byAge[place] ??= this.#tableAt(Math.exp(place * Math.LN2)));
    const { maxConductanceMicrosiemens: max } = this.#model;
    return table[Math.min(steps, Math.max(0, Math.round((steps * conductance) / max)))]!;
  }

  #tableAt(time: Seconds): Float64Array {
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = this.#model;
    const at = knownTime(this.#model, time);
    const table = new Float64Array(steps + 1);
    let target = min;
    let mean = this.#model.mean(min, at);
    for (let k = 0; k <= steps; k++) {
      const wanted = (max * k) / steps;
      // The target that comes to this by then; the mean rises with the target.
      while (mean < wanted && target < max) {
        target = Math.min(max, target + (max - min) / (4 * steps));
        mean = this.#model.mean(target, at);
      }
      const { read } = this.#model.varianceParts(target, at);
      table[k] = mean > 0 ? (read * wanted * wanted) / (mean * mean) : 0;
    }
    return table;
  }
}
