import type { PowerLawDefinition } from "../src/model/definition.ts";
import type { Refit } from "./refit.ts";

/**
 * What was found, as an ordinary model: the laws as curves in r = G/Gmax, level beyond what the devices covered. What the
 * data could not tell is kept from the model that was believed before.
 */
export function fittedModel(
  found: Refit,
  before: PowerLawDefinition,
  name: string,
  more: Pick<PowerLawDefinition, "pulseResponse" | "fit"> = {},
): PowerLawDefinition {
  const { exponentMean, exponentSpread, programming, readNoise } = found.population.laws;
  const max = before.maxConductanceMicrosiemens;
  return {
    family: "power-law",
    name,
    source: `fitted to measurements; what they could not tell is from ${before.name}`,
    maxConductanceMicrosiemens: max,
    t0Seconds: before.t0Seconds,
    onsetSeconds: found.law.onsetSeconds,
    readSeconds: before.readSeconds,
    programmingStdMicrosiemens: programming?.curve(max) ?? before.programmingStdMicrosiemens,
    driftExponentMean: exponentMean.curve(max),
    driftExponentStd: exponentSpread.curve(max),
    readNoiseStrength: readNoise.curve(max),
    ...(before.pulseResponse === undefined ? {} : { pulseResponse: before.pulseResponse }),
    ...more,
  };
}
