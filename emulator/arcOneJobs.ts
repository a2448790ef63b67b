import { endOfStream } from "../protocols/arcOne/replies.ts";
import { seriesResistors } from "../protocols/arcOne/jobs.ts";

/**
 * What the jobs of an ArC ONE do to a device, as far as its clients tell it: the firmware is closed, so the order of the pulses in each is
 * a guess that fits what they document.
 */

/** One device at the board's terminals. */
export interface ArcOneArray {
  /** Ω. */
  read(): number;
  /** V and s; the series resistor's conductance in µS, where one is put before the device. */
  pulse(volts: number, seconds: number, seriesMicrosiemens?: number): void;
}

/** Ω, V and s. */
export type Triplet = readonly number[];

export function* formFinder(given: readonly number[], device: ArcOneArray): Generator<Triplet> {
  const [from = 0, step = 0, to = 0, shortest = 0, widthStep = 0, longest = 0] = given;
  const [threshold = 0, thresholdPercent = 0, linear = 0, series = 0, pulses = 1] = given.slice(7);
  const resistor = seriesResistors.find(({ code }) => code === series)?.microsiemens;
  const first = device.read();
  for (const volts of ramp(from, step, to)) {
    for (const width of widths(shortest, widthStep, longest, linear === 1)) {
      for (let pulse = 0; pulse < counted(pulses); pulse++) {
        device.pulse(volts, width, resistor);
        const ohms = device.read();
        yield [ohms, volts, width];
        const changed = Math.abs(ohms - first) > (thresholdPercent / 100) * first;
        if (ohms < threshold || (thresholdPercent > 0 && changed)) return;
      }
    }
  }
}

export function* switchSeeker(
  given: readonly number[],
  device: ArcOneArray,
  readVolts: number,
): Generator<Triplet> {
  const [width = 0, from = 0, step = 0, to = 0] = given;
  const [reads = 1, pulses = 1, cycles = 1, , readAfter = 0] = given.slice(6);
  for (let read = 0; read < reads; read++) yield [device.read(), readVolts, 0];
  for (let cycle = 0; cycle < Math.max(1, cycles); cycle++) {
    for (const volts of ramp(from, step, to)) {
      const signed = cycle % 2 === 0 ? volts : -volts;
      for (let pulse = 0; pulse < counted(pulses); pulse++) {
        device.pulse(signed, width);
        if (readAfter === 1) yield [device.read(), signed, width];
      }
      if (readAfter !== 1) yield [device.read(), signed, width];
    }
  }
}

/** Ramps in one polarity until the target is reached or passed, then in the other one, with longer pulses at the top of a ramp. */
export function* convergeToState(given: readonly number[], device: ArcOneArray): Generator<Triplet> {
  const [from = 0, step = 0, to = 0, shortest = 0, widthStep = 0, longest = 0] = given;
  const [target = 0, tolerance = 0, initialTolerance = 0, pulses = 1] = given.slice(7);
  const isNear = (ohms: number, percent: number): boolean =>
    Math.abs(ohms - target) <= (percent / 100) * target;
  let ohms = device.read();
  yield [ohms, 0, 0];
  if (isNear(ohms, initialTolerance)) return;
  for (let ramps = 0; ramps < mostRamps; ramps++) {
    const side = Math.sign(ohms - target);
    for (const volts of ramp(from, step, to)) {
      for (const width of widths(shortest, widthStep, longest, false)) {
        for (let pulse = 0; pulse < counted(pulses); pulse++) device.pulse(side * volts, width);
        ohms = device.read();
        yield [ohms, side * volts, width];
        if (isNear(ohms, tolerance)) return;
        if (Math.sign(ohms - target) !== side) break;
      }
      if (Math.sign(ohms - target) !== side) break;
    }
  }
}

export function* endurance(given: readonly number[], device: ArcOneArray): Generator<Triplet> {
  const [up = 0, upWidth = 0, , down = 0, downWidth = 0] = given;
  const [ups = 1, downs = 1, cycles = 1] = given.slice(7);
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let pulse = 0; pulse < ups + downs; pulse++) {
      const [volts, width] = pulse < ups ? [up, upWidth] : [down, downWidth];
      device.pulse(volts, width);
      yield [device.read(), volts, width];
    }
  }
}

export function* curveTracer(given: readonly number[], device: ArcOneArray): Generator<Triplet> {
  const [up = 0, down = 0, from = 0, step = 0, width = 0] = given;
  const [cycles = 1, , span = 0] = given.slice(8);
  const branch = (sign: number, to: number): number[] => {
    const there = [...ramp(Math.abs(from), Math.abs(step), Math.abs(to))];
    return [...there, ...there.toReversed()].map((volts) => sign * volts);
  };
  const [above, below] = [branch(1, up), branch(-1, down)];
  const sweep = [[...above, ...below], [...below, ...above], above, below][span] ?? above;
  for (let cycle = 0; cycle < Math.max(1, cycles); cycle++) {
    for (const volts of sweep) {
      device.pulse(volts, width);
      yield [device.read(), volts, width];
    }
    yield endOfStream;
  }
}

export function* chronoAmperometry(given: readonly number[], device: ArcOneArray): Generator<Triplet> {
  const [bias = 0, width = 0, reads = 1] = given;
  device.pulse(bias, width);
  for (let read = 0; read < reads; read++) yield [device.read(), bias, (width * (read + 1)) / reads];
}

/** A bitline read as a whole, or written: all its words are read before and after. */
export function* multiBias(
  given: readonly number[],
  device: (word: number, bit: number) => ArcOneArray,
  words: number,
): Generator<Triplet> {
  const [volts = 0, width = 0, readVolts = 0, , bit = 1, action = 1, ...active] = given;
  if (action !== 2) {
    const siemens = active.reduce((sum, word) => sum + 1 / device(word, bit).read(), 0);
    yield [siemens > 0 ? Math.max(1, 1 / siemens) : 1e12, readVolts, 0];
    return;
  }
  for (let word = 1; word <= words; word++) yield [device(word, bit).read(), readVolts, 0];
  for (let word = 1; word <= words; word++)
    device(word, bit).pulse(active.includes(word) ? volts : volts / 2, width);
  for (let word = 1; word <= words; word++) yield [device(word, bit).read(), readVolts, 0];
}

/** From one voltage to another, both included; the first alone where the step leads nowhere. */
function* ramp(from: number, step: number, to: number): Generator<number> {
  const steps = step === 0 ? 0 : Math.floor((to - from) / step + 1e-6);
  for (let n = 0; n <= Math.min(mostSteps, Math.max(0, steps)); n++) yield from + n * step;
}

/** Of pulses that grow, in percent or by so much. */
function* widths(shortest: number, step: number, longest: number, linear: boolean): Generator<number> {
  let width = shortest;
  for (let n = 0; n < mostSteps; n++) {
    yield width;
    const next = linear ? width + step : width * (1 + step / 100);
    if (!(next > width) || next > longest * (1 + 1e-9)) return;
    width = next;
  }
}

/** Pulses of one step. */
function counted(pulses: number): number {
  return Math.min(mostPulses, Math.max(1, pulses));
}

const mostPulses = 1000;
const mostSteps = 10_000;
const mostRamps = 40;
