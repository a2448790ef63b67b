import type {
  LogarithmicRelaxationDefinition,
  MeasuredMomentsDefinition,
  ModelDefinition,
  PowerLawDefinition,
  TimedSpreadDefinition,
} from "./definition.ts";

/** Phase-change memory of the one-million-device 90 nm array. */
export const pcm90nmDefinition: PowerLawDefinition = {
  family: "power-law",
  name: "pcm-90nm",
  source: "Joshi et al. 2020, Nat. Commun. 11, 2473; coefficients as in aihwkit, inference/noise/pcm.py",
  maxConductanceMicrosiemens: 25,
  t0Seconds: 20,
  readSeconds: 250e-9,
  programmingStdMicrosiemens: [{ kind: "polynomial", coefficients: [0.26348, 1.965, -1.1731] }],
  driftExponentMean: [{ kind: "logarithm", slope: -0.0155, intercept: 0.0244, least: 0.049, most: 0.1 }],
  driftExponentStd: [{ kind: "logarithm", slope: -0.0125, intercept: -0.0059, least: 0.008, most: 0.045 }],
  readNoiseStrength: [{ kind: "power", factor: 0.0088, exponent: -0.65, most: 0.2 }],
};

const hermesSource = "Le Gallo et al. 2023, Nat. Electron. 6, 680; as in aihwkit, inference/noise/hermes.py";

const hermesDriftMean: PowerLawDefinition["driftExponentMean"] = [
  { below: 0.0945, kind: "logarithm", slope: -0.0387, intercept: -0.0182, least: 0.072, most: 0.13 },
  { kind: "polynomial", coefficients: [0.0736, -0.0126, -0.0436] },
];

/** Phase-change memory of the HERMES chip, one device. */
export const hermes1Definition: PowerLawDefinition = {
  family: "power-law",
  name: "pcm-hermes-1",
  source: hermesSource,
  maxConductanceMicrosiemens: 10.35,
  t0Seconds: 200,
  readSeconds: 512e-9,
  programmingStdMicrosiemens: [
    { kind: "polynomial", coefficients: [0.15781817, 2.32443916, -2.16310839, 0.68841818] },
  ],
  driftExponentMean: hermesDriftMean,
  driftExponentStd: [
    { below: 0.3039, kind: "logarithm", slope: -0.012, intercept: -0.0023, least: 0.0124, most: 0.04 },
    { kind: "polynomial", coefficients: [0.0104, 0.0116, -0.0165] },
  ],
  readNoiseStrength: [
    { below: 0.1591, kind: "logarithm", slope: -0.0078, intercept: 0.0038, least: 0.0179, most: 0.04 },
    { kind: "polynomial", coefficients: [0.0088, 0.0768, -0.1352, 0.0664] },
  ],
};

/** The same with two devices side by side. */
export const hermes2Definition: PowerLawDefinition = {
  family: "power-law",
  name: "pcm-hermes-2",
  source: hermesSource,
  maxConductanceMicrosiemens: 20.7,
  t0Seconds: 300,
  readSeconds: 512e-9,
  programmingStdMicrosiemens: [
    { kind: "polynomial", coefficients: [0.16603222, 4.71806468, -8.48101252, 4.68961419] },
  ],
  driftExponentMean: hermesDriftMean,
  driftExponentStd: [
    { below: 0.3055, kind: "logarithm", slope: -0.0117, intercept: -0.0057, least: 0.0091, most: 0.04 },
    { kind: "polynomial", coefficients: [0.0073, 0.0093, -0.0118] },
  ],
  readNoiseStrength: [
    { below: 0.16, kind: "logarithm", slope: -0.0117, intercept: -0.0069, least: 0.015, most: 0.04 },
    { kind: "polynomial", coefficients: [0.0123, 0.0211, -0.028, 0.0069] },
  ],
};

