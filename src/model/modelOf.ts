import { builtInDefinitions } from "./builtIn.ts";
import type { ModelDefinition } from "./definition.ts";
import type { DeviceModel } from "./deviceModel.ts";
import { freeFormModel } from "./freeForm.ts";
import { measuredMomentsModel } from "./measuredMoments.ts";
import { powerLawModel, powerLawOf, tabulatedDriftOf } from "./powerLaw.ts";
import { logarithmicRelaxationModel, timedSpreadModel } from "./reram.ts";

/** The model that a definition describes. The definition has been checked. */
export function modelOf(definition: ModelDefinition): DeviceModel {
  switch (definition.family) {
    case "power-law":
      return powerLawModel(powerLawOf(definition));
    case "tabulated-drift":
      return powerLawModel(tabulatedDriftOf(definition));
    case "timed-spread":
      return timedSpreadModel(definition);
    case "logarithmic-relaxation":
      return logarithmicRelaxationModel(definition);
    case "measured-moments":
      return measuredMomentsModel(definition);
    case "free-form":
      return freeFormModel(definition);
  }
}

/** By name, such as `pcm-90nm`; undefined when there is none. */
export function builtInDefinition(name: string): ModelDefinition | undefined {
  return builtInDefinitions.find((definition) => definition.name === name);
}

export const pcm90nm = modelOf(builtInDefinition("pcm-90nm")!);
