import type { ChipDescription } from "../chip/description.ts";
import { readingFlags } from "../chip/driver.ts";
import { type LimitPulse, rramPulsesOf, type RramPulses } from "../chip/technologies/rram.ts";
import { assert } from "../errors.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import type { Figure, FindingColumn, Findings, Measured, Procedure, Settings } from "./procedure.ts";
import { fitThresholds, type ThresholdFit, type Trials } from "./thresholdFit.ts";
import { placesOf, walk } from "./trace.ts";

/**
 * Staircases of resistive devices. A device is RESET as low as it goes and then SET in steps until it responds; from there it is SET to
 * the middle of its range and RESET in steps until it responds; so often as there are cycles. Thresholds scatter from pulse to pulse, so
 * one staircase tells little: those of all cycles together give each device's thresholds with intervals.
 */
export const staircase: Procedure<StaircaseState> = {
  name: "staircase",
  does: "staircases of SET and RESET pulses: the thresholds of each device, with intervals, and how much they scatter from pulse to pulse",
  technologies: ["rram"],
  usual: { rows: 2, devices: 200 },
  settings: [
    {
      name: "cycles",
      unit: "",
      meaning: "staircases up and down",
      least: 1,
      most: 1000,
      whole: true,
      usual: () => 6,
    },
    {
      name: "set_from",
      unit: "V",
      meaning: "where SET staircases begin",
      least: 0.01,
      most: 20,
      usual: (chip) => rramPulsesOf(chip).set.fromVolts - 0.1,
    },
    {
      name: "reset_from",
      unit: "V",
      meaning: "where RESET staircases begin",
      least: 0.01,
      most: 20,
      usual: (chip) => rramPulsesOf(chip).reset.fromVolts - 0.3,
    },
    {
      name: "step",
      unit: "V",
      meaning: "from one pulse to the next",
      least: 0.005,
      most: 1,
      usual: () => 0.05,
    },
    {
      name: "width",
      unit: "ns",
      meaning: "of each pulse, or of the shortest",
      least: 1,
      most: 1e9,
      whole: true,
      usual: (chip) => rramPulsesOf(chip).set.widthNanoseconds,
    },
    {
      name: "widest",
      unit: "ns",
      meaning: "width of the longest pulses, where there are several widths",
      least: 1,
      most: 1e9,
      whole: true,
      usual: (chip) => rramPulsesOf(chip).set.widthNanoseconds,
    },
    {
      name: "widths",
      unit: "",
      meaning: "widths from width to widest, spaced by the logarithm; each has its own staircases",
      least: 1,
      most: 8,
      whole: true,
      usual: () => 1,
    },
    {
      name: "averages",
      unit: "",
      meaning: "reads that are averaged after each pulse",
      least: 1,
      most: 256,
      whole: true,
      usual: () => 16,
    },
  ],
  requires(_chip, _capabilities, settings) {
    if (settings === undefined) return undefined;
    const { width, widest, widths } = settings as Record<"width" | "widest" | "widths", number>;
    return widths === 1 || widest > width
      ? undefined
      : `${widths} widths go from width to widest, and ${width} … ${widest} ns is no range. Give a width below widest.`;
  },
  pulses: ({ cycles, step, widths }, chip) => {
    const { set, reset } = rramPulsesOf(chip);
    const rungs = (set.toVolts - set.fromVolts + reset.toVolts - reset.fromVolts + 1) / step!;
    return Math.ceil(2 * cycles! * widths! * (rungs + mostDown + mostUp));
  },
  begin,
  next,
  judge,
};

/** What a device is on at the moment. */
const phases = { down: 0, setRamp: 1, up: 2, resetRamp: 3 } as const;
/** Pulses that bring it down, and up. */
const mostDown = 12;
const mostUp = 6;
/** A SET from a broken filament is abrupt: it goes most of the way. */
const abruptShare = 0.85;
/** µS below which it is down. */
const isDown = 1.5;

interface StaircaseState {
  readonly task: ProgrammingTask;
  readonly pulses: RramPulses;
  readonly verdicts: Uint8Array;
  readonly left: Uint32Array;
  readonly phase: Uint8Array;
  /** Pulses given in the phase. */
  readonly given: Uint16Array;
  readonly cycle: Uint16Array;
  readonly before: Float32Array;
  readonly middleMicrosiemens: number;
  readonly cyclesOfWidth: number;
  /** Pulses of one kind and width, that a turn may have. */
  readonly orders: readonly StaircaseOrder[];
}

