import type { Seconds } from "../src/units.ts";
import { type DriftLaw, driftLogTime } from "./driftLaw.ts";

/**
 * Laws of drift that lie outside every family of models. Each changes one thing of a law and leaves the rest;
 * docs/emulator.md has their sources.
 */

/** Drift that has come to its end at an age: relaxation has used up its highest barrier. */
export function saturating(law: DriftLaw, endSeconds: Seconds): DriftLaw {
  return { ...law, logTime: (age) => driftLogTime(age < endSeconds ? age : endSeconds) };
}

/** Drift that gets faster on the axis ln t: ν at 20 s, 1.8 ν at a day, 2.4 ν at a year. */
export function accelerating(law: DriftLaw): DriftLaw {
  return {
    ...law,
    logTime(age) {
      const logTime = driftLogTime(age);
      return logTime < 0 ? logTime : logTime + 0.05 * logTime * logTime;
    },
  };
}

/** ν that goes up and down by 30 % with what a device conducts, five times over the range. */
export function wavy(law: DriftLaw): DriftLaw {
  return {
    ...law,
    exponentMean: (r) => law.exponentMean(r) * (1 + 0.3 * Math.sin(10 * Math.PI * r)),
  };
}

/** ν that scatters by half of itself, and more above its mean than below. */
export function lognormal(law: DriftLaw): DriftLaw {
  const logSpread = 0.5;
  const relative = Math.sqrt(Math.expm1(logSpread * logSpread));
  return {
    ...law,
    exponentLogSpread: logSpread,
    exponentSpread: (r) => relative * law.exponentMean(r),
  };
}
