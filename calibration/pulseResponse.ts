import type { AmplitudeCurve, PulseKind } from "../src/chip/amplitudeCurve.ts";
import type { Microamperes } from "../src/units.ts";
import type { PulseSeen } from "./pulseReader.ts";
import { fitSigmoid, type Median, type Sigmoid, sigmoidAt } from "./sigmoid.ts";

/** How devices answer to a RESET pulse. */
export interface PulseResponse extends AmplitudeCurve {
  readonly pulses: number;
  /** Standard errors of the two spreads, and of where the curve is halfway. */
  readonly deviceSpreadError: Microamperes;
  readonly cycleSpreadError: Microamperes;
  /** What brings the middle device to half of the nominal curve. */
  readonly halfwayMicroamperes: Microamperes;
  readonly halfwayError: Microamperes;
  /** How the fit of the curve ended. */
  readonly ended: Sigmoid["ended"];
}

/** Fewer first pulses than this say nothing of a curve. */
const fewestPulses = 500;
const binMicroamperes = 6;
const fewestInBin = 12;

/**
 * Fits G = R + (T − R)/(1 + e^((I − H)/S)) to the medians of first pulses, which no method chose by what it knew of a device:
 * a median is where the middle device lies, however devices spread along the amplitude axis. From each pulse on the steep
 * part of the curve follows where its device was halfway, and from a device's several pulses what differs between devices and
 * what between pulses (analysis of variance, one way).
 *
 * @returns undefined where pulses are too few, do not cover the steep part of the curve, or show none.
 */
export function fitPulseResponse(
  seen: readonly PulseSeen[],
  { nominalCurve }: PulseKind,
): PulseResponse | undefined {
  const first = seen.filter((pulse) => pulse.first);
  if (first.length < fewestPulses) return undefined;
  const medians = mediansOf(first);
  const top = nominalCurve.conductanceMicrosiemens[0]!;
  const bottom = nominalCurve.conductanceMicrosiemens.at(-1)!;
  const covered = medians.filter(
    ({ g }) => g > bottom + 0.15 * (top - bottom) && g < bottom + 0.8 * (top - bottom),
  );
  if (covered.length < 5) return undefined;
  const sigmoid = fitSigmoid(medians, top, bottom);
  if (sigmoid === undefined) return undefined;
  const spread = spreadsOf(seen, sigmoid);
  if (spread === undefined) return undefined;
  const amplitudes = nominalCurve.amplitudeMicroamperes;
  const falls = sigmoidAt(sigmoid, amplitudes[0]!) - sigmoidAt(sigmoid, amplitudes.at(-1)!);
  const spans = spread.deviceSpreadMicroamperes < amplitudes.at(-1)! - amplitudes[0]!;
  if (!(falls > 0.5 * (top - bottom) && spans)) return undefined;
  return {
    amplitudeMicroamperes: amplitudes,
    conductanceMicrosiemens: amplitudes.map((amplitude) => sigmoidAt(sigmoid, amplitude)),
    halfwayMicroamperes: sigmoid.atMiddle,
    halfwayError: sigmoid.atMiddleError,
    pulses: seen.length,
    ended: sigmoid.ended,
    ...spread,
  };
}

function mediansOf(first: readonly PulseSeen[]): Median[] {
  const bins = new Map<number, PulseSeen[]>();
  for (const pulse of first) {
    const bin = Math.floor(pulse.amplitudeMicroamperes / binMicroamperes);
    const inBin = bins.get(bin) ?? [];
    inBin.push(pulse);
    bins.set(bin, inBin);
  }
  return [...bins.values()].flatMap((inBin) => {
    if (inBin.length < fewestInBin) return [];
    const sorted = inBin.map((pulse) => pulse.conductanceMicrosiemens).sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    const spread = Math.max(0.02, (at(0.84) - at(0.16)) / 2);
    const amplitude = inBin.reduce((sum, pulse) => sum + pulse.amplitudeMicroamperes, 0) / inBin.length;
    return [{ amplitude, g: at(0.5), variance: (1.57 * spread * spread) / inBin.length }];
  });
}

/** Where a reading says that its device was halfway, by the population's slope; NaN off the steep part. */
function halfwayOf(
  { top, bottom, slope }: Sigmoid,
  { amplitudeMicroamperes, conductanceMicrosiemens }: PulseSeen,
): number {
  const share = (conductanceMicrosiemens - bottom) / (top - bottom);
  if (!(share > 0.15 && share < 0.8)) return Number.NaN;
  return amplitudeMicroamperes - slope * Math.log((1 - share) / share);
}

function spreadsOf(
  seen: readonly PulseSeen[],
  sigmoid: Sigmoid,
):
  | Pick<
      PulseResponse,
      "deviceSpreadMicroamperes" | "cycleSpreadMicroamperes" | "deviceSpreadError" | "cycleSpreadError"
    >
  | undefined {
  const groups = new Map<number, { n: number; sum: number; square: number }>();
  for (const pulse of seen) {
    const halfway = halfwayOf(sigmoid, pulse);
    if (Number.isNaN(halfway)) continue;
    const off = halfway - sigmoid.halfway;
    const group = groups.get(pulse.device) ?? { n: 0, sum: 0, square: 0 };
    group.n++;
    group.sum += off;
    group.square += off * off;
    groups.set(pulse.device, group);
  }
  let within = 0;
  let freedom = 0;
  let means = 0;
  let mean = 0;
  let inverseSizes = 0;
  for (const { n, sum, square } of groups.values()) {
    if (n < 2) continue;
    within += square - (sum * sum) / n;
    freedom += n - 1;
    means++;
    mean += sum / n;
    inverseSizes += 1 / n;
  }
  if (means < 50) return undefined;
  mean /= means;
  let between = 0;
  for (const { n, sum } of groups.values()) {
    if (n >= 2) between += (sum / n - mean) * (sum / n - mean);
  }
  between /= means - 1;
  const cycle = within / freedom;
  const device = Math.max(0, between - (cycle * inverseSizes) / means);
  return {
    cycleSpreadMicroamperes: Math.sqrt(cycle),
    deviceSpreadMicroamperes: Math.sqrt(device),
    cycleSpreadError: Math.sqrt(cycle / (2 * freedom)),
    deviceSpreadError: between / Math.sqrt(2 * (means - 1)) / Math.max(1, Math.sqrt(device)),
  };
}