interface StaircaseOrder {
  readonly kind: "set" | "reset";
  readonly widthNanoseconds: number;
  readonly codes: Uint16Array;
}

function begin(
  task: ProgrammingTask,
  model: { readonly maxConductanceMicrosiemens: number },
): StaircaseState {
  const { settings } = task;
  assert(settings !== undefined, "a procedure is given its settings");
  const count = task.targetsMicrosiemens.length;
  const pulses = rramPulsesOf(task);
  return {
    task,
    pulses,
    verdicts: firstVerdicts(task),
    left: task.pulsesLeft.slice(),
    phase: new Uint8Array(count).fill(phases.down),
    given: new Uint16Array(count),
    cycle: new Uint16Array(count),
    before: new Float32Array(count).fill(Number.NaN),
    middleMicrosiemens: model.maxConductanceMicrosiemens,
    cyclesOfWidth: settings["cycles"]!,
    orders: (["set", "reset"] as const).flatMap((kind) =>
      [...new Set([...widthsOf(settings), pulses[kind].widthNanoseconds])].map((widthNanoseconds) => ({
        kind,
        widthNanoseconds,
        codes: new Uint16Array(count),
      })),
    ),
  };
}

/** Nanoseconds, ascending. */
function widthsOf(settings: Settings): number[] {
  // Runs of an older mho have one width.
  const { width = 0, widest = width, widths = 1 } = settings;
  return Array.from({ length: widths }, (_, k) =>
    Math.round(width * Math.exp((k / Math.max(1, widths - 1)) * Math.log(widest / width))),
  );
}

function next(state: StaircaseState, seen: Seen | undefined): Decision {
  const { task, verdicts: given, left, pulses } = state;
  const { settings } = task;
  assert(settings !== undefined, "a procedure is given its settings");
  const rows = new Uint8Array(task.rowCount);
  const widths = widthsOf(settings);
  for (const { codes } of state.orders) codes.fill(0);
  let pending = 0;
  for (let i = 0; i < given.length; i++) {
    if (given[i] !== verdicts.pending) continue;
    if (seen !== undefined) {
      if (seen.flags[i] === readingFlags.invalid) given[i] = verdicts.unreadable;
      else step(state, i, seen.conductanceMicrosiemens[i]!, settings);
    }
    if (given[i] !== verdicts.pending) continue;
    pending++;
    rows[Math.floor(i / task.devicesPerRow)] = 1;
    if (seen === undefined) continue;
    if (left[i]! <= 0) {
      given[i] = verdicts.budgetSpent;
      continue;
    }
    const volts = voltsOf(state, i, settings);
    const code = Math.min(task.maxCode, Math.max(1, Math.round(volts / pulses.voltsPerCode)));
    const kind = state.phase[i] === phases.setRamp || state.phase[i] === phases.up ? "set" : "reset";
    const isRamp = state.phase[i] === phases.setRamp || state.phase[i] === phases.resetRamp;
    const width = isRamp
      ? widths[Math.min(widths.length - 1, Math.floor(state.cycle[i]! / state.cyclesOfWidth))]!
      : pulses[kind].widthNanoseconds;
    state.orders.find((one) => one.kind === kind && one.widthNanoseconds === width)!.codes[i] = code;
    left[i]!--;
    state.given[i]!++;
    state.before[i] = seen.conductanceMicrosiemens[i]!;
  }
  if (!given.includes(verdicts.pending)) return { orders: [], verdicts: given, look: { kind: "done" } };
  const orders = state.orders
    .filter(({ codes }) => codes.some((code) => code !== 0))
    .map((order) => ({ ...order, trailingNanoseconds: 0, gateCode: pulses[order.kind].gateCode }));
  return {
    orders,
    verdicts: given,
    look: { kind: "read", averages: settings["averages"]!, rows, afterSeconds: 0 },
  };
}

