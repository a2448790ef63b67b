import { readingFlags } from "../chip/driver.ts";
import { assert } from "../errors.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import { extremesOf, noExtremes, orderFor } from "./extremes.ts";
import { shareFigure } from "./figures.ts";
import type { Findings, Measured, Procedure, Settings } from "./procedure.ts";
import { lastVerdicts, placesOf, walk } from "./trace.ts";

/**
 * Which devices work. One averaged reading of all is the map. With `pulses`, devices are brought up and down, so often, and read after
 * each: whatever does not move is stuck or open, whatever moves less and less is weak.
 */
export const yieldMap: Procedure<YieldState> = {
  name: "yield",
  does: "a map of readings; with pulses, which devices are stuck high, stuck low, open or weak",
  technologies: ["pcm", "rram", "ecram"],
  settings: [
    {
      name: "pulses",
      unit: "",
      meaning: "times that devices are brought up and down; 0 for a reading alone",
      least: 0,
      most: 1000,
      whole: true,
      usual: () => 0,
    },
    {
      name: "strokes",
      unit: "",
      meaning: "pulses that each way takes",
      least: 1,
      most: 100,
      whole: true,
      usual: () => 5,
    },
    {
      name: "averages",
      unit: "",
      meaning: "reads that are averaged",
      least: 1,
      most: 256,
      whole: true,
      usual: () => 16,
    },
    {
      name: "open",
      unit: "µS",
      meaning: "a device that never reads more is open",
      least: 0,
      most: 1000,
      usual: () => 0.1,
    },
    {
      name: "moves",
      unit: "%",
      meaning: "of the chip's range, by which a working device moves",
      least: 0.1,
      most: 100,
      usual: () => 20,
    },
  ],
  // A run that goes on brings its devices up and down once more at least: what they read before is not known any more.
  pulses: (settings) => 2 * (settings["pulses"]! + (settings["pulses"]! > 0 ? 1 : 0)) * settings["strokes"]!,
  requires: (chip, _, settings) => ((settings?.["pulses"] ?? 0) > 0 ? noExtremes(chip) : undefined),
  begin,
  next,
  judge,
};

interface YieldState {
  readonly task: ProgrammingTask;
  readonly settings: Settings;
  readonly verdicts: Uint8Array;
  readonly least: number;
  readonly range: number;
  /** Half rounds done: even ones go up. */
  half: number;
  readonly left: Uint32Array;
  mapped: boolean;
  readonly lowest: Float32Array;
  readonly highest: Float32Array;
  readonly before: Float32Array;
  /** By how much it moved in the last half round. */
  readonly lastMove: Float32Array;
  readonly unreadable: Uint8Array;
}

function begin(
  task: ProgrammingTask,
  { maxConductanceMicrosiemens: range }: { readonly maxConductanceMicrosiemens: number },
): YieldState {
  const { settings } = task;
  assert(settings !== undefined, "a procedure is given its settings");
  const count = task.targetsMicrosiemens.length;
  return {
    task,
    settings,
    verdicts: firstVerdicts(task),
    least: (settings["moves"]! / 100) * range,
    range,
    half: Math.max(0, Math.min(2 * settings["pulses"]! - 2, halvesDone(task, settings))),
    left: task.pulsesLeft.slice(),
    mapped: false,
    lowest: new Float32Array(count).fill(Infinity),
    highest: new Float32Array(count).fill(-Infinity),
    before: new Float32Array(count).fill(Number.NaN),
    lastMove: new Float32Array(count).fill(Number.NaN),
    unreadable: new Uint8Array(count),
  };
}

function next(state: YieldState, seen: Seen | undefined): Decision {
  const { task, settings, verdicts: given } = state;
  const rows = new Uint8Array(task.rowCount).fill(1);
  const look = { kind: "read", averages: settings["averages"]!, rows, afterSeconds: 0 } as const;
  if (seen === undefined) return { orders: [], verdicts: given, look: { ...look, sweepSeconds: 0 } };
  keep(state, seen);
  if (state.half >= 2 * settings["pulses"]!) {
    for (let i = 0; i < given.length; i++) if (given[i] === verdicts.pending) given[i] = verdictOf(state, i);
    return { orders: [], verdicts: given, look: { kind: "done" } };
  }
  const strokes = settings["strokes"]!;
  for (let i = 0; i < given.length; i++)
    if (given[i] === verdicts.pending && state.left[i]! < strokes) given[i] = verdicts.budgetSpent;
  const { up, down } = extremesOf(task);
  const order = orderFor(
    state.half % 2 === 0 ? up : down,
    given.length,
    (i) => given[i] === verdicts.pending,
  );
  state.half++;
  for (let i = 0; i < given.length; i++) if (order.codes[i] !== 0) state.left[i]! -= strokes;
  if (!order.codes.some((code) => code !== 0)) {
    state.half = 2 * settings["pulses"]!;
    return { orders: [], verdicts: given, look };
  }
  return { orders: Array.from({ length: strokes }, () => order), verdicts: given, look };
}

/** Of a run that goes on: as far as the least pulsed of its devices was brought. */
function halvesDone({ standing }: ProgrammingTask, settings: Settings): number {
  if (standing === undefined) return 0;
  const least = standing.pulses.reduce(
    (fewest, pulses, i) => (standing.verdicts[i] === verdicts.pending ? Math.min(fewest, pulses) : fewest),
    Infinity,
  );
  return Number.isFinite(least) ? Math.floor(least / settings["strokes"]!) : 0;
}