/** Filamentary HfOx ReRAM, measured 1 s, 1 day and 2 days after programming, and at no other time. */
export const reramWan2022Definition: TimedSpreadDefinition = {
  family: "timed-spread",
  name: "reram-wan-2022",
  source: "Wan et al. 2022, Nature 608, 504; polynomials as in aihwkit, inference/noise/reram.py",
  maxConductanceMicrosiemens: 40,
  timesSeconds: [1, 86_400, 172_800],
  stdMicrosiemens: [
    [0.348, 16.03, -43.853, 45.393, -16.815],
    [0.701, 22.086, -50.773, 47.095, -16.458],
    [0.782, 20.274, -43.507, 37.062, -11.934],
  ],
};

/** CMO/HfOx ReRAM, programmed to within 0.2 % or 2 % of the target. */
function reramCmo(name: string, programming: readonly [number, number]): LogarithmicRelaxationDefinition {
  return {
    family: "logarithmic-relaxation",
    name,
    source: "Falcone et al.; as in aihwkit, inference/noise/reram_cmo.py, without its read noise",
    technology: "rram",
    minConductanceMicrosiemens: 9,
    maxConductanceMicrosiemens: 88.2,
    programmingStdMicrosiemens: programming,
    meanShiftMicrosiemens: -0.08900206,
    relaxationStdMicrosiemens: [0.41183342, 0.04201137],
  };
}

/**
 * Lithium ECRAM. Its charge loss was not measured on an array: means fall by 1 % of the way to 5 µS for each e-fold of time;
 * devices differ by 40 % in how fast, and by 1.5 µS in the level. It is a belief to begin with, until a fit replaces it.
 */
const ecramLiDefinition: MeasuredMomentsDefinition = {
  family: "measured-moments",
  name: "ecram-li",
  source:
    "an estimate: devices of Tang et al. 2018, IEDM, that lose charge with ln t; how much follows the retention of hours of usual " +
    "cells in Kim et al. 2023, Adv. Electron. Mater. (Nonvolatile Electrochemical Random-Access Memory under Short Circuit)",
  technology: "ecram",
  conductanceMicrosiemens: [2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20],
  timesSeconds: [1, 10, 60, 600, 3600, 86400, 2592000, 31536000],
  meanMicrosiemens: [
    [2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 17.5, 20.0],
    [2.558, 5.0, 7.442, 9.885, 12.327, 14.77, 17.212, 19.655],
    [2.602, 5.0, 7.398, 9.795, 12.193, 14.591, 16.988, 19.386],
    [2.66, 5.0, 7.34, 9.68, 12.02, 14.36, 16.7, 19.04],
    [2.705, 5.0, 7.295, 9.591, 11.886, 14.181, 16.476, 18.772],
    [2.784, 5.0, 7.216, 9.432, 11.647, 13.863, 16.079, 18.295],
    [2.869, 5.0, 7.131, 9.262, 11.392, 13.523, 15.654, 17.785],
    [2.932, 5.0, 7.068, 9.137, 11.205, 13.273, 15.342, 17.41],
  ],
  varianceMicrosiemensSquared: [
    [0.0041, 0.0044, 0.0049, 0.0056, 0.0065, 0.0076, 0.0089, 0.0104],
    [0.00582, 0.00559, 0.00662, 0.00891, 0.0125, 0.0173, 0.0233, 0.0307],
    [0.00955, 0.00817, 0.0103, 0.0161, 0.0254, 0.0382, 0.0546, 0.0745],
    [0.0174, 0.0136, 0.0182, 0.0312, 0.0525, 0.0823, 0.12, 0.167],
    [0.0259, 0.0195, 0.0267, 0.0475, 0.0819, 0.13, 0.192, 0.267],
    [0.0461, 0.0335, 0.0469, 0.0864, 0.152, 0.243, 0.361, 0.505],
    [0.075, 0.0535, 0.0758, 0.142, 0.252, 0.406, 0.603, 0.845],
    [0.101, 0.0715, 0.102, 0.192, 0.342, 0.552, 0.821, 1.15],
  ],
  programmingStdMicrosiemens: [0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06],
};

/** What is known by name. */
export const builtInDefinitions: readonly ModelDefinition[] = [
  pcm90nmDefinition,
  hermes1Definition,
  hermes2Definition,
  reramWan2022Definition,
  reramCmo("reram-cmo-0.2", [0.00081107, 0.00106879]),
  reramCmo("reram-cmo-2", [0.0112185391, 0.01129027418]),
  ecramLiDefinition,
];