/** Goes on to the next phase where the reading ends this one. */
function step(
  state: StaircaseState,
  i: number,
  reading: number,
  settings: Readonly<Record<string, number>>,
): void {
  const { phase, given, before, cycle, pulses, middleMicrosiemens } = state;
  const enter = (next: number): void => {
    phase[i] = next;
    given[i] = 0;
  };
  const top = (pulse: LimitPulse, from: number): boolean =>
    from + given[i]! * settings["step"]! > pulse.toVolts + 0.3;
  switch (phase[i]) {
    case phases.down:
      if (reading < isDown) enter(phases.setRamp);
      else if (given[i]! >= mostDown) state.verdicts[i] = verdicts.stuckHigh;
      return;
    case phases.setRamp:
      if (given[i]! > 0 && reading - before[i]! > setResponse) enter(phases.up);
      else if (top(pulses.set, settings["set_from"]!))
        state.verdicts[i] = reading < 0.1 ? verdicts.open : verdicts.stuckLow;
      return;
    case phases.up:
      if (reading > 0.7 * middleMicrosiemens || given[i]! >= mostUp) enter(phases.resetRamp);
      return;
    default:
      if (given[i]! > 0 && before[i]! - reading > resetResponse(before[i]!)) {
        if (++cycle[i]! >= settings["cycles"]! * widthsOf(settings).length)
          state.verdicts[i] = verdicts.accepted;
        else enter(phases.down);
      } else if (top(pulses.reset, settings["reset_from"]!)) state.verdicts[i] = verdicts.stuckHigh;
  }
}

function voltsOf(
  { phase, given, pulses, task, middleMicrosiemens }: StaircaseState,
  i: number,
  settings: Readonly<Record<string, number>>,
): number {
  const most = task.maxCode * pulses.voltsPerCode;
  switch (phase[i]) {
    case phases.down:
      return Math.min(most, pulses.reset.toVolts);
    case phases.setRamp:
      return settings["set_from"]! + given[i]! * settings["step"]!;
    case phases.up:
      return voltsFor(pulses.set, 1.1 * middleMicrosiemens) + 0.08 * given[i]!;
    default:
      return settings["reset_from"]! + given[i]! * settings["step"]!;
  }
}

/** µS by which a device that is down must rise, and one that is up must fall, to have responded: well above what it relaxes by and reads scatter by. */
const setResponse = 0.45;
const resetResponse = (before: number): number => 0.3 + 0.018 * before;

/** Of the logarithm of the share that a pulse goes of its way: shares scatter by a factor of two and more. */
const shareScatter = 0.8;
/** Nodes and weights of the Gauss–Hermite rule of order 5, for a standard normal value (Abramowitz & Stegun 25.4.46). */
const nodes = [-2.85697, -1.355626, 0, 1.355626, 2.85697];
const nodeWeights = [0.011257, 0.222076, 0.533333, 0.222076, 0.011257];

/**
 * Nominal voltage from which on a pulse moves a device so far that it is seen, the mean over how far pulses go.
 *
 * @param by  µS that it must move; negative downwards.
 */
function neededVolts(pulse: LimitPulse, share: number, before: number, by: number): number {
  return nodes.reduce((sum, node, k) => {
    const goes = Math.min(1, share * Math.exp(shareScatter * node));
    return sum + nodeWeights[k]! * voltsFor(pulse, Math.max(0, before + by / goes));
  }, 0);
}

/** Nominal voltage whose limit is the given one. */
function voltsFor({ volts, limitMicrosiemens: limits }: LimitPulse, limit: number): number {
  const rising = limits.at(-1)! > limits[0]!;
  let k = 1;
  while (k < limits.length - 1 && limits[k]! < limit === rising) k++;
  const span = limits[k]! - limits[k - 1]!;
  const part = span === 0 ? 0 : Math.min(1, Math.max(0, (limit - limits[k - 1]!) / span));
  return volts[k - 1]! + part * (volts[k]! - volts[k - 1]!);
}

/** Nominal voltage at which SET begins: the last whose limit is 0. */
function setBegins({ set }: RramPulses): number {
  const first = set.limitMicrosiemens.findIndex((limit) => limit > 0);
  return set.volts[Math.max(0, first - 1)]!;
}

/** Nominal voltage at which RESET begins to lower a device at the top of its range. */
function resetBegins({ reset }: RramPulses, chip: ChipDescription): number {
  return voltsFor(reset, chip.maxConductanceMicrosiemens);
}

/** Trials of each device, at one width. */
interface TrialsAt {
  readonly widthNanoseconds: number;
  readonly set: readonly OpenTrials[];
  readonly reset: readonly OpenTrials[];
}

interface OpenTrials extends Trials {
  readonly excess: number[];
  readonly responded: boolean[];
}