function keep(
  { verdicts: given, lowest, highest, before, lastMove, unreadable }: YieldState,
  seen: Seen,
): void {
  for (let i = 0; i < given.length; i++) {
    const reading = seen.conductanceMicrosiemens[i]!;
    unreadable[i] = seen.flags[i] === readingFlags.invalid ? 1 : 0;
    if (Number.isNaN(reading)) continue;
    lowest[i] = Math.min(lowest[i]!, reading);
    highest[i] = Math.max(highest[i]!, reading);
    lastMove[i] = Math.abs(reading - before[i]!);
    before[i] = reading;
  }
}

function verdictOf(
  { settings, lowest, highest, lastMove, least, range, unreadable }: YieldState,
  i: number,
): number {
  if (unreadable[i] === 1) return verdicts.unreadable;
  // Of a reading alone nothing is known but what it read.
  if (settings["pulses"] === 0) return verdicts.accepted;
  const [low, high] = [lowest[i]!, highest[i]!];
  if (high <= settings["open"]!) return verdicts.open;
  if (high - low < least) return high > 0.3 * range ? verdicts.stuckHigh : verdicts.stuckLow;
  return lastMove[i]! < least ? verdicts.weak : verdicts.accepted;
}

const names: Readonly<Record<number, readonly [string, string]>> = {
  [verdicts.accepted]: ["working", "moved both ways, to the last"],
  [verdicts.stuckHigh]: ["stuck high", "conduct, and no pulse lowered them"],
  [verdicts.stuckLow]: ["stuck low", "conduct a little, and no pulse raised them"],
  [verdicts.open]: ["open", "never conducted anything"],
  [verdicts.weak]: ["weak", "moved at first and then no more"],
  [verdicts.unreadable]: ["unreadable", "the converter gave nothing"],
  [verdicts.budgetSpent]: ["not judged", "have too few pulses left in their lives"],
};

function judge({ plan, turns, sweeps, settings }: Measured): Findings {
  const places = placesOf(plan);
  const placeOf = new Map(places.map(({ tile, device }, k) => [`${tile} ${device}`, k]));
  const column = (): Float64Array => new Float64Array(places.length).fill(Number.NaN);
  const [read, low, high, ended] = [column(), column(), column(), column()];
  for (const targets of plan.tiles) {
    const { block } = targets;
    const map = sweeps.find(({ tile }) => tile === block.tile);
    for (const { tile, device } of places) {
      if (tile !== block.tile || map === undefined) continue;
      const k = placeOf.get(`${tile} ${device}`)!;
      read[k] = low[k] = high[k] = map.conductanceMicrosiemens[device]!;
    }
    walk(turns, targets, ({ device, after }) => {
      const k = placeOf.get(`${block.tile} ${device}`)!;
      if (Number.isNaN(after)) return;
      low[k] = Number.isNaN(low[k]!) ? after : Math.min(low[k]!, after);
      high[k] = Number.isNaN(high[k]!) ? after : Math.max(high[k]!, after);
    });
    for (const [device, verdict] of lastVerdicts(turns, block.tile)) {
      const k = placeOf.get(`${block.tile} ${device}`);
      if (k !== undefined) ended[k] = verdict;
    }
  }
  const only = settings["pulses"] === 0;
  const counts = Object.entries(names).map(([verdict, [name, meaning]]) => ({
    name: only && Number(verdict) === verdicts.accepted ? "read" : name,
    devices: ended.reduce((sum, one) => sum + (one === Number(verdict) ? 1 : 0), 0),
    meaning: only && Number(verdict) === verdicts.accepted ? "gave a reading" : meaning,
  }));
  const working = counts.find(({ name }) => name === (only ? "read" : "working"))!.devices;
  // A device without the pulses to judge it, or that a stop left out, says nothing about the others.
  const judged = ended.filter((verdict) => !Number.isNaN(verdict) && verdict !== verdicts.budgetSpent).length;
  const known = read.filter((g) => !Number.isNaN(g)).sort();
  return {
    figures: [
      shareFigure(
        only ? "readable_percent" : "working_percent",
        only ? "devices that give a reading" : "devices that work",
        working,
        judged,
      ),
      {
        name: "median_microsiemens",
        unit: "µS",
        meaning: "median reading before any pulse",
        value: known[known.length >> 1] ?? Number.NaN,
      },
    ],
    counts,
    places: places.map(({ place }) => place),
    columns: [
      { name: "read_microsiemens", unit: "µS", meaning: "read before any pulse", values: read, mapped: true },
      { name: "lowest_microsiemens", unit: "µS", meaning: "the least that it read", values: low },
      { name: "highest_microsiemens", unit: "µS", meaning: "the most that it read", values: high },
      {
        name: "verdict",
        unit: "",
        meaning: "1 working, 8 stuck high, 9 stuck low, 10 open, 11 weak, 13 unreadable",
        values: ended,
        ...(!only && { mapped: true as const }),
      },
    ],
    curves: [
      {
        name: "readings",
        title: "Readings before any pulse",
        sentence: "Share of the devices that read less.",
        x: { name: "conductance", unit: "microsiemens" },
        y: { name: "devices", unit: "percent" },
        lines: [
          {
            name: "devices",
            points: cumulativeOf(known),
          },
        ],
      },
    ],
  };
}

/** A few hundred points are enough for a picture. */
function cumulativeOf(sorted: Float64Array): { x: number; y: number }[] {
  const every = Math.max(1, sorted.length >> 8);
  return [...sorted].flatMap((x, k) => (k % every === 0 ? [{ x, y: (100 * (k + 1)) / sorted.length }] : []));
}
