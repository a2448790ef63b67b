import type { FitRecord, PowerLawDefinition } from "../../src/model/definition.ts";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";

/** A believed fit that was tested to an age, with the law of `pcm-90nm`. @param testedToSeconds  undefined: of an older mho. */
export function fittedModel(testedToSeconds: number | undefined, name = "mine"): PowerLawDefinition {
  const fit: FitRecord = {
    runs: ["r1"],
    chip: "pcm-64",
    chipSerialNumbers: ["EMU-7"],
    sweeps: 20,
    devices: [{ fate: "used", count: 4096 }],
    modelBefore: "pcm-90nm",
    software: "0.2.0",
    seed: 0,
    dataDigest: "0".repeat(64),
    measuredToSeconds: testedToSeconds,
    testedToSeconds,
    forecasts:
      testedToSeconds === undefined
        ? undefined
        : [
            forecast(testedToSeconds / 100, testedToSeconds / 10, 0.801, false),
            forecast(testedToSeconds / 10, testedToSeconds, 0.951, true),
          ],
    believe: true,
    checks: [],
    remarks: [],
    laws: [],
    residuals: [],
    figures: [],
  };
  return { ...pcm90nmDefinition, name, fit };
}

function forecast(fromSeconds: number, toSeconds: number, inside95: number, holds: boolean) {
  return {
    fromSeconds,
    toSeconds,
    devices: 4000,
    inside95,
    meanOffStds: 0.04,
    spreadRatio: 1,
    toldByOwnReads: 0.6,
    holds,
  };
}
