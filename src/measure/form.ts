import { highestCode } from "../chip/description.ts";
import { readingFlags } from "../chip/driver.ts";
import { rramPulsesOf } from "../chip/technologies/rram.ts";
import { assert } from "../errors.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import { complianceBeyond } from "./compliance.ts";
import { mostRead, shareFigure, spreadFigure } from "./figures.ts";
import { fitCensoredNormal, type Interval, momentsWithin } from "./censoredNormal.ts";
import type { Figure, Findings, Measured, Procedure, Settings } from "./procedure.ts";
import { lastVerdicts, placesOf, type Step, walk } from "./trace.ts";

/**
 * Forming: a ramp of SET pulses with the gate as compliance, each read back, which a device leaves as soon as it conducts. A device
 * that is not formed at the top gets the last pulse again, as often as it is told, and is then left alone.
 *
 * Its steps shrink. A voltage is known to the step in which its device formed, and a step costs a pulse for each device that is not formed
 * by then. For so many pulses the mean square error is least where the cube of the step goes as S/f, with S the share of devices that are
 * still pristine and f its fall: wide steps where few form, narrow ones where most of the rest do.
 */
export const form: Procedure<FormState> = {
  name: "form",
  does: "forms pristine devices: a ramp of SET pulses under compliance, left as soon as a device conducts",
  technologies: ["rram"],
  pulsesPristine: true,
  settings: [
    {
      name: "from",
      unit: "V",
      meaning: "where the ramp begins",
      least: 0.1,
      most: 20,
      usual: (chip) => forming(chip).fromVolts,
    },
    {
      name: "to",
      unit: "V",
      meaning: "where it ends",
      least: 0.1,
      most: 20,
      usual: (chip) => forming(chip).toVolts,
    },
    {
      name: "step",
      unit: "V",
      meaning: "from the first pulse to the second",
      least: 0.005,
      most: 1,
      usual: () => 0.09,
    },
    {
      name: "last_step",
      unit: "V",
      meaning: "from the last pulse but one to the last; steps in between shrink evenly",
      least: 0.005,
      most: 1,
      usual: () => 0.02,
    },
    {
      name: "width",
      unit: "ns",
      meaning: "of each pulse",
      least: 1,
      most: 1e9,
      whole: true,
      usual: (chip) => forming(chip).widthNanoseconds,
    },
    {
      name: "compliance",
      unit: "µS",
      meaning: "the most that a device conducts when it has formed, by the gate",
      least: 1,
      most: 10_000,
      usual: (chip) => forming(chip).complianceMicrosiemens,
    },
    {
      name: "threshold",
      unit: "µS",
      meaning: "a device that reads more is formed",
      least: 0.1,
      most: 1000,
      usual: () => 5,
    },
    {
      name: "retries",
      unit: "",
      meaning: "more pulses at the top of the ramp",
      least: 0,
      most: 100,
      whole: true,
      usual: () => 2,
    },
    {
      name: "together",
      unit: "",
      meaning: "devices of a row that are pulsed at once; 0 for all",
      least: 0,
      most: 65_536,
      whole: true,
      usual: () => 0,
    },
  ],
  pulses: (settings, chip) => ladderOf(settings, highestCode(chip) * rramPulsesOf(chip).voltsPerCode).length,
  requires(chip, _, settings) {
    const { forming: known } = rramPulsesOf(chip);
    if (known === undefined)
      return `The description of ${chip.name} does not say how its devices are formed. Add rram_pulses.forming to it.`;
    if (settings === undefined) return undefined;
    const beyond = complianceBeyond(settings, chip);
    if (beyond !== undefined) return beyond;
    if (settings["compliance"]! < leastAboveThreshold * settings["threshold"]!)
      return (
        `A compliance of ${settings["compliance"]} µS holds devices too near the threshold of ${settings["threshold"]} µS to tell which have formed. ` +
        `Give a compliance of at least ${leastAboveThreshold * settings["threshold"]!} µS, or a lower threshold.`
      );
    return settings["from"]! < settings["to"]!
      ? undefined
      : "The ramp ends below where it begins: give from below to.";
  },
  begin,
  next,
  judge,
};

