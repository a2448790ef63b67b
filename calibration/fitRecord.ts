import { rangeOf } from "../src/statistics.ts";
import type { FitForecast, FitRecord } from "../src/model/definition.ts";
import type { Microsiemens, Seconds } from "../src/units.ts";
import { whyNotConverged } from "./convergence.ts";
import type { Gathered } from "./gather.ts";
import { fitFateNames, normalOfChiSquare } from "./pool.ts";
import { namedLaws } from "./populationLaws.ts";
import { mostSweeps } from "./spreadOut.ts";
import type { PulseResponse } from "./pulseResponse.ts";
import type { Refit } from "./refit.ts";
import { short, shortError } from "./short.ts";

/** What is known of a fit before anything is fitted. */
export type Circumstances = Pick<
  FitRecord,
  "runs" | "chip" | "modelBefore" | "software" | "seed" | "dataDigest"
>;

/** What a model file says of where its laws come from. */
export function fitRecord(
  found: Refit,
  forecasts: readonly FitForecast[],
  gathered: Gathered,
  response: PulseResponse | undefined,
  circumstances: Circumstances,
  maxConductanceMicrosiemens: Microsiemens,
): FitRecord {
  const { population, verdict } = found;
  const counts = new Uint32Array(fitFateNames.length);
  for (const fate of population.fates) counts[fate]!++;
  return {
    ...circumstances,
    ...whenAndWhere(gathered),
    devices: fitFateNames.flatMap((fate, k) => (counts[k] === 0 ? [] : [{ fate, count: counts[k]! }])),
    measuredToSeconds: short(found.ages.to),
    // Where ages were too few to try it, nothing is said of it.
    ...(forecasts.length === 0
      ? {}
      : { testedToSeconds: testedTo(forecasts), forecasts: forecasts.map(shortForecast) }),
    believe: verdict.believe,
    checks: verdict.checks,
    remarks: [
      ...verdict.remarks,
      ...remarksOnShares(gathered),
      ...remarksOnResponse(response),
      ...remarksOnConverters(gathered),
    ],
    laws: lawsOf(found, maxConductanceMicrosiemens),
    residuals: residualsOf(found),
    figures: figuresOf(found, gathered, response),
  };
}

/** The oldest age of which an earlier fit foretold what was read; 0 where none did. */
export function testedTo(forecasts: readonly FitForecast[]): Seconds {
  return short(forecasts.reduce((to, { holds, toSeconds }) => (holds ? Math.max(to, toSeconds) : to), 0));
}

export function shortForecast({ devices, holds, ...figures }: FitForecast): FitForecast {
  const { fromSeconds, toSeconds, inside95, meanOffStds, spreadRatio, toldByOwnReads } = figures;
  return {
    fromSeconds: short(fromSeconds),
    toSeconds: short(toSeconds),
    devices,
    inside95: short(inside95),
    meanOffStds: short(meanOffStds),
    spreadRatio: short(spreadRatio),
    toldByOwnReads: short(toldByOwnReads),
    holds,
  };
}

/** Which chips were measured, when and how warm. */
export function whenAndWhere(
  gathered: Gathered,
): Pick<FitRecord, "chipSerialNumbers" | "measuredFrom" | "measuredTo" | "celsius" | "sweeps"> {
  const { from, to, sweeps } = gathered;
  return {
    chipSerialNumbers: [...new Set(gathered.parts.map(({ chipSerialNumber }) => chipSerialNumber))],
    ...(from === undefined || to === undefined ? {} : { measuredFrom: from, measuredTo: to }),
    ...celsiusOf(gathered),
    sweeps,
  };
}

function celsiusOf({ parts }: Gathered): Pick<FitRecord, "celsius"> {
  const known = parts.flatMap(({ data }) => data.sweeps.flatMap(({ celsius }) => celsius ?? []));
  if (known.length === 0) return {};
  const mean = known.reduce((sum, celsius) => sum + celsius, 0) / known.length;
  return { celsius: { ...rangeOf(known), mean } };
}

/** What of the measurement a fit did not take. */
export function remarksOnShares({ leftOut, sweeps, thinning, devices }: Gathered): string[] {
  return [...remarkOnDevices(thinning.stride, devices), ...remarkOnSweeps(leftOut, sweeps)];
}

function remarkOnDevices(stride: number, devices: number): string[] {
  if (stride === 1) return [];
  return [
    `one device of ${stride}, in every row of every tile, was taken: they stand for all ${devices.toLocaleString("en")}, as more of them ` +
      "would make no law better known, and take the memory for all their reads",
  ];
}

function remarkOnSweeps(leftOut: number, sweeps: number): string[] {
  if (leftOut === 0) return [];
  return [
    `${leftOut} of ${sweeps} sweeps were left out, the closest in age to others: a fit takes ${mostSweeps} of a tile, evenly over ` +
      "log age, and more would say the same again",
  ];
}

