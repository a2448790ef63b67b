import { readingFlags } from "../chip/driver.ts";
import { rramPulsesOf, type RramPulses } from "../chip/technologies/rram.ts";
import { assert } from "../errors.ts";
import {
  type BlockPulse,
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import { fitCensoredNormal } from "./censoredNormal.ts";
import { shareFigure, spreadFigure } from "./figures.ts";
import type { Findings, Measured, Procedure, Settings } from "./procedure.ts";
import { lastVerdicts, placesOf, walk } from "./trace.ts";

/**
 * Endurance: cycles of SET and RESET, with both states read at counts that are spaced by the logarithm. A device whose states cannot be told
 * apart any more, three times on end, is dead and is cycled no further. Between the counts a board that can gives the cycles by itself.
 */
export const endurance: Procedure<EnduranceState> = {
  name: "endurance",
  does: "cycles of SET and RESET with reads at log-spaced counts, until a device dies",
  technologies: ["rram"],
  usual: { rows: 1, devices: 64 },
  settings: [
    {
      name: "cycles",
      unit: "",
      meaning: "cycles of SET and RESET",
      least: 1,
      most: 1e7,
      whole: true,
      usual: () => 10_000,
    },
    {
      name: "per_decade",
      unit: "",
      meaning: "counts at which devices are read, a factor of ten",
      least: 1,
      most: 20,
      whole: true,
      usual: () => 3,
    },
    {
      name: "set",
      unit: "V",
      meaning: "of SET pulses",
      least: 0.01,
      most: 20,
      usual: (chip) => 0.7 * rramPulsesOf(chip).set.toVolts,
    },
    {
      name: "reset",
      unit: "V",
      meaning: "of RESET pulses",
      least: 0.01,
      most: 20,
      usual: (chip) => 0.9 * rramPulsesOf(chip).reset.toVolts,
    },
    {
      name: "width",
      unit: "ns",
      meaning: "of each pulse",
      least: 1,
      most: 1e9,
      whole: true,
      usual: (chip) => rramPulsesOf(chip).set.widthNanoseconds,
    },
    {
      name: "window",
      unit: "",
      meaning: "a device lives while it conducts so many times as much after SET as after RESET",
      least: 1.01,
      most: 1000,
      usual: () => 1.5,
    },
    {
      name: "strokes",
      unit: "",
      meaning: "pulses of each kind before a read: a device may take several to get there",
      least: 1,
      most: 100,
      whole: true,
      usual: () => 4,
    },
    {
      name: "averages",
      unit: "",
      meaning: "reads that are averaged",
      least: 1,
      most: 256,
      whole: true,
      usual: () => 4,
    },
  ],
  // Each count may be read again, though few are.
  pulses: (settings) =>
    2 * (settings["cycles"]! + settings["strokes"]! * (countsOf(settings).length + 2 * failures)),
  begin,
  next,
  judge,
};

/** Erratic devices need more pulses now and then: a device is dead when it fails so often on end. */
const failures = 3;
/** Cycles without a burst that stand in one turn. */
const cyclesATurn = 16;

interface EnduranceState {
  readonly task: ProgrammingTask;
  readonly pulses: RramPulses;
  readonly settings: Settings;
  readonly verdicts: Uint8Array;
  readonly counts: readonly number[];
  readonly left: Uint32Array;
  /** Cycles that every living device has been given. */
  cycles: number;
  /** Place of the count that is worked towards. */
  count: number;
  /** What was fired last at a count. */
  checking: "none" | "set" | "reset";
  readonly on: Float32Array;
  /** How often it failed at this count already. */
  readonly failed: Uint8Array;
  readonly again: Uint8Array;
}

function begin(task: ProgrammingTask): EnduranceState {
  const { settings } = task;
  assert(settings !== undefined, "a procedure is given its settings");
  const given = firstVerdicts(task);
  const size = given.length;
  const counts = countsOf(settings);
  // Of a run that goes on: what the least cycled of its living devices was given.
  let cycles = Number.POSITIVE_INFINITY;
  given.forEach((verdict, i) => {
    if (verdict === verdicts.pending)
      cycles = Math.min(cycles, Math.floor((task.standing?.pulses[i] ?? 0) / 2));
  });
  if (!Number.isFinite(cycles)) cycles = 0;
  const count = counts.findIndex((at) => at > cycles);
  return {
    task,
    pulses: rramPulsesOf(task),
    settings,
    verdicts: given,
    counts,
    left: task.pulsesLeft.slice(),
    cycles,
    count: count < 0 ? counts.length : count,
    checking: "none",
    on: new Float32Array(size).fill(Number.NaN),
    failed: new Uint8Array(size),
    again: new Uint8Array(size),
  };
}

function next(state: EnduranceState, seen: Seen | undefined): Decision {
  const { verdicts: given, counts, left } = state;
  if (seen !== undefined && state.checking === "set") {
    keep(state, seen);
    return pulse(state, "reset", (i) => isChecked(state, i));
  }
  if (seen !== undefined && state.checking === "reset") {
    judgeDevices(state, seen);
    // What failed is asked again before it is held to be dead.
    if (state.again.includes(1)) return pulse(state, "set", (i) => isChecked(state, i));
    state.checking = "none";
    state.cycles = counts[state.count]!;
    state.count++;
    state.failed.fill(0);
  }
  if (state.count >= counts.length) {
    for (let i = 0; i < given.length; i++) if (given[i] === verdicts.pending) given[i] = verdicts.accepted;
  }
  if (!given.includes(verdicts.pending)) return { orders: [], verdicts: given, look: { kind: "done" } };
  const strokes = state.settings["strokes"]!;
  const ahead = counts[state.count]! - state.cycles - strokes;
  for (let i = 0; i < given.length; i++)
    if (
      given[i] === verdicts.pending &&
      left[i]! < 2 * Math.max(0, Math.min(ahead, mostAtOnce(state))) + 2 * strokes
    )
      given[i] = verdicts.budgetSpent;
  if (!given.includes(verdicts.pending)) return { orders: [], verdicts: given, look: { kind: "done" } };
  return ahead > 0 ? cycle(state, ahead) : pulse(state, "set", () => true);
}

function mostAtOnce({ task }: EnduranceState): number {
  return task.burstCycles === undefined || task.burstCycles === 0 ? cyclesATurn : task.burstCycles;
}

/** Cycles that are not read: one burst, or single pulses. */
function cycle(state: EnduranceState, ahead: number): Decision {
  const { task, settings, left, verdicts: given } = state;
  const cycles = Math.min(ahead, mostAtOnce(state));
  const [set, reset] = (["set", "reset"] as const).map((kind) => orderOf(state, kind, () => true));
  const orders: BlockPulse[] = [];
  if ((task.burstCycles ?? 0) > 0 && cycles > 1) {
    const { kind, widthNanoseconds, gateCode } = reset!;
    orders.push({
      ...set!,
      burst: { cycles, kind, code: codeOf(state, settings["reset"]!), widthNanoseconds, gateCode },
    });
  } else for (let k = 0; k < cycles; k++) orders.push(set!, reset!);
  for (let i = 0; i < left.length; i++) if (given[i] === verdicts.pending) left[i]! -= 2 * cycles;
  state.cycles += cycles;
  const rows = new Uint8Array(task.rowCount);
  return { orders, verdicts: given, look: { kind: "read", averages: 1, rows, afterSeconds: 0 } };
}

function pulse(state: EnduranceState, kind: "set" | "reset", who: (i: number) => boolean): Decision {
  const { task, left, verdicts: given, settings } = state;
  const order = orderOf(state, kind, who);
  const rows = new Uint8Array(task.rowCount);
  order.codes.forEach((code, i) => {
    if (code === 0) return;
    left[i]! -= settings["strokes"]!;
    rows[Math.floor(i / task.devicesPerRow)] = 1;
  });
  state.checking = kind;
  return {
    orders: Array.from({ length: settings["strokes"]! }, () => order),
    verdicts: given,
    look: { kind: "read", averages: settings["averages"]!, rows, afterSeconds: 0 },
  };
}

function orderOf(
  { task, pulses, settings, verdicts: given, ...state }: EnduranceState,
  kind: "set" | "reset",
  who: (i: number) => boolean,
): BlockPulse {
  const code = codeOf({ task, pulses, settings, verdicts: given, ...state }, settings[kind]!);
  return {
    kind,
    codes: Uint16Array.from(given, (verdict, i) => (verdict === verdicts.pending && who(i) ? code : 0)),
    widthNanoseconds: settings["width"]!,
    trailingNanoseconds: 0,
    gateCode: pulses[kind].gateCode,
  };
}

function codeOf({ task, pulses }: EnduranceState, volts: number): number {
  return Math.min(task.maxCode, Math.max(1, Math.round(volts / pulses.voltsPerCode)));
}

/** Of a count that is read again, only the devices that failed. */
function isChecked({ again }: EnduranceState, i: number): boolean {
  return !again.includes(1) || again[i] === 1;
}

function keep({ on }: EnduranceState, seen: Seen): void {
  for (let i = 0; i < on.length; i++)
    on[i] = seen.flags[i] === readingFlags.invalid ? Number.NaN : seen.conductanceMicrosiemens[i]!;
}

function judgeDevices(state: EnduranceState, seen: Seen): void {
  const { verdicts: given, on, failed, again, settings, left } = state;
  const checked = again.includes(1) ? again.slice() : undefined;
  again.fill(0);
  for (let i = 0; i < given.length; i++) {
    if (given[i] !== verdicts.pending || (checked !== undefined && checked[i] === 0)) continue;
    const off = seen.conductanceMicrosiemens[i]!;
    if (Number.isNaN(off) || Number.isNaN(on[i]!)) {
      given[i] = verdicts.unreadable;
      continue;
    }
    if (lives(on[i]!, off, settings["window"]!)) continue;
    if (failed[i]! + 1 >= failures || left[i]! < 2 * settings["strokes"]!) given[i] = verdicts.weak;
    else {
      failed[i]!++;
      again[i] = 1;
    }
  }
}

/** A device that conducts next to nothing must still be told from the noise of a read. */
function lives(on: number, off: number, window: number): boolean {
  return on > window * Math.max(off, 0.2);
}

/** Counts at which devices are read, ascending, the last one all cycles. */
function countsOf(settings: Settings): number[] {
  const [most, perDecade] = [settings["cycles"]!, settings["per_decade"]!];
  const strokes = settings["strokes"]!;
  const counts = new Set<number>();
  let last = 0;
  for (let k = 0; ; k++) {
    const at = Math.round(Math.exp((k * Math.LN10) / perDecade));
    if (at > most - strokes) break;
    // Each count is reached by the pulses that it is read after.
    if (at >= last + strokes) counts.add((last = at));
  }
  return [...counts, most];
}

function judge({ plan, turns, settings }: Measured): Findings {
  const places = placesOf(plan);
  const placeOf = new Map(places.map(({ tile, device }, k) => [`${tile} ${device}`, k]));
  const fired = new Float64Array(places.length);
  const [lived, died] = [new Float64Array(places.length), new Float64Array(places.length).fill(Number.NaN)];
  const [on, off] = [
    new Float64Array(places.length).fill(Number.NaN),
    new Float64Array(places.length).fill(Number.NaN),
  ];
  const read = new Map<number, { on: number[]; off: number[] }>();
  /** Those that gave no reading when they were last asked. */
  const unknown = new Set<number>();
  for (const targets of plan.tiles) {
    const { block } = targets;
    walk(turns, targets, ({ device, order, pulses, after }) => {
      const k = placeOf.get(`${block.tile} ${device}`)!;
      fired[k]! += pulses;
      if (order === undefined || Number.isNaN(after)) return;
      if (order.kind === "set") on[k] = after;
      else {
        off[k] = after;
        const cycles = nearestCount(settings, Math.round(fired[k]! / 2));
        const at = read.get(cycles) ?? { on: [], off: [] };
        at.on.push(on[k]!);
        at.off.push(after);
        read.set(cycles, at);
        if (lives(on[k]!, after, settings["window"]!)) lived[k] = cycles;
        else died[k] = cycles;
      }
    });
    for (const [device, verdict] of lastVerdicts(turns, block.tile)) {
      const k = placeOf.get(`${block.tile} ${device}`);
      if (k !== undefined && verdict === verdicts.unreadable) unknown.add(k);
      // A count that was failed and then passed is no death.
      if (k !== undefined && verdict !== verdicts.weak) died[k] = Number.NaN;
    }
  }
  const dead = died.filter((cycles) => !Number.isNaN(cycles)).length;
  const alive = lived.filter((cycles, k) => cycles > 0 && Number.isNaN(died[k]!) && !unknown.has(k)).length;
  const logs = died.reduce((kinds, to, k) => {
    const [low, high] = Number.isNaN(to)
      ? [Math.log(Math.max(1, lived[k]!)), Infinity]
      : [Math.log(Math.max(0.5, lived[k]!)), Math.log(to)];
    if (lived[k] === 0 && Number.isNaN(to)) return kinds;
    const key = `${low} ${high}`;
    kinds.set(key, { low, high, count: (kinds.get(key)?.count ?? 0) + 1 });
    return kinds;
  }, new Map<string, { low: number; high: number; count: number }>());
  const fit = dead > 1 ? fitCensoredNormal([...logs.values()]) : undefined;
  const counts = [...read.keys()].sort((a, b) => a - b);
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  const curve = (kind: "on" | "off") => counts.map((x) => ({ x, y: median(read.get(x)![kind]) }));
  return {
    figures: [
      {
        name: "pulses_mean",
        unit: "",
        meaning: "pulses a device",
        value: fired.reduce((sum, n) => sum + n, 0) / Math.max(1, places.length),
      },
      shareFigure(
        "alive_percent",
        "devices that lived when they were last read, of those that could be judged",
        alive,
        alive + dead,
      ),
      ...(fit === undefined
        ? []
        : [
            {
              name: "life_median_cycles",
              unit: "cycles",
              meaning:
                "median life, of a lognormal distribution fitted to the counts between which devices died",
              value: Math.exp(fit.mean),
              low: Math.exp(fit.mean - 1.96 * fit.meanError),
              high: Math.exp(fit.mean + 1.96 * fit.meanError),
            },
            spreadFigure(
              { name: "life_log_spread", unit: "", meaning: "standard deviation of the logarithm of lives" },
              fit.std,
              fit.stdError,
            ),
          ]),
    ],
    counts: [
      {
        name: "alive",
        devices: alive,
        meaning: "could be told apart in both states when they were last read",
      },
      { name: "dead", devices: dead, meaning: "could not, three times on end" },
      {
        name: "not judged",
        devices: places.length - alive - dead,
        meaning: "gave no reading, or the run ended before they were read in both states",
      },
    ],
    places: places.map(({ place }) => place),
    columns: [
      { name: "lived_cycles", unit: "cycles", meaning: "the last count at which it lived", values: lived },
      {
        name: "died_cycles",
        unit: "cycles",
        meaning: "the count at which it was found dead; empty for one that lives",
        values: died,
        mapped: true,
      },
      { name: "on_microsiemens", unit: "µS", meaning: "after the last SET that was read", values: on },
      { name: "off_microsiemens", unit: "µS", meaning: "after the last RESET that was read", values: off },
      { name: "pulses", unit: "", meaning: "pulses that it was given", values: fired },
    ],
    curves: [
      {
        name: "endurance",
        title: "Both states over cycles",
        sentence: "Median over the devices that were still cycled.",
        x: { name: "cycles", unit: "", logarithmic: true },
        y: { name: "conductance", unit: "microsiemens" },
        lines: [
          { name: "after SET", points: curve("on") },
          { name: "after RESET", points: curve("off") },
        ],
      },
    ],
  };
}

/** A count that was read again has some cycles more. */
function nearestCount(settings: Settings, cycles: number): number {
  return countsOf(settings).reduce((best, count) =>
    Math.abs(Math.log(count / cycles)) < Math.abs(Math.log(best / cycles)) ? count : best,
  );
}
