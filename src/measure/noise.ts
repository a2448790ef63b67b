import { assert } from "../errors.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import { microsecondsPerSecond } from "../units.ts";
import { meanFigure } from "./figures.ts";
import type { Findings, Measured, Procedure } from "./procedure.ts";
import { placesOf } from "./trace.ts";

/**
 * Noise: a series of readings of chosen devices, as fast as the board gives them, each kept as a sweep with its time; its spread, and its
 * spectrum by the periodogram of Lomb and Scargle, as readings are spaced as the line lets them.
 *
 * A run that goes on begins its series anew: one with a gap is none.
 */
export const noise: Procedure<NoiseState> = {
  name: "noise",
  does: "a series of readings of a few devices: their noise, its spectrum and slope; no pulse",
  technologies: ["pcm", "rram", "ecram"],
  usual: { rows: 1, devices: 16 },
  settings: [
    {
      name: "reads",
      unit: "",
      meaning: "readings in the series",
      least: 8,
      most: 100_000,
      whole: true,
      usual: () => 512,
    },
    {
      name: "averages",
      unit: "",
      meaning: "reads that are averaged in each",
      least: 1,
      most: 256,
      whole: true,
      usual: () => 1,
    },
  ],
  pulses: () => 0,
  begin(task) {
    assert(task.settings !== undefined, "a procedure is given its settings");
    return { task, verdicts: firstVerdicts(task), taken: 0 };
  },
  next,
  judge,
};

interface NoiseState {
  readonly task: ProgrammingTask;
  readonly verdicts: Uint8Array;
  taken: number;
}

function next(state: NoiseState, seen: Seen | undefined): Decision {
  const { task, verdicts: given } = state;
  if (seen !== undefined) state.taken++;
  if (state.taken >= task.settings!["reads"]!) {
    for (let i = 0; i < given.length; i++) if (given[i] === verdicts.pending) given[i] = verdicts.accepted;
    return { orders: [], verdicts: given, look: { kind: "done" } };
  }
  const rows = new Uint8Array(task.rowCount).fill(1);
  return {
    orders: [],
    verdicts: given,
    look: {
      kind: "read",
      averages: task.settings!["averages"]!,
      rows,
      afterSeconds: 0,
      sweepSeconds: state.taken,
    },
  };
}

function judge({ plan, sweeps, settings }: Measured): Findings {
  const places = placesOf(plan);
  const column = (): Float64Array => new Float64Array(places.length).fill(Number.NaN);
  const [means, stds, slopes] = [column(), column(), column()];
  let spectrum: { frequency: number; power: number }[] = [];
  let summed = 0;
  const lines: Findings["curves"][number]["lines"][number][] = [];
  places.forEach(({ place, tile, device }, k) => {
    const { block, targetsMicrosiemens } = plan.tiles.find((one) => one.block.tile === tile)!;
    const row = Math.floor(device / (targetsMicrosiemens.length / block.rowCount));
    const all = sweeps.filter((sweep) => sweep.tile === tile);
    // The last series alone, where the run was stopped and went on.
    const begun = all.findLastIndex(({ timeSeconds }) => timeSeconds === 0);
    const series = all.slice(Math.max(0, begun), Math.max(0, begun) + settings["reads"]!);
    const times = series.map(
      ({ rowTimesMicroseconds }) => rowTimesMicroseconds[row]! / microsecondsPerSecond,
    );
    const values = series.map(({ conductanceMicrosiemens }) => conductanceMicrosiemens[device]!);
    if (values.length < 8 || values.some((value) => Number.isNaN(value))) return;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    means[k] = mean;
    stds[k] = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1),
    );
    const found = periodogram(times, values, mean);
    if (values.length >= readsForSlope) slopes[k] = slopeOf(found);
    if (stds[k]! > 0) {
      spectrum = found.map(({ frequency, power }, n) => ({
        frequency,
        power: (spectrum[n]?.power ?? 0) + power,
      }));
      summed++;
    }
    if (lines.length < 4)
      lines.push({
        name: `row ${place.row}, device ${place.device}`,
        points: values.map((y, n) => ({ x: times[n]! - times[0]!, y })),
      });
  });
  const known = [...slopes].filter(Number.isFinite);
  const whole = stds.reduce((sum, std) => sum + (std > 0 ? 1 : 0), 0);
  const relative = stds
    .map((std, k) => (100 * std) / means[k]!)
    .filter(Number.isFinite)
    .sort();
  return {
    figures: [
      {
        name: "noise_median_percent",
        unit: "%",
        meaning: "standard deviation of one reading, of its mean; median over the devices",
        value: relative[relative.length >> 1] ?? Number.NaN,
      },
      meanFigure(
        {
          name: "spectrum_slope",
          unit: "",
          meaning:
            known.length === 0
              ? `slope of the spectrum: it takes ${readsForSlope} readings that change, for a factor of ten in frequency`
              : "slope of the spectrum on logarithmic axes, mean over the devices: 0 for white noise, −1 for 1/f",
        },
        known,
      ),
    ],
    counts: [
      { name: "measured", devices: whole, meaning: "gave every reading of the series" },
      {
        name: "not measured",
        devices: places.length - whole,
        meaning: "did not, or did not change at all",
      },
    ],
    places: places.map(({ place }) => place),
    columns: [
      { name: "mean_microsiemens", unit: "µS", meaning: "mean of the series", values: means },
      { name: "noise_microsiemens", unit: "µS", meaning: "standard deviation of one reading", values: stds },
      { name: "spectrum_slope", unit: "", meaning: "slope of its spectrum", values: slopes },
    ],
    curves: [
      {
        name: "series",
        title: "Readings over time",
        sentence: "The first devices.",
        x: { name: "time", unit: "s" },
        y: { name: "conductance", unit: "microsiemens" },
        lines,
      },
      {
        name: "spectrum",
        title: "Spectrum",
        sentence: "Power at each frequency, mean over the devices.",
        x: { name: "frequency, Hz", unit: "", logarithmic: true },
        y: { name: "power, µS²/Hz", unit: "", logarithmic: true },
        lines: [
          {
            name: "mean",
            points: spectrum.map(({ frequency, power }) => ({
              x: frequency,
              y: power / Math.max(1, summed),
            })),
          },
        ],
      },
    ],
  };
}