function judge({ plan, chip, turns, settings }: Measured): Findings {
  const pulses = rramPulsesOf(chip);
  const places = placesOf(plan);
  const placeOf = new Map(places.map(({ tile, device }, k) => [`${tile} ${device}`, k]));
  const none = (): OpenTrials[] => places.map(() => ({ excess: [], responded: [] }));
  const byWidth = widthsOf(settings).map((widthNanoseconds): TrialsAt => ({
    widthNanoseconds,
    set: none(),
    reset: none(),
  }));
  const fired = new Float64Array(places.length);
  const readable = chip.converter.microsiemensPerCode * (chip.converter.codes - 2);
  for (const targets of plan.tiles) {
    const { block } = targets;
    walk(turns, targets, ({ device, order, code, pulses: count, before, after, unsure }) => {
      const k = placeOf.get(`${block.tile} ${device}`)!;
      fired[k]! += count;
      if (order === undefined || unsure || Number.isNaN(after) || Number.isNaN(before)) return;
      const volts = code * pulses.voltsPerCode;
      const at = byWidth.find(({ widthNanoseconds }) => widthNanoseconds === order.widthNanoseconds);
      if (at === undefined) return;
      const { set, reset } = at;
      // Nominal: the voltage whose limit is what the device would have to be moved towards for its answer to be seen.
      if (order.kind === "set" && before < isDown) {
        const needed = neededVolts(pulses.set, abruptShare, before, setResponse);
        set[k]!.excess.push(volts - needed);
        set[k]!.responded.push(after - before > setResponse);
      } else if (
        order.kind === "reset" &&
        before > 0.25 * chip.maxConductanceMicrosiemens &&
        before < readable
      ) {
        const needed = neededVolts(pulses.reset, pulses.reset.share, before, -resetResponse(before));
        reset[k]!.excess.push(volts - needed);
        reset[k]!.responded.push(before - after > resetResponse(before));
      }
    });
  }
  const [fromSet, fromReset] = [setBegins(pulses), resetBegins(pulses, chip)];
  const fits = byWidth.map(({ widthNanoseconds, set, reset }) => ({
    widthNanoseconds,
    up: fitThresholds(set),
    down: fitThresholds(reset),
  }));
  const { up, down } = fits[0]!;
  const courses = [
    { kind: "set", points: courseOf(fits, ({ up: fit }) => fit, fromSet) },
    { kind: "reset", points: courseOf(fits, ({ down: fit }) => fit, fromReset) },
  ];
  return {
    figures: [
      ...figuresOf("set", up, fromSet),
      ...figuresOf("reset", down, fromReset),
      ...courses.flatMap(({ kind, points }) => slopeFigure(kind, points)),
    ],
    counts: countsOf(up, down),
    places: places.map(({ place }) => place),
    columns: [
      ...columnsOf("set", up, fromSet),
      ...columnsOf("reset", down, fromReset),
      ...fits
        .slice(1)
        .flatMap(({ widthNanoseconds, ...fit }) => [
          columnAt("set", fit.up, fromSet, widthNanoseconds),
          columnAt("reset", fit.down, fromReset, widthNanoseconds),
        ]),
      { name: "pulses", unit: "", meaning: "pulses that it was given", values: fired },
    ],
    curves: [
      {
        name: "thresholds",
        title: "Thresholds",
        sentence: "Share of the devices whose threshold lies below each voltage.",
        x: { name: "voltage", unit: "volts", leastRange: 0.2 },
        y: { name: "devices", unit: "percent" },
        lines: [
          { name: "SET", points: cumulative(up, fromSet) },
          { name: "RESET", points: cumulative(down, fromReset) },
        ],
      },
      ...(fits.length === 1
        ? []
        : [
            {
              name: "thresholds_by_width",
              title: "Thresholds by width",
              sentence:
                "Mean over the devices, with its interval: the shorter a pulse, the more voltage it takes.",
              x: { name: "width", unit: "ns", logarithmic: true },
              y: { name: "threshold", unit: "volts" },
              lines: courses.map(({ kind, points }) => ({ name: kind.toUpperCase(), points, dots: true })),
            },
          ]),
    ],
  };
}

