import type {
  LogarithmicRelaxationDefinition,
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
    minConductanceMicrosiemens: 9,
    maxConductanceMicrosiemens: 88.2,
    programmingStdMicrosiemens: programming,
    meanShiftMicrosiemens: -0.08900206,
    relaxationStdMicrosiemens: [0.41183342, 0.04201137],
  };
}

/** What is known by name. */
export const builtInDefinitions: readonly ModelDefinition[] = [
  pcm90nmDefinition,
  hermes1Definition,
  hermes2Definition,
  reramWan2022Definition,
  reramCmo("reram-cmo-0.2", [0.00081107, 0.00106879]),
  reramCmo("reram-cmo-2", [0.0112185391, 0.01129027418]),
];
