import type { DriftBand } from "../src/results/driftBands.ts";
import type { Microsiemens, Seconds } from "../src/units.ts";
import type { Chart, ChartPoint, ChartSeries } from "./chart.ts";
import type { DriftLaw, RunStory } from "./runStory.ts";
import { listed } from "./text.ts";

/** How devices drift, on axes on which a power law is straight. */
export function driftChart({ drift, law }: Pick<RunStory, "drift" | "law">): Chart | undefined {
  const bands = drift.filter(({ points }) => points.length > 2);
  if (bands.length === 0) return undefined;
  const series = bands.flatMap((band, k) => [
    measured(band, k),
    ...(law === undefined ? expected(band, k) : [ofLaw(band, law, k)]),
  ]);
  return {
    figure: "drift",
    title: "Drift",
    sentence: sentenceOf(bands, law),
    x: { name: "age", unit: "seconds" },
    y: { name: "conductance", unit: "microsiemens" },
    xScale: "logarithmic",
    yScale: "logarithmic",
    series,
  };
}

function measured({ startMicrosiemens: start, points, ...band }: DriftBand, colour: number): ChartSeries {
  return {
    name: `read first at ${short(band.fromMicrosiemens)} … ${short(band.toMicrosiemens)} µS`,
    label: `from ${short(start)} µS`,
    look: "dots",
    colour,
    points: points.map(({ ageSeconds, median, quarter, threeQuarters }) => ({
      x: ageSeconds,
      y: start * median,
      low: start * quarter,
      high: start * threeQuarters,
    })),
  };
}

/** Enough for the bend near the onset of drift. */
const lawPoints = 25;

function ofLaw(band: DriftBand, law: DriftLaw, colour: number): ChartSeries {
  const { points, startMicrosiemens } = band;
  const [from, to] = [points[0]!.ageSeconds, points.at(-1)!.ageSeconds];
  const ratio = Math.log(to / from);
  const ages = Array.from({ length: lawPoints }, (_, k) => from * Math.exp((ratio * k) / (lawPoints - 1)));
  return {
    name: `law of ${law.law.name} from ${short(startMicrosiemens)} µS`,
    look: "law",
    colour,
    unnamed: true,
    points: ages.map((age) => byLaw(law, startMicrosiemens, from, age)),
  };
}

/**
 * What a device conducts at an age by a law, with what those conduct whose exponents are a standard deviation larger and smaller:
 *
 *     G(t) = G(t₁) ((t + onset)/(t₁ + onset))^−ν
 */
function byLaw(
  { law, onsetSeconds }: DriftLaw,
  start: Microsiemens,
  from: Seconds,
  age: Seconds,
): ChartPoint {
  const { mean, std } = law.driftExponent(Math.min(start, law.maxConductanceMicrosiemens));
  const logAge = Math.log((age + onsetSeconds) / (from + onsetSeconds));
  const at = (exponent: number): Microsiemens => start * Math.exp(-exponent * logAge);
  return { x: age, y: at(mean), low: at(mean + std), high: at(mean - std) };
}

/** Of a model without exponents; nothing beyond the times that it knows. */
function expected({ startMicrosiemens: start, points }: DriftBand, colour: number): ChartSeries[] {
  const known = points.filter((point) => Number.isFinite(point.expected));
  if (known.length < 2) return [];
  return [
    {
      name: `what the model expects from ${short(start)} µS`,
      look: "law",
      colour,
      unnamed: true,
      points: known.map((point) => ({ x: point.ageSeconds, y: start * point.expected })),
    },
  ];
}

function sentenceOf(bands: readonly DriftBand[], law: DriftLaw | undefined): string {
  const dots = "Dots are medians of devices that began alike, strokes reach from quarter to quarter";
  if (law === undefined) return `${dots}; dashed, what the run’s model expects.`;
  const inside = bands.filter(({ startMicrosiemens: start, points }) => {
    const { ageSeconds, median } = points.at(-1)!;
    const { low, high } = byLaw(law, start, points[0]!.ageSeconds, ageSeconds);
    return start * median >= low! && start * median <= high!;
  }).length;
  const ends = inside === bands.length ? "all medians end" : `${inside} of ${bands.length} medians end`;
  return (
    `${dots}; dashed, the ${law.fitted ? "fitted law" : "law"} of ${law.law.name} in its band of ν ± σ: ` +
    `${ends} inside it.`
  );
}

/** How the exponent depends on conductance: as measured one by one, and as the laws say. */
export function exponentChart({ exponents, law }: RunStory): Chart | undefined {
  // Where no power law is believed in, there are no exponents; and a law alone is not this run's unless it was fitted.
  if (law === undefined || (exponents.length === 0 && !law.fitted)) return undefined;
  const laws = lawSeries(law, exponents.at(-1)?.conductanceMicrosiemens);
  const dots: ChartSeries = {
    name: "measured, median and quarters",
    label: "measured",
    look: "dots",
    colour: 1,
    points: exponents.map(({ conductanceMicrosiemens, median, quarter, threeQuarters }) => ({
      x: conductanceMicrosiemens,
      y: median,
      low: quarter,
      high: threeQuarters,
    })),
  };
  const [first, last] = [exponents[0], exponents.at(-1)];
  const ends =
    first === undefined || last === undefined || first === last
      ? ""
      : `Devices of ${short(first.conductanceMicrosiemens)} µS drift with an exponent of ${first.median.toFixed(3)}, ` +
        `those of ${short(last.conductanceMicrosiemens)} µS with ${last.median.toFixed(3)}`;
  const held = [law.law, ...(law.before === undefined ? [] : [law.before])];
  const say =
    first === undefined
      ? ""
      : listed(
          held.map((one) => {
            const { mean } = one.driftExponent(first.conductanceMicrosiemens);
            return `${one.name} says ${mean.toFixed(3)}`;
          }),
        );
  return {
    figure: "drift_exponent",
    title: "Drift exponent by conductance",
    sentence:
      `${ends === "" ? "What exponent devices drift with" : ends}` +
      `${say === "" ? "" : `; of the former ${say}`}. The band is ν ± σ between devices.`,
    x: { name: "conductance at the reference age", unit: "microsiemens" },
    y: { name: "drift exponent ν", unit: "" },
    xScale: "linear",
    yScale: "linear",
    series: [...laws, ...(exponents.length === 0 ? [] : [dots])],
  };
}

function lawSeries({ law, fitted, before }: DriftLaw, last: Microsiemens | undefined): ChartSeries[] {
  const max = law.maxConductanceMicrosiemens;
  const from = 0.04 * max;
  const to = last === undefined ? max : Math.min(max, Math.max(last * 1.05, 0.5 * max));
  const g = Array.from({ length: 41 }, (_, k) => from + ((to - from) * k) / 40);
  const role = fitted ? "new law" : "law of the run’s model";
  return [
    {
      name: `${role}, ${law.name}`,
      label: law.name,
      look: "line",
      colour: 0,
      points: g.map((x) => {
        const { mean, std } = law.driftExponent(x);
        return { x, y: mean, low: Math.max(0, mean - std), high: mean + std };
      }),
    },
    ...(before === undefined
      ? []
      : [
          {
            name: `law before, ${before.name}`,
            label: before.name,
            look: "law" as const,
            points: g
              .filter((x) => x <= before.maxConductanceMicrosiemens)
              .map((x) => ({ x, y: before.driftExponent(x).mean })),
          },
        ]),
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
