import type { Microsiemens, Seconds } from "../units.ts";
import type { FreeFormDefinition } from "./definition.ts";
import { sampleOf } from "./courses.ts";
import { freeFormCourses } from "./freeFormCourses.ts";
import { FreeFormLaw } from "./freeFormLaw.ts";
import { type DeviceModel, type ErrorCause, refuseUnknownTime, usualOnsetSeconds } from "./deviceModel.ts";

/**
 * Devices known by a table that was measured, over conductance G and age: the mean m(G, t), the covariance K(G; s, t) of what equal
 * devices do at two ages, and the noise of one read.
 *
 *     y(t) = m(G, t) + δ(t) + noise,   cov(δ(s), δ(t)) = R(G, min(s, t)) + C(G; s, t) + [s = t] P(G, t)
 *
 * R is a random walk, C courses that each device follows by a factor of its own, P what comes and goes. All are linear between the
 * table's conductances and, in ln(age + onset), between its ages; K then stays a covariance. Beyond the outer conductances the
 * table is level, the mean by what it differs from G.
 *
 * Time counts from `timeZeroSeconds` of age, as in every model.
 */
export function freeFormModel(
  definition: FreeFormDefinition,
  { lacking = [], reads = 1 }: { readonly lacking?: readonly ErrorCause[]; readonly reads?: number } = {},
): DeviceModel {
  const has = (cause: ErrorCause): boolean => !lacking.includes(cause);
  const { name, timeZeroSeconds, agesSeconds } = definition;
  const law = new FreeFormLaw(definition);
  const variances = (target: Microsiemens, time: Seconds) => {
    refuseUnknownTime(model, time);
    const age = time + timeZeroSeconds;
    const first = agesSeconds[0]!;
    const all = law.variance(target, age);
    const atFirst = law.covariance(target, first, first);
    const shared = law.covariance(target, first, age);
    const programming = atFirst > 0 ? Math.min(all, (shared * shared) / atFirst) : 0;
    return {
      programming: has("programming") ? programming : 0,
      drift: has("drift") ? Math.max(0, all - programming) : 0,
      // White: what lasts from one read to the next is in the table's covariance.
      read: has("read") ? law.readVariance(target, age) / reads : 0,
    };
  };
  const mean = (target: Microsiemens, time: Seconds): Microsiemens => {
    refuseUnknownTime(model, time);
    return law.mean(target, time + timeZeroSeconds);
  };
  const courses: DeviceModel["courses"] = (times) => {
    times.forEach((time) => refuseUnknownTime(model, time));
    const ages = times.map((time) => time + timeZeroSeconds);
    const shares = {
      programming: has("programming") ? 1 : 0,
      drift: has("drift") ? 1 : 0,
      read: has("read") ? 1 / Math.sqrt(reads) : 0,
    };
    return freeFormCourses(law, definition.conductanceMicrosiemens, ages, agesSeconds[0]!, shares);
  };
  const model: DeviceModel = {
    name,
    minConductanceMicrosiemens: definition.minConductanceMicrosiemens,
    maxConductanceMicrosiemens: definition.maxConductanceMicrosiemens,
    knownTimesSeconds: {
      from: Math.max(0, agesSeconds[0]! - timeZeroSeconds),
      to: agesSeconds.at(-1)! - timeZeroSeconds,
    },
    referenceAgeSeconds: definition.referenceAgeSeconds,
    timeZeroSeconds,
    onsetSeconds: definition.onsetSeconds > 0 ? definition.onsetSeconds : usualOnsetSeconds,
    driftExponentMean: () => 0,
    programmingStd: (target) =>
      has("programming") ? Math.sqrt(law.covariance(target, agesSeconds[0]!, agesSeconds[0]!)) : 0,
    mean,
    variance(target, time) {
      const { programming, drift, read } = variances(target, time);
      return programming + drift + read;
    },
    varianceParts: variances,
    without: (cause) => freeFormModel(definition, { lacking: [...lacking, cause], reads }),
    meanOfReads: (averaged) => freeFormModel(definition, { lacking, reads: averaged }),
    courses,
    sample: sampleOf(courses),
  };
  return model;
}