interface FormState {
  readonly task: ProgrammingTask;
  readonly ladder: Uint16Array;
  readonly verdicts: Uint8Array;
  /** Place of each device's next pulse on the ladder. */
  readonly rung: Uint16Array;
  readonly fired: Uint8Array;
  readonly left: Uint32Array;
  readonly codes: Uint16Array;
  readonly threshold: number;
  readonly width: number;
  readonly gateCode: number;
  readonly together: number;
  readonly unreadable: Uint8Array;
}

const mostUnreadable = 3;
/** So many times the threshold a device must be let conduct, to be told from one that has not formed. */
const leastAboveThreshold = 2;

function begin(task: ProgrammingTask): FormState {
  const { settings } = task;
  assert(settings !== undefined, "a procedure is given its settings");
  const pulses = rramPulsesOf(task);
  const { complianceMicrosiemensPerGateCode = 1 } = pulses.forming ?? {};
  const count = task.targetsMicrosiemens.length;
  const ladder = Uint16Array.from(ladderOf(settings, task.maxCode * pulses.voltsPerCode), (volts) =>
    Math.min(task.maxCode, Math.max(1, Math.round(volts / pulses.voltsPerCode))),
  );
  // A device that was on its way when the run was stopped goes on where its last pulse left it.
  const rung = Uint16Array.from({ length: count }, (_, i) => task.standing?.pulses[i] ?? 0);
  return {
    task,
    ladder,
    verdicts: firstVerdicts(task),
    rung,
    fired: new Uint8Array(count),
    left: task.pulsesLeft.slice(),
    codes: new Uint16Array(count),
    threshold: settings["threshold"]!,
    width: settings["width"]!,
    gateCode: Math.max(1, Math.floor(settings["compliance"]! / complianceMicrosiemensPerGateCode)),
    together: settings["together"]!,
    unreadable: new Uint8Array(count),
  };
}

function next(state: FormState, seen: Seen | undefined): Decision {
  const { task, verdicts: given, codes, rung, ladder, left, together } = state;
  const rows = new Uint8Array(task.rowCount);
  codes.fill(0);
  let pending = 0;
  let fires = false;
  for (let row = 0; row < task.rowCount; row++) {
    let inRow = 0;
    for (let i = row * task.devicesPerRow; i < (row + 1) * task.devicesPerRow; i++) {
      if (given[i] === verdicts.pending && seen !== undefined) judgeDevice(state, i, seen);
      if (given[i] !== verdicts.pending) continue;
      pending++;
      rows[row] = 1;
      if (seen === undefined || Number.isNaN(seen.conductanceMicrosiemens[i]!)) continue;
      if (together > 0 && inRow >= together) continue;
      inRow++;
      codes[i] = ladder[rung[i]!]!;
      rung[i]!++;
      left[i]!--;
      fires = true;
    }
  }
  if (pending === 0) return { orders: [], verdicts: given, look: { kind: "done" } };
  const order = {
    kind: "set",
    codes,
    widthNanoseconds: state.width,
    trailingNanoseconds: 0,
    gateCode: state.gateCode,
  } as const;
  return {
    orders: fires ? [order] : [],
    verdicts: given,
    look: { kind: "read", averages: 1, rows, afterSeconds: 0 },
  };
}

function judgeDevice(
  { verdicts: given, threshold, rung, ladder, left, unreadable }: FormState,
  i: number,
  seen: Seen,
): void {
  if (seen.flags[i] === readingFlags.invalid) {
    if (++unreadable[i]! >= mostUnreadable) given[i] = verdicts.unreadable;
    return;
  }
  if (seen.conductanceMicrosiemens[i]! >= threshold) given[i] = verdicts.accepted;
  else if (rung[i]! >= ladder.length) given[i] = verdicts.unreachable;
  else if (left[i]! <= 0) given[i] = verdicts.budgetSpent;
}

