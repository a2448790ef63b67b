/**
 * The jobs of the ArC ONE, as its public clients send them: README.md has the table. The name of a job is a text in which leading
 * zeros count.
 */
export const jobs = {
  reset: "00",
  init: "0",
  setRead: "01",
  updateHardware: "011",
  select: "02",
  readOne: "1",
  readMany: "2",
  pulseAndRead: "3",
  pulseSelected: "04",
  formFinder: "141",
  switchSeeker: "152",
  convergeToState: "21",
  endurance: "191",
  curveTracer: "201",
  chronoAmperometry: "220",
  multiBias: "50",
  version: "999",
} as const;

export type JobName = (typeof jobs)[keyof typeof jobs];

/** Parameters that follow the name of each job, before its devices. */
export const parametersOf: Readonly<Record<JobName, number>> = {
  "00": 0,
  "0": 7,
  "01": 2,
  "011": 2,
  "02": 2,
  "1": 2,
  "2": 3,
  "3": 4,
  "04": 2,
  "141": 13,
  "152": 13,
  "21": 13,
  "191": 11,
  "201": 13,
  "220": 4,
  "50": 6,
  "999": 0,
};

/** Those whose last parameter is how many devices follow, a word and a bit each. Each of them answers a stream of triplets. */
export const streaming: readonly JobName[] = ["141", "152", "21", "191", "201", "220"];

export function isJob(token: string): token is JobName {
  return Object.hasOwn(parametersOf, token);
}

/** Words and bits are counted from 1. */
export const mostLines = 32;

/** The shortest and the longest pulse that the board gives, s. */
export const shortestPulseSeconds = 90e-9;
export const longestPulseSeconds = 10;

/** Kinds of read-out. The classic one reads at 0.5 V only. */
export const readModes = { classic: 0, tia: 1, tia4p: 2, tia4pNegative: 3 } as const;
/** The package or the headers of the board. */
export const localSession = 0;
/** What lines at rest are held at: a third of the read voltage. */
export const sneakPathThird = 0;

/** Series resistors that FormFinder can put before a device: their codes, and what they conduct, µS. */
export const seriesResistors = [
  { code: 4, microsiemens: 1 },
  { code: 3, microsiemens: 10 },
  { code: 2, microsiemens: 100 },
  { code: 1, microsiemens: 1000 },
] as const;
export const noSeriesResistor = 7;