interface WidthPoint {
  /** ns and V, with the ends of the interval of 95 %. */
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

function courseOf<F extends { readonly widthNanoseconds: number }>(
  fits: readonly F[],
  pick: (fit: F) => ThresholdFit,
  nominal: number,
): WidthPoint[] {
  return fits.map((fit) => {
    const { mean, meanHalfWidth } = pick(fit);
    const y = nominal + mean;
    return { x: fit.widthNanoseconds, y, low: y - meanHalfWidth, high: y + meanHalfWidth };
  });
}

/** How much a threshold falls with each factor of ten in width: a line through the means, weighted by their errors. */
function slopeFigure(kind: string, points: readonly WidthPoint[]): Figure[] {
  const known = points.filter(({ y, high }) => Number.isFinite(y) && Number.isFinite(high));
  if (known.length < 2) return [];
  const weights = known.map(({ y, high }) => 1.96 / (high - y)).map((root) => root * root);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mid = (of: (point: WidthPoint) => number): number =>
    known.reduce((sum, point, k) => sum + weights[k]! * of(point), 0) / total;
  const x = (point: WidthPoint): number => Math.log10(point.x);
  const [mx, my] = [mid(x), mid(({ y }) => y)];
  const spread = known.reduce((sum, point, k) => sum + weights[k]! * (x(point) - mx) * (x(point) - mx), 0);
  const slope =
    known.reduce((sum, point, k) => sum + weights[k]! * (x(point) - mx) * (point.y - my), 0) / spread;
  const error = 1.96 / Math.sqrt(spread);
  return [
    {
      name: `${kind}_volts_per_decade`,
      unit: "V",
      meaning: `change of the ${kind.toUpperCase()} threshold with each factor of ten in width`,
      value: slope,
      low: slope - error,
      high: slope + error,
    },
  ];
}

function columnAt(kind: string, { devices }: ThresholdFit, nominal: number, width: number): FindingColumn {
  return {
    name: `${kind}_volts_at_${width}_ns`,
    unit: "V",
    meaning: `${kind.toUpperCase()} threshold for pulses of ${width} ns`,
    values: Float64Array.from(devices, ({ median }) => nominal + median),
  };
}

function figuresOf(kind: string, fit: ThresholdFit, nominal: number): Figure[] {
  const { mean, meanHalfWidth, std, scatter } = fit;
  const name = kind.toUpperCase();
  if (fit.known < 2) return ofOneDevice(kind, fit, nominal);
  return [
    {
      name: `${kind}_threshold_volts`,
      unit: "V",
      meaning: `mean ${name} threshold over the devices`,
      value: nominal + mean,
      low: nominal + mean - meanHalfWidth,
      high: nominal + mean + meanHalfWidth,
    },
    {
      name: `${kind}_spread_volts`,
      unit: "V",
      meaning: `standard deviation of ${name} thresholds between devices`,
      value: std,
    },
    {
      name: `${kind}_scatter_volts`,
      unit: "V",
      meaning: `standard deviation of a ${name} threshold from pulse to pulse, mean over the devices`,
      value: scatter,
    },
  ];
}

/** One device has a threshold and no spread over devices; none has nothing. */
function ofOneDevice(kind: string, { devices }: ThresholdFit, nominal: number): Figure[] {
  const name = kind.toUpperCase();
  return devices
    .filter(({ median }) => Number.isFinite(median))
    .slice(0, 1)
    .map(({ median, low, high }) => ({
      name: `${kind}_threshold_volts`,
      unit: "V",
      meaning: `${name} threshold of the one device that has one`,
      value: nominal + median,
      low: nominal + low,
      high: nominal + high,
    }));
}

function columnsOf(kind: string, { devices }: ThresholdFit, nominal: number): FindingColumn[] {
  const of = (pick: (device: (typeof devices)[number]) => number, from = nominal): Float64Array =>
    Float64Array.from(devices, (device) => from + pick(device));
  const name = kind.toUpperCase();
  return [
    {
      name: `${kind}_volts`,
      unit: "V",
      meaning: `${name} threshold`,
      values: of(({ median }) => median),
      mapped: true,
    },
    {
      name: `${kind}_low_volts`,
      unit: "V",
      meaning: "lower end of its interval of 95 %",
      values: of(({ low }) => low),
    },
    { name: `${kind}_high_volts`, unit: "V", meaning: "upper end likewise", values: of(({ high }) => high) },
    {
      name: `${kind}_scatter_volts`,
      unit: "V",
      meaning: "how much it scatters from pulse to pulse",
      values: of(({ scatter }) => scatter, 0),
    },
  ];
}

function countsOf(up: ThresholdFit, down: ThresholdFit): Findings["counts"] {
  const both = up.devices.filter(
    ({ median }, k) => !Number.isNaN(median) && !Number.isNaN(down.devices[k]!.median),
  );
  return [
    { name: "measured", devices: both.length, meaning: "have both thresholds" },
    {
      name: "not measured",
      devices: up.devices.length - both.length,
      meaning: "did not respond, cannot be read, or the run was stopped before",
    },
  ];
}

function cumulative({ devices }: ThresholdFit, nominal: number): { x: number; y: number }[] {
  const sorted = devices
    .map(({ median }) => nominal + median)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  return sorted.map((x, k) => ({ x, y: (100 * (k + 1)) / sorted.length }));
}
