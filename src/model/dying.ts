import type { Seconds } from "../units.ts";
import type { DyingDevices, ModelDefinition } from "./definition.ts";
import type { DeviceModel } from "./deviceModel.ts";
import { varianceOf } from "./normal.ts";

/** How devices of a model die; undefined where none was seen to. */
export function dyingOf(definition: ModelDefinition): DyingDevices | undefined {
  return "dying" in definition ? definition.dying : undefined;
}

/**
 * Share of the devices that have died at an age, of those that were alive at another.
 *
 * @param aliveAt  age at which all of them are known to be alive; before they were watched none is held to die.
 */
export function diedBy({ fromSeconds, perDecade }: DyingDevices, age: Seconds, aliveAt: Seconds = 0): number {
  const decades = Math.log10(Math.max(age, fromSeconds) / Math.max(aliveAt, fromSeconds));
  return -Math.expm1(-perDecade * Math.max(0, decades));
}

/** Mean, µS, and variance, µS², of devices of which a share died. @param share  0 … 1. */
export function amongTheDead(
  { endMicrosiemens, endShares }: DyingDevices,
  share: number,
  mean: number,
  variance: number,
): { readonly mean: number; readonly variance: number } {
  let [first, second] = [(1 - share) * mean, (1 - share) * (variance + mean * mean)];
  endMicrosiemens.forEach((end, k) => {
    first += share * endShares[k]! * end;
    second += share * endShares[k]! * end * end;
  });
  return { mean: first, variance: varianceOf({ first, second }) };
}

/** Devices some of which die: mean and variance are of all of them. For forecasts of errors alone: nothing is aimed by it. */
export function dyingModel(model: DeviceModel, dying: DyingDevices): DeviceModel {
  const of = (target: number, time: Seconds): { readonly mean: number; readonly variance: number } =>
    amongTheDead(
      dying,
      diedBy(dying, time + model.timeZeroSeconds),
      model.mean(target, time),
      model.variance(target, time),
    );
  return {
    ...model,
    mean: (target, time) => of(target, time).mean,
    variance: (target, time) => of(target, time).variance,
  };
}