/** Voltages of the ramp, one a pulse, its top as often as it is tried. */
function ladderOf(settings: Settings, mostVolts: number): number[] {
  const [from, step, lastStep] = [settings["from"]!, settings["step"]!, settings["last_step"]!];
  const to = Math.min(settings["to"]!, mostVolts);
  const ladder: number[] = [];
  for (let volts = from; volts < to - 1e-9;) {
    ladder.push(volts);
    volts += step + ((lastStep - step) * (volts - from)) / (settings["to"]! - from);
  }
  for (let k = 0; k <= settings["retries"]!; k++) ladder.push(to);
  return ladder;
}

function forming(chip: { readonly pulses: Parameters<typeof rramPulsesOf>[0]["pulses"] }) {
  const pulses = rramPulsesOf(chip);
  return (
    pulses.forming ?? {
      fromVolts: pulses.set.fromVolts,
      toVolts: pulses.set.toVolts,
      widthNanoseconds: pulses.set.widthNanoseconds,
      complianceMicrosiemens: 1,
      complianceMicrosiemensPerGateCode: 1,
    }
  );
}

function judge({ plan, chip, turns, settings }: Measured): Findings {
  const { voltsPerCode } = rramPulsesOf(chip);
  const places = placesOf(plan);
  const [volts, low, after, tried] = [
    nans(places.length),
    nans(places.length),
    nans(places.length),
    nans(places.length),
  ];
  const pulses = new Float64Array(places.length);
  const ended = new Uint8Array(places.length);
  const placeOf = new Map(places.map(({ tile, device }, k) => [`${tile} ${device}`, k]));
  for (const targets of plan.tiles) {
    const { block } = targets;
    const visit = ({ device, order, code, after: reading }: Step): void => {
      if (order === undefined) return;
      const k = placeOf.get(`${block.tile} ${device}`)!;
      pulses[k]!++;
      const at = code * voltsPerCode;
      if (reading >= settings["threshold"]!) {
        volts[k] = at;
        low[k] = Number.isNaN(tried[k]!) ? Number.NEGATIVE_INFINITY : tried[k]!;
        after[k] = reading;
      } else if (!Number.isNaN(reading)) tried[k] = Number.isNaN(tried[k]!) ? at : Math.max(tried[k]!, at);
    };
    walk(turns, targets, visit);
    for (const [device, verdict] of lastVerdicts(turns, block.tile)) {
      const k = placeOf.get(`${block.tile} ${device}`);
      if (k !== undefined) ended[k] = verdict;
    }
  }
  const top = Math.min(settings["to"]!, highestCode(chip) * voltsPerCode);
  const unformed = ended.reduce((sum, verdict) => sum + (verdict === verdicts.unreachable ? 1 : 0), 0);
  // Devices that a stop or their budget left behind form above the last voltage that they were given, if at all: without them, the mean
  // would be that of the early ones.
  const behind = tried.filter((_, k) => Number.isNaN(volts[k]!) && ended[k] !== verdicts.unreachable);
  const fit = fitCensoredNormal([
    ...intervalsOf(low, volts),
    ...intervalsOf(
      behind,
      behind.map((v) => (Number.isNaN(v) ? v : Infinity)),
    ),
    { low: top, high: Infinity, count: unformed },
  ]);
  const estimates = Float64Array.from(volts, (high, k) => {
    if (Number.isNaN(high)) return Number.NaN;
    if (fit !== undefined) return momentsWithin(fit.mean, fit.std, low[k]!, high).first;
    return Number.isFinite(low[k]!) ? (low[k]! + high) / 2 : high;
  });
  const formedAtFirst = ended.reduce(
    (sum, verdict, k) => sum + (verdict === verdicts.accepted && pulses[k] === 0 ? 1 : 0),
    0,
  );
  const formed = ended.reduce((sum, verdict) => sum + (verdict === verdicts.accepted ? 1 : 0), 0);
  const others = places.length - formed - unformed;
  const fired = pulses.reduce((sum, n) => sum + n, 0);
  const z = 1.96;
  const figures: Figure[] = [
    formedFigure(formed, others, places.length),
    { name: "pulses_mean", unit: "", meaning: "pulses a device", value: fired / Math.max(1, places.length) },
    ...(volts.every(Number.isNaN)
      ? []
      : [mostRead(after, "the most that a device read after it formed", chip)]),
    ...(fit === undefined
      ? []
      : [
          {
            name: "forming_mean_volts",
            unit: "V",
            meaning:
              "mean forming voltage, of a normal distribution fitted to the steps that devices formed between",
            value: fit.mean,
            low: fit.mean - z * fit.meanError,
            high: fit.mean + z * fit.meanError,
          },
          spreadFigure(
            { name: "forming_std_volts", unit: "V", meaning: "its standard deviation" },
            fit.std,
            fit.stdError,
          ),
        ]),
  ];
  return {
    figures,
    counts: [
      { name: "formed", devices: formed - formedAtFirst, meaning: "conduct since one of these pulses" },
      { name: "formed before", devices: formedAtFirst, meaning: "conducted already, and were not pulsed" },
      {
        name: "not formed",
        devices: unformed,
        meaning: "conduct next to nothing after the last pulse at the top",
      },
      {
        name: "not judged",
        devices: others,
        meaning: "unreadable, out of pulses, or the run was stopped before",
      },
    ],
    places: places.map(({ place }) => place),
    columns: [
      {
        name: "forming_volts",
        unit: "V",
        meaning: "estimate of the forming voltage",
        values: estimates,
        mapped: true,
      },
      {
        name: "forming_low_volts",
        unit: "V",
        meaning: "the highest voltage that did not form it; empty where the first pulse did",
        values: low.map((v) => (Number.isFinite(v) ? v : Number.NaN)),
      },
      { name: "forming_high_volts", unit: "V", meaning: "the voltage that formed it", values: volts },
      { name: "pulses", unit: "", meaning: "pulses that it was given", values: pulses },
      {
        name: "formed_microsiemens",
        unit: "µS",
        meaning: "as read right after it formed",
        values: after,
        mapped: true,
      },
    ],
    curves: [
      {
        name: "forming_voltages",
        title: "Forming voltages",
        sentence: `Share of the devices that have formed by each voltage.${fit === undefined ? "" : ` The normal distribution that fits it has ${fit.mean.toFixed(3)} ± ${fit.std.toFixed(3)} V.`}`,
        x: { name: "voltage", unit: "volts", leastRange: 0.2 },
        y: { name: "formed", unit: "percent" },
        lines: [{ name: "devices", points: cumulative(volts, places.length), dots: true }],
      },
    ],
  };
}

