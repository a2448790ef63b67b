import type { FitRecord, FreeFormDefinition } from "../../src/model/definition.ts";
import type { DeviceModel } from "../../src/model/deviceModel.ts";
import { formatDuration, type Microsiemens, type Seconds } from "../../src/units.ts";
import {
  type Circumstances,
  remarksOnShares,
  remarksOnConverters,
  shortForecast,
  whenAndWhere,
} from "../fitRecord.ts";
import type { Gathered } from "../gather.ts";
import { short, shortError } from "../short.ts";
import { continued, laterAges } from "./continuation.ts";
import type { FreeFormFit } from "./fitFreeForm.ts";
import { Place } from "./knots.ts";
import type { Readings } from "./readings.ts";
import { nameOf } from "./structure.ts";
import { tailShares } from "./tails.ts";

/**
 * What was found, as a model: a table over conductance and age, measured as far as devices were read and continued from there.
 *
 * @param before  what it is to be used in place of: its range, and where its time begins.
 * @param whiteNoise  whether reads that are averaged differ by white noise: one read then has as many times the variance.
 */
export function freeFormDefinition(
  fit: FreeFormFit,
  before: DeviceModel,
  name: string,
  whiteNoise: boolean,
  record: FitRecord | undefined,
): FreeFormDefinition {
  const { readings, moments, table, tails, continuation, measuredToSeconds } = fit;
  const { onsetSeconds, averages } = readings;
  const measured = table.knots.logAge.length;
  const later = laterAges(table.knots.logAge.at(-1)!, onsetSeconds);
  const whole = continued(table, continuation, later);
  const { conductance, logAge } = whole.knots;
  const [nG, nT] = [conductance.length, logAge.length];
  const row = (values: Float64Array, age: number): number[] =>
    Array.from(values.subarray(age * nG, (age + 1) * nG), short);
  const rows = (values: Float64Array): number[][] => Array.from({ length: nT }, (_, age) => row(values, age));
  const oneRead = whiteNoise ? averages : 1;
  const wider = (age: number, g: number): number => {
    if (age < measured) return 1;
    const at = age * nG + g;
    const now =
      whole.walk[at]! + whole.courses[(g * nT + age) * nT + age]! + whole.passing[at]! + whole.noise[at]!;
    return Math.sqrt(now / Math.max(1e-12, moments.square[(measured - 1) * nG + g]!));
  };
  return {
    family: "free-form",
    name,
    source: "a table of what was measured",
    minConductanceMicrosiemens: before.minConductanceMicrosiemens,
    maxConductanceMicrosiemens: before.maxConductanceMicrosiemens,
    referenceAgeSeconds: before.referenceAgeSeconds,
    timeZeroSeconds: before.timeZeroSeconds,
    onsetSeconds: short(onsetSeconds),
    conductanceMicrosiemens: Array.from(conductance, short),
    agesSeconds: Array.from(logAge, (x) => ageOf(x, onsetSeconds)),
    measuredToSeconds: short(measuredToSeconds),
    continuedBy: continuation.name,
    shiftMicrosiemens: rows(whole.shift),
    walkMicrosiemensSquared: rows(whole.walk),
    coursesMicrosiemensSquared: Array.from(conductance, (_, g) =>
      Array.from({ length: (nT * (nT + 1)) / 2 }, (__, at) => {
        const a = Math.floor((Math.sqrt(8 * at + 1) - 1) / 2);
        return short(whole.courses[(g * nT + a) * nT + at - (a * (a + 1)) / 2]!);
      }),
    ),
    passingMicrosiemensSquared: rows(whole.passing),
    whiteNoise,
    readVarianceMicrosiemensSquared: Array.from({ length: nT }, (_, age) =>
      row(whole.noise, age).map((v) => short(v * oneRead)),
    ),
    tailShares: [...tailShares],
    tailMicrosiemens: tails.map((tail) =>
      Array.from({ length: nT }, (_, age) =>
        row(tail, Math.min(age, measured - 1)).map((q, g) => short(q * wider(age, g))),
      ),
    ),
    fit: record,
  };
}

function ageOf(logAge: number, onsetSeconds: Seconds): Seconds {
  const age = Math.exp(logAge) - onsetSeconds;
  // An age of 0 comes back as a rounding error.
  return age < 1e-6 * onsetSeconds ? 0 : short(age);
}

/** Beneath these a table says little. */
const fewestDevices = 300;
const shortestDecades = 2;

/** What a model file says of where the table comes from, and whether to believe it. */
export function freeFormRecord(
  fit: FreeFormFit,
  gathered: Gathered,
  circumstances: Circumstances,
  most: Microsiemens,
): FitRecord {
  const { readings, forecasts, measuredToSeconds, testedToSeconds } = fit;
  const first = firstAge(fit);
  const decades = Math.log10(measuredToSeconds / first);
  const last = forecasts.at(-1);
  const checks: FitRecord["checks"] = [
    {
      name: "enough devices",
      ok: readings.count >= fewestDevices,
      says: `${readings.count} devices were used (${fewestDevices} at least)`,
    },
    {
      name: "long enough",
      ok: decades >= shortestDecades,
      says: `ages span ${decades.toFixed(1)} decades (${shortestDecades} at least)`,
    },
    {
      name: "foresees later reads",
      ok: testedToSeconds > 0,
      says:
        last === undefined
          ? "devices were read at too few ages to try it"
          : testedToSeconds > 0
            ? `fits to earlier reads foretold what was read up to ${formatDuration(testedToSeconds)}`
            : `no fit to earlier reads foretold the later ones: of those at ${formatDuration(last.toSeconds)}, ` +
              `${(100 * last.inside95).toFixed(1)} % lay in the band of 95 % (92 … 99 %), and the mean was ` +
              `${last.meanOffStds.toFixed(2)} standard deviations off (0.25 at most)`,
    },
  ];
  const notUsed = gathered.parts.reduce((n, { data }) => n + data.usable.length, 0) - readings.count;
  return {
    ...circumstances,
    ...whenAndWhere(gathered),
    devices: [
      { fate: "used", count: readings.count },
      ...(notUsed > 0 ? [{ fate: "not tried", count: notUsed }] : []),
    ],
    measuredToSeconds: short(measuredToSeconds),
    testedToSeconds: short(testedToSeconds),
    forecasts: forecasts.map(shortForecast),
    believe: checks.every(({ ok }) => ok),
    checks,
    remarks: [...remarksOn(fit), ...remarksOnShares(gathered), ...remarksOnConverters(gathered)],
    laws: lawsOf(fit, most).map(({ law }) => law),
    residuals: [],
    figures: [],
  };
}