/** A slope takes a factor of ten in frequency; the spectrum of n readings spans a factor of (n − 1)/4. */
const readsForSlope = 41;
/** Frequencies of a spectrum. */
const frequencies = 24;

/**
 * Power at frequencies spaced by the logarithm, from twice the lowest that the series knows to half the highest, µS²/Hz.
 *
 * @source Scargle 1982, Astrophys. J. 263, 835, eq. 10, as a one-sided density; the mean over the frequencies around each.
 */
export function periodogram(
  times: readonly number[],
  values: readonly number[],
  mean: number,
): { frequency: number; power: number }[] {
  const span = times.at(-1)! - times[0]!;
  const n = values.length;
  const lowest = 2 / span;
  const highest = (0.5 * (n - 1)) / span;
  if (!(span > 0) || highest <= lowest) return [];
  const ratio = Math.log(highest / lowest) / (frequencies - 1);
  return Array.from({ length: frequencies }, (_, k) => {
    const middle = lowest * Math.exp(k * ratio);
    const around = [0.92, 0.96, 1, 1.04, 1.08];
    const power =
      around.reduce((sum, factor) => sum + powerAt(times, values, mean, middle * factor), 0) / around.length;
    return { frequency: middle, power: (2 * span * power) / n };
  });
}

function powerAt(
  times: readonly number[],
  values: readonly number[],
  mean: number,
  frequency: number,
): number {
  const w = 2 * Math.PI * frequency;
  let [sine2, cosine2] = [0, 0];
  for (const t of times) {
    sine2 += Math.sin(2 * w * t);
    cosine2 += Math.cos(2 * w * t);
  }
  const tau = Math.atan2(sine2, cosine2) / (2 * w);
  let [c, s, cc, ss] = [0, 0, 0, 0];
  for (let k = 0; k < times.length; k++) {
    const phase = w * (times[k]! - tau);
    const [cosine, sine] = [Math.cos(phase), Math.sin(phase)];
    const value = values[k]! - mean;
    c += value * cosine;
    s += value * sine;
    cc += cosine * cosine;
    ss += sine * sine;
  }
  return 0.5 * ((c * c) / Math.max(1e-12, cc) + (s * s) / Math.max(1e-12, ss));
}

/** Least-squares slope of ln power over ln frequency; NaN where there is none. */
function slopeOf(found: readonly { frequency: number; power: number }[]): number {
  const points = found
    .filter(({ power }) => power > 0)
    .map(({ frequency, power }) => [Math.log(frequency), Math.log(power)] as const);
  if (points.length < 4) return Number.NaN;
  const [x, y] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length);
  const top = points.reduce((sum, [px, py]) => sum + (px - x!) * (py - y!), 0);
  return top / points.reduce((sum, [px]) => sum + (px - x!) * (px - x!), 0);
}
