import { assert } from "../errors.ts";
import {
  type BlockPulse,
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import { extremesOf, noExtremes, orderFor } from "./extremes.ts";
import type { Figure, Findings, Measured, Procedure, Settings } from "./procedure.ts";
import { meanFigure } from "./figures.ts";
import { lastVerdicts, placesOf } from "./trace.ts";

/**
 * Disturbs: what reading does to devices, and what pulses in one row do to the devices of other rows. Devices are read at counts that are
 * spaced by the logarithm; first reads alone are counted, then pulses of the first row. What grows in proportion to the count is told
 * with its interval, beside what the same devices drift by themselves: reads at log-spaced counts are at log-spaced times.
 */
export const disturb: Procedure<DisturbState> = {
  name: "disturb",
  does: "what many reads do to devices, and what pulses in their first row do to the devices of the other rows",
  technologies: ["pcm", "rram"],
  usual: { rows: 4, devices: 64 },
  settings: [
    {
      name: "reads",
      unit: "",
      meaning: "reads of every device; 0 for none",
      least: 0,
      most: 1e7,
      whole: true,
      usual: () => 10_000,
    },
    {
      name: "pulses",
      unit: "",
      meaning: "pulses of each device of the first row, upwards; 0 for none",
      least: 0,
      most: 1e6,
      whole: true,
      usual: () => 1000,
    },
    {
      name: "prepare",
      unit: "",
      meaning: "pulses that bring every device down first; 0 to leave them as they are",
      least: 0,
      most: 100,
      whole: true,
      usual: () => 5,
    },
    {
      name: "per_decade",
      unit: "",
      meaning: "counts at which devices are read, a factor of ten",
      least: 1,
      most: 20,
      whole: true,
      usual: () => 2,
    },
    {
      name: "averages",
      unit: "",
      meaning: "reads that are averaged at each count",
      least: 1,
      most: 256,
      whole: true,
      usual: () => 16,
    },
  ],
  pulses: (settings) => settings["pulses"]! + settings["prepare"]!,
  leastPulses: (settings) => ({
    pulses: settings["prepare"]!,
    why: "every device is brought down first (setting prepare)",
  }),
  requires(chip, _, settings, rows) {
    if (settings === undefined) return noExtremes(chip);
    const { reads, pulses, prepare } = settings as Record<"reads" | "pulses" | "prepare", number>;
    if (reads === 0 && pulses === 0)
      return "With neither reads nor pulses there is nothing to measure: give one of them.";
    if (pulses > 0 && rows === 1)
      return "Pulses of the first row disturb the rows below it, and only one row is measured. Give --rows 2 or more, or set pulses to 0.";
    for (const [name, most] of Object.entries({ reads, pulses }))
      if (most > 0 && countsOf(most, settings).length + 1 < fewestPoints)
        return (
          `${most} ${name} are read at ${countsOf(most, settings).length + 1} counts, and a change is told from ${fewestPoints} on. ` +
          `Give more ${name}, or a larger per_decade.`
        );
    return prepare + pulses > 0 ? noExtremes(chip) : undefined;
  },
  begin(task) {
    const { settings } = task;
    assert(settings !== undefined, "a procedure is given its settings");
    const prepared = settings["prepare"]!;
    const most = task.standing?.pulses.reduce((sum, pulses) => Math.max(sum, pulses), 0) ?? 0;
    const fired = Math.max(0, most - prepared);
    const [reads, pulses] = [countsOf(settings["reads"]!, settings), countsOf(settings["pulses"]!, settings)];
    // Of a run that goes on: reads are counted anew, unless pulses were fired already.
    return {
      task,
      settings,
      verdicts: firstVerdicts(task),
      reads,
      pulses,
      place: fired > 0 ? reads.length : 0,
      done: fired,
      begun: false,
      read: true,
      left: task.pulsesLeft.slice(),
    };
  },
  next,
  judge,
};

interface DisturbState {
  readonly task: ProgrammingTask;
  readonly settings: Settings;
  readonly verdicts: Uint8Array;
  readonly reads: readonly number[];
  readonly pulses: readonly number[];
  /** Counts done: those of reads, then those of pulses. */
  place: number;
  /** Reads, or pulses, since the first. */
  done: number;
  begun: boolean;
  /** Whether the last look was a reading; between pulses nothing is read. */
  read: boolean;
  /** Pulses that each device may still be given. */
  readonly left: Uint32Array;
}

/** A board averages so many reads at once. */
const readsAtOnce = 64;
const pulsesATurn = 32;

function next(state: DisturbState, seen: Seen | undefined): Decision {
  const { task, settings, verdicts: given, reads, pulses } = state;
  const rows = new Uint8Array(task.rowCount).fill(1);
  const kept = { kind: "read", averages: settings["averages"]!, rows, afterSeconds: 0, keeps: true } as const;
  if (!state.begun) {
    state.begun = true;
    // Of a run that goes on, what was prepared is.
    const isPrepared = task.standing?.pulses.some((pulses) => pulses > 0) === true;
    const down = isPrepared ? 0 : settings["prepare"]!;
    if (down === 0) return { orders: [], verdicts: given, look: kept };
    // One that is not brought down like the others says nothing beside them.
    for (let i = 0; i < given.length; i++)
      if (given[i] === verdicts.pending && state.left[i]! < down) given[i] = verdicts.budgetSpent;
    const order = orderFor(extremesOf(task).down, given.length, (i) => given[i] === verdicts.pending);
    takeOff(state, order, down);
    const orders = order.codes.some((code) => code !== 0) ? Array.from({ length: down }, () => order) : [];
    return { orders, verdicts: given, look: kept };
  }
  assert(seen !== undefined, "there is something to see after a look");
  for (let i = 0; i < given.length; i++)
    if (state.read && given[i] === verdicts.pending && Number.isNaN(seen.conductanceMicrosiemens[i]!))
      given[i] = verdicts.unreadable;
  state.read = true;
  if (state.place < reads.length) {
    const left = reads[state.place]! - state.done;
    if (left <= settings["averages"]!) {
      state.done = reads[state.place]!;
      if (++state.place === reads.length) state.done = 0;
      return { orders: [], verdicts: given, look: kept };
    }
    const averages = Math.min(readsAtOnce, left - settings["averages"]!);
    state.done += averages;
    return { orders: [], verdicts: given, look: { kind: "read", averages, rows, afterSeconds: 0 } };
  }
  const target = pulses[state.place - reads.length];
  const pulsed = (i: number): boolean => i < task.devicesPerRow && given[i] === verdicts.pending;
  const can = state.left.reduce((least, left, i) => (pulsed(i) ? Math.min(least, left) : least), Infinity);
  if (target === undefined || can === 0 || can === Infinity) {
    const cutShort = target !== undefined;
    for (let i = 0; i < given.length; i++)
      if (given[i] === verdicts.pending)
        given[i] = cutShort && pulsed(i) ? verdicts.budgetSpent : verdicts.accepted;
    return { orders: [], verdicts: given, look: { kind: "done" } };
  }
  const count = Math.min(pulsesATurn, target - state.done, can);
  const order = orderFor(extremesOf(task).up, given.length, pulsed);
  takeOff(state, order, count);
  const orders: BlockPulse[] = Array.from({ length: count }, () => order);
  state.done += count;
  if (state.done < target) {
    state.read = false;
    return {
      orders,
      verdicts: given,
      look: { kind: "read", averages: 1, rows: new Uint8Array(task.rowCount), afterSeconds: 0 },
    };
  }
  state.place++;
  return { orders, verdicts: given, look: kept };
}

function takeOff({ left }: DisturbState, { codes }: BlockPulse, count: number): void {
  codes.forEach((code, i) => {
    if (code !== 0) left[i]! -= count;
  });
}

/** Readings that a slope beside a logarithm is told from, that before the first with them. */
const fewestPoints = 5;

/** Ascending, the last one all. */
function countsOf(most: number, settings: Settings): number[] {
  if (most === 0) return [];
  const counts = new Set<number>();
  for (let k = 0; ; k++) {
    const at = Math.round(Math.exp((k * Math.LN10) / settings["per_decade"]!));
    if (at >= most) return [...counts, most];
    counts.add(at);
  }
}

interface Series {
  readonly count: number;
  readonly microsiemens: number;
}

function judge({ plan, turns, settings, chip }: Measured): Findings {
  const places = placesOf(plan);
  const column = (): Float64Array => new Float64Array(places.length).fill(Number.NaN);
  const [first, byReads, byPulses] = [column(), column(), column()];
  const reads = [0, ...countsOf(settings["reads"]!, settings)];
  const pulses = countsOf(settings["pulses"]!, settings);
  const ended = new Map(plan.tiles.map(({ block }) => [block.tile, lastVerdicts(turns, block.tile)]));
  const curves: { reads: Map<number, number[]>; pulses: Map<number, number[]> } = {
    reads: new Map(),
    pulses: new Map(),
  };
  const kept = keptReadings(turns, places.length, placeOfDevices(places));
  places.forEach(({ place, tile, device }, k) => {
    const series = kept[k]!;
    const own = reads
      .slice(0, series.length)
      .map((count, n): Series => ({ count, microsiemens: series[n]! }));
    const after = [0, ...pulses]
      .slice(0, Math.max(0, series.length - reads.length + 1))
      .map((count, n): Series => ({ count, microsiemens: series[reads.length - 1 + n]! }));
    if (own.length === 0 || ended.get(tile)?.get(device) === verdicts.unreadable) return;
    first[k] = series[0]!;
    byReads[k] = slopeOf(own);
    const isAggressor =
      place.row === (plan.tiles.find(({ block }) => block.tile === tile)?.block.rowStart ?? 0);
    if (!isAggressor) byPulses[k] = slopeOf(after);
    for (const { count, microsiemens } of own) push(curves.reads, count, microsiemens - series[0]!);
    if (!isAggressor)
      for (const { count, microsiemens } of after)
        push(curves.pulses, count, microsiemens - after[0]!.microsiemens);
  });
  return {
    figures: [
      ...changeFigure(settings["reads"]!, "read_disturb_nanosiemens", "a read", byReads),
      ...changeFigure(settings["pulses"]!, "pulse_disturb_nanosiemens", "a pulse of another row", byPulses),
    ],
    counts: [
      { name: "measured", devices: first.filter((g) => !Number.isNaN(g)).length, meaning: "gave readings" },
    ],
    places: places.map(({ place }) => place),
    columns: [
      { name: "first_microsiemens", unit: "µS", meaning: "as first read", values: first },
      {
        name: "by_read_nanosiemens",
        unit: "nS",
        meaning: "change a read",
        values: byReads.map((slope) => 1000 * slope),
      },
      {
        name: "by_pulse_nanosiemens",
        unit: "nS",
        meaning: "change a pulse of the first row; empty in that row",
        values: byPulses.map((slope) => 1000 * slope),
      },
    ],
    curves: (["reads", "pulses"] as const).map((kind) => ({
      name: `disturb_by_${kind}`,
      title: kind === "reads" ? "Change by reads" : "Change by pulses of another row",
      sentence: `Mean over the devices, of ${chip.name}.`,
      x: { name: kind, unit: "", logarithmic: true },
      y: { name: "change", unit: "microsiemens" },
      lines: [{ name: "mean", points: [...curves[kind]].map(([x, values]) => ({ x, y: mean(values) })) }],
    })),
  };
}

function placeOfDevices(places: ReturnType<typeof placesOf>): Map<string, number> {
  return new Map(places.map(({ tile, device }, k) => [`${tile} ${device}`, k]));
}

/** The readings of each device that were to be kept: those of turns that tell of all that are open. */
function keptReadings(turns: Measured["turns"], devices: number, placeOf: Map<string, number>): number[][] {
  const kept = Array.from({ length: devices }, (): number[] => []);
  const most = turns.reduce((sum, turn) => Math.max(sum, knownIn(turn)), 0);
  for (const turn of turns) {
    // A turn that tells of the pulsed row alone is none.
    if (knownIn(turn) < 0.5 * most) continue;
    turn.devices.forEach((device, k) => {
      const reading = turn.conductanceMicrosiemens[k]!;
      const place = placeOf.get(`${turn.tile} ${device}`);
      if (place !== undefined && !Number.isNaN(reading)) kept[place]!.push(reading);
    });
  }
  return kept;
}

function knownIn({ conductanceMicrosiemens }: Measured["turns"][number]): number {
  return conductanceMicrosiemens.reduce((sum, g) => sum + (Number.isNaN(g) ? 0 : 1), 0);
}

/**
 * µS a count: s of G = a + b ln(1 + n) + s n by least squares. b is for what devices do by themselves, as drift and relaxation go with the
 * logarithm of time.
 */
function slopeOf(series: readonly Series[]): number {
  if (series.length < fewestPoints) return Number.NaN;
  const logs = series.map(({ count }) => Math.log(1 + count));
  const counts = series.map(({ count }) => count);
  const values = series.map(({ microsiemens }) => microsiemens);
  // What the logarithm explains is taken off both, and the rest is compared.
  const [x, y] = [withoutLine(counts, logs), withoutLine(values, logs)];
  const size = x.reduce((sum, one) => sum + one * one, 0);
  return size === 0 ? Number.NaN : x.reduce((sum, one, k) => sum + one * y[k]!, 0) / size;
}

/** What is left of y when a line in x is taken off. */
function withoutLine(y: readonly number[], x: readonly number[]): number[] {
  const [mx, my] = [mean(x), mean(y)];
  const top = x.reduce((sum, one, k) => sum + (one - mx) * (y[k]! - my), 0);
  const slope = top / x.reduce((sum, one) => sum + (one - mx) * (one - mx), 0);
  return y.map((one, k) => one - my - slope * (x[k]! - mx));
}

/** None of what was not asked for. */
function changeFigure(asked: number, name: string, by: string, slopes: Float64Array): Figure[] {
  if (asked === 0) return [];
  const known = [...slopes].filter(Number.isFinite).map((slope) => 1000 * slope);
  return [
    meanFigure({ name, unit: "nS", meaning: `change of a device ${by}, mean over the devices` }, known),
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