/** Of devices that were not all judged there is no interval: those that were are the ones that formed early. */
function formedFigure(formed: number, notJudged: number, devices: number): Figure {
  const { low, high, ...figure } = shareFigure(
    "formed_percent",
    "devices that conduct when the run ends",
    formed,
    devices,
  );
  return notJudged > 0 || low === undefined || high === undefined ? figure : { ...figure, low, high };
}

function nans(count: number): Float64Array {
  return new Float64Array(count).fill(Number.NaN);
}

function intervalsOf(low: Float64Array, high: Float64Array): Interval[] {
  const counts = new Map<string, { low: number; high: number; count: number }>();
  high.forEach((at, k) => {
    if (Number.isNaN(at)) return;
    // A device that formed when the top was tried again lies between the step below and the top.
    const from = low[k]! < at ? low[k]! : at - 0.001;
    const key = `${from} ${at}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { low: from, high: at, count: 1 });
    else known.count++;
  });
  return [...counts.values()];
}

function cumulative(volts: Float64Array, devices: number): { x: number; y: number }[] {
  const sorted = volts.filter((v) => !Number.isNaN(v)).sort();
  return [...new Set(sorted)].map((v) => ({
    x: v,
    y: (100 * (sorted.findLastIndex((one) => one <= v) + 1)) / Math.max(1, devices),
  }));
}
