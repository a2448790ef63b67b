import type { AmplitudeCurve, PulseKind } from "../src/chip/amplitudeCurve.ts";
import type { Microamperes, Microsiemens } from "../src/units.ts";
import type { PulsesSeen } from "./pulsesSeen.ts";
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
export function fitPulseResponse(seen: PulsesSeen, { nominalCurve }: PulseKind): PulseResponse | undefined {
  const firstPulses = seen.first.subarray(0, seen.count).reduce((n, first) => n + first, 0);
  if (firstPulses < fewestPulses) return undefined;
  const medians = mediansOfFirst(seen);
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
    pulses: seen.count,
    ended: sigmoid.ended,
    ...spread,
  };
}

function mediansOfFirst({
  count,
  first,
  amplitudeMicroamperes,
  conductanceMicrosiemens,
}: PulsesSeen): Median[] {
  const bins = new Map<number, number[]>();
  for (let k = 0; k < count; k++) {
    if (first[k] === 0) continue;
    const bin = Math.floor(amplitudeMicroamperes[k]! / binMicroamperes);
    const inBin = bins.get(bin) ?? [];
    inBin.push(k);
    bins.set(bin, inBin);
  }
  return [...bins.values()].flatMap((inBin) => {
    if (inBin.length < fewestInBin) return [];
    const sorted = Float64Array.from(inBin, (k) => conductanceMicrosiemens[k]!).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    const spread = Math.max(0.02, (at(0.84) - at(0.16)) / 2);
    const amplitude = inBin.reduce((sum, k) => sum + amplitudeMicroamperes[k]!, 0) / inBin.length;
    return [{ amplitude, g: at(0.5), variance: (1.57 * spread * spread) / inBin.length }];
  });
}

/** Where a reading says that its device was halfway, by the population's slope; NaN off the steep part. */
function halfwayOf(
  { top, bottom, slope }: Sigmoid,
  amplitude: Microamperes,
  conductance: Microsiemens,
): Microamperes {
  const share = (conductance - bottom) / (top - bottom);
  if (!(share > 0.15 && share < 0.8)) return Number.NaN;
  return amplitude - slope * Math.log((1 - share) / share);
}

function spreadsOf(
  { count, device: devices, amplitudeMicroamperes, conductanceMicrosiemens }: PulsesSeen,
  sigmoid: Sigmoid,
):
  | Pick<
      PulseResponse,
      "deviceSpreadMicroamperes" | "cycleSpreadMicroamperes" | "deviceSpreadError" | "cycleSpreadError"
    >
  | undefined {
  // One entry a device: its pulses on the steep part, what they add up to, and the squares; and the devices in the order in which they come.
  const room = devices.subarray(0, count).reduce((most, i) => Math.max(most, i + 1), 0);
  const pulses = new Uint32Array(room);
  const sums = new Float64Array(room);
  const squares = new Float64Array(room);
  const order: number[] = [];
  for (let k = 0; k < count; k++) {
    const halfway = halfwayOf(sigmoid, amplitudeMicroamperes[k]!, conductanceMicrosiemens[k]!);
    if (Number.isNaN(halfway)) continue;
    const off = halfway - sigmoid.halfway;
    const i = devices[k]!;
    if (pulses[i] === 0) order.push(i);
    pulses[i]!++;
    sums[i]! += off;
    squares[i]! += off * off;
  }
  let within = 0;
  let freedom = 0;
  let means = 0;
  let mean = 0;
  let inverseSizes = 0;
  for (const i of order) {
    const [n, sum, square] = [pulses[i]!, sums[i]!, squares[i]!];
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
  for (const i of order) {
    const [n, sum] = [pulses[i]!, sums[i]!];
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