function remarksOnResponse(response: PulseResponse | undefined): string[] {
  const why = response === undefined ? undefined : whyNotConverged("the pulse response", response.ended);
  return why === undefined ? [] : [why];
}

export function remarksOnConverters({ converters }: Gathered): string[] {
  return converters.flatMap(({ chipSerialNumber, tile, fit }) =>
    fit.differs
      ? [
          `the converters of ${chipSerialNumber}, tile ${tile} are not as described: offset ${fit.offsetCodes.toFixed(2)} codes, ` +
            `gain ${fit.gain.toFixed(4)}, bent by ${(100 * fit.nonLinearity).toFixed(2)} % of full scale; µS were derived anew ` +
            "from the codes",
        ]
      : [],
  );
}

/** Tabulated up to the end of the chip's range: devices above it have no use. */
function lawsOf({ population, temperature }: Refit, most: Microsiemens): FitRecord["laws"] {
  return namedLaws(population.laws, temperature).map(([law, found]) => {
    const { from, form } = found;
    const to = Math.max(from, Math.min(found.to, most));
    const places = Array.from({ length: 33 }, (_, k) => from + ((to - from) * k) / 32);
    return {
      law,
      form,
      conductanceMicrosiemens: places.map(short),
      value: places.map((g) => short(found.value(g))),
      standardError: places.map((g) => shortError(found.error(g))),
    };
  });
}

const histogram = { from: -5, step: 0.25, bins: 40 };
const conductanceBins = 20;

function residualsOf({ population, fits }: Refit): FitRecord["residuals"] {
  const { standing, bend, noiseRatio, conductance } = population;
  const noise = new Float32Array(noiseRatio.length);
  let at = 0;
  for (const { freedom } of fits) {
    for (const n of freedom) {
      noise[at] = n > 0 ? normalOfChiSquare(noiseRatio[at]!, n) : Number.NaN;
      at++;
    }
  }
  const named: [string, Float32Array][] = [
    ["drift exponents about their law", standing],
    ["bend of drift on its logarithmic axis", bend],
    ["noise of each device against its like", noise],
  ];
  return named.map(([residual, values]) => ({ residual, ...spreadOut(values, conductance) }));
}

function spreadOut(
  values: Float32Array,
  conductance: Float32Array,
): Omit<FitRecord["residuals"][number], "residual"> {
  const { from, step, bins } = histogram;
  const share = new Float64Array(bins);
  let count = 0;
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    count++;
    share[Math.min(bins - 1, Math.max(0, Math.floor((values[i]! - from) / step)))]!++;
    if (conductance[i]! > most) most = conductance[i]!;
  }
  const sums = Array.from({ length: conductanceBins }, () => ({ n: 0, g: 0, sum: 0, square: 0 }));
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    const place = Math.floor((conductanceBins * conductance[i]!) / most);
    const bin = sums[Math.min(conductanceBins - 1, Math.max(0, place))]!;
    bin.n++;
    bin.g += conductance[i]!;
    bin.sum += values[i]!;
    bin.square += values[i]! * values[i]!;
  }
  const filled = sums.filter(({ n }) => n >= 10);
  return {
    from,
    step,
    share: Array.from(share, (n) => short(n / Math.max(1, count))),
    conductanceMicrosiemens: filled.map(({ n, g }) => short(g / n)),
    mean: filled.map(({ n, sum }) => short(sum / n)),
    spread: filled.map(({ n, sum, square }) =>
      short(Math.sqrt(Math.max(0, square / n - (sum / n) * (sum / n)))),
    ),
  };
}

function figuresOf(
  { onset }: Refit,
  { converters }: Gathered,
  response: PulseResponse | undefined,
): FitRecord["figures"] {
  const figures: { figure: string; value: number; standardError: number | null }[] = [];
  const add = (figure: string, value: number, standardError: number): void => {
    figures.push({ figure, value, standardError: Number.isFinite(standardError) ? standardError : null });
  };
  if (onset !== undefined) add("onset of drift, s", onset.onsetSeconds, onset.onsetSeconds * onset.logError);
  if (response !== undefined) {
    const { halfwayMicroamperes, halfwayError, cycleSpreadMicroamperes, cycleSpreadError } = response;
    add("halfway amplitude, µA", halfwayMicroamperes, halfwayError);
    add(
      "halfway amplitude between devices, µA",
      response.deviceSpreadMicroamperes,
      response.deviceSpreadError,
    );
    add("halfway amplitude between pulses, µA", cycleSpreadMicroamperes, cycleSpreadError);
  }
  for (const { chipSerialNumber, tile, fit } of converters) {
    const of = `converters of ${chipSerialNumber}, tile ${tile}`;
    add(`offset of the ${of}, codes`, fit.offsetCodes, fit.offsetError);
    add(`gain of the ${of}`, fit.gain, fit.gainError);
    add(`non-linearity of the ${of}`, fit.nonLinearity, fit.nonLinearityError);
  }
  return figures;
}