function firstAge({ readings, moments }: FreeFormFit): Seconds {
  const ages = Array.from(moments.knots.logAge, (x) => ageOf(x, readings.onsetSeconds));
  return ages.find((age) => age > 0) ?? 1;
}

function remarksOn(fit: FreeFormFit): string[] {
  const { structure, continuation, readings, forecasts, testedToSeconds, measuredToSeconds } = fit;
  const told = forecasts.at(-1);
  return [
    `equal devices differ by ${nameOf(structure)}; beyond ${formatDuration(measuredToSeconds)} the table goes on ${continuation.name}`,
    ...(testedToSeconds > 0 && testedToSeconds < 0.9 * measuredToSeconds
      ? [
          `what was read after ${formatDuration(testedToSeconds)} was not foretold by fits to earlier reads: the table holds it, and ` +
            "nothing later can be told from it",
        ]
      : []),
    ...(told !== undefined && told.toldByOwnReads < leastTold
      ? [
          `a device's own reads foretell ${(100 * told.toldByOwnReads).toFixed(0)} % of how it changes from ` +
            `${formatDuration(told.fromSeconds)} to ${formatDuration(told.toSeconds)}: a trim corrects what has happened, and gains next to ` +
            "nothing of what is to come",
        ]
      : []),
    ...(readings.byFirstRead > 0
      ? [
          `of ${readings.byFirstRead} devices neither a target nor a read at age 0 is known: they count from their first read, and what ` +
            "programming left of them is not in the table",
        ]
      : []),
  ];
}

const leastTold = 0.1;

/** Share of the devices that were read at an age that laws are told of; and reads a device: an average over several sweeps is of no one age. */
const fewestRead = 0.8;
const mostReads = 1.5;

/** What a table says of one age. */
export interface TableLaw {
  readonly ageSeconds: Seconds;
  readonly law: FitRecord["laws"][number];
}

/** Mean change and spread at up to six of the ages at which nearly all devices were read: of younger ones, those that were pulsed last tell. */
export function lawsOf(fit: FreeFormFit, most: Microsiemens): TableLaw[] {
  const { moments, readings, structure } = fit;
  const logAges = moments.knots.logAge;
  const { conductance } = moments.knots;
  const nG = conductance.length;
  const read = devicesRead(readings, logAges);
  const reads = (age: number): number =>
    moments.devices.subarray(age * nG, (age + 1) * nG).reduce((sum, n) => sum + n, 0);
  const nearlyAll = [...logAges.keys()].filter(
    (age) => read[age]! >= fewestRead * readings.count && reads(age) <= mostReads * readings.count,
  );
  // Where each device was read at ages of its own, there are none.
  const ages = nearlyAll.length > 0 ? nearlyAll : [...logAges.keys()];
  const shown = new Set(Array.from({ length: 6 }, (_, k) => ages[Math.round((k * (ages.length - 1)) / 5)]!));
  const places = [...conductance.keys()].filter(
    (g) => conductance[g]! >= 0 && conductance[g]! <= 1.05 * most,
  );
  const of = (
    law: string,
    value: (at: number) => number,
    error: (at: number) => number,
    age: number,
  ): TableLaw => ({
    ageSeconds: ageOf(logAges[age]!, readings.onsetSeconds),
    law: {
      law,
      form: nameOf(structure),
      conductanceMicrosiemens: places.map((g) => short(conductance[g]!)),
      value: places.map((g) => short(value(age * nG + g))),
      standardError: places.map((g) => shortError(error(age * nG + g))),
    },
  });
  return [...shown].flatMap((age) => {
    const at = formatDuration(ageOf(logAges[age]!, readings.onsetSeconds));
    return [
      of(
        `mean change at ${at}, µS`,
        (k) => moments.shift[k]!,
        (k) => moments.shiftError[k]!,
        age,
      ),
      of(
        `spread at ${at}, µS`,
        (k) => Math.sqrt(moments.square[k]!),
        (k) => spreadError(moments, k),
        age,
      ),
    ];
  });
}

/** How many devices were read nearest to each age. */
function devicesRead({ start, logAge, count }: Readings, logAges: Float64Array): Uint32Array {
  const devices = new Uint32Array(logAges.length);
  const place = new Place();
  for (let i = 0; i < count; i++) {
    let last = -1;
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      place.of(logAges, logAge[k]!);
      const nearest = place.part > 0.5 ? place.low + 1 : place.low;
      if (nearest !== last) devices[nearest]!++;
      last = nearest;
    }
  }
  return devices;
}

/** Of √v: half of that of v, over √v. */
function spreadError({ square, squareError }: FreeFormFit["moments"], at: number): number {
  return squareError[at]! / (2 * Math.sqrt(Math.max(1e-12, square[at]!)));
}
