import { readingFlags } from "../chip/driver.ts";
import { highestCode } from "../chip/description.ts";
import { rramPulsesOf, type RramPulses } from "../chip/technologies/rram.ts";
import { assert } from "../errors.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../program/method.ts";
import type { Curves, Figure, Findings, Measured, Procedure, Settings } from "./procedure.ts";
import { complianceBeyond } from "./compliance.ts";
import { mostRead } from "./figures.ts";
import { placesOf, walk } from "./trace.ts";

/**
 * Pulsed I–V loops: SET pulses that rise to a voltage and return, under compliance, then RESET pulses that do the same, so often. Each
 * pulse is followed by a read at the board's read voltage: the current shown is that of the read. Where the board can, devices are read with
 * rising voltages after each half of a loop as well: the current of a state by the voltage over it, below what moves it.
 */
export const iv: Procedure<IvState> = {
  name: "iv",
  does: "pulsed I–V loops of a few devices: up and back under compliance in both polarities, read after each pulse",
  technologies: ["rram"],
  usual: { rows: 1, devices: 8 },
  settings: [
    {
      name: "loops",
      unit: "",
      meaning: "loops through both polarities",
      least: 1,
      most: 100,
      whole: true,
      usual: () => 2,
    },
    {
      name: "set_to",
      unit: "V",
      meaning: "where SET pulses turn back",
      least: 0.01,
      most: 20,
      usual: (chip) => 0.7 * rramPulsesOf(chip).set.toVolts,
    },
    {
      name: "reset_to",
      unit: "V",
      meaning: "where RESET pulses turn back",
      least: 0.01,
      most: 20,
      usual: (chip) => rramPulsesOf(chip).reset.toVolts,
    },
    {
      name: "step",
      unit: "V",
      meaning: "from one pulse to the next",
      least: 0.005,
      most: 5,
      usual: () => 0.1,
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
      name: "compliance",
      unit: "µS",
      meaning: "the most that a device conducts after SET, by the gate; 0 for the usual gate",
      least: 0,
      most: 10_000,
      usual: (chip) => (rramPulsesOf(chip).forming === undefined ? 0 : 1.2 * chip.maxConductanceMicrosiemens),
    },
    {
      name: "averages",
      unit: "",
      meaning: "reads that are averaged after each pulse",
      least: 1,
      most: 256,
      whole: true,
      usual: () => 4,
    },
    {
      name: "read_to",
      unit: "V",
      meaning: "the highest voltage that states are read with; 0 for the usual voltage alone",
      least: 0,
      most: 5,
      usual: () => 0,
    },
    {
      name: "read_points",
      unit: "",
      meaning: "voltages up to it",
      least: 2,
      most: 64,
      whole: true,
      usual: () => 8,
    },
  ],
  pulses: (settings, chip) =>
    settings["loops"]! * loopOf(settings, highestCode(chip) * rramPulsesOf(chip).voltsPerCode).length,
  requires(chip, { readVoltage = false }, settings) {
    if ((settings?.["compliance"] ?? 0) > 0 && rramPulsesOf(chip).forming === undefined)
      return `The description of ${chip.name} does not say what its gate lets through. Add rram_pulses.forming to it, or give compliance=0.`;
    const beyond = settings === undefined ? undefined : complianceBeyond(settings, chip);
    if (beyond !== undefined) return beyond;
    const to = settings?.["read_to"] ?? 0;
    if (to === 0) return undefined;
    if (!readVoltage) return `The board of ${chip.name} reads with one voltage: leave read_to at 0.`;
    const most = chip.limits.maxReadVolts ?? chip.converter.readVolts ?? 0;
    return to <= most
      ? undefined
      : `Devices of ${chip.name} may be read with ${most} V at most (limits.max_read_volts), and read_to is ${to} V.`;
  },
  begin(task) {
    const { settings } = task;
    assert(settings !== undefined, "a procedure is given its settings");
    const pulses = rramPulsesOf(task);
    const loop = loopOf(settings, task.maxCode * pulses.voltsPerCode);
    // Of a run that goes on: where the least pulsed of its devices is in the loops.
    const given = firstVerdicts(task);
    const fired = given.reduce(
      (least, verdict, i) =>
        verdict === verdicts.pending ? Math.min(least, task.standing?.pulses[i] ?? 0) : least,
      Infinity,
    );
    return {
      task,
      pulses,
      settings,
      verdicts: given,
      loop,
      place: Number.isFinite(fired) ? fired : 0,
      readAt: undefined,
    };
  },
  next,
  judge,
};

interface IvState {
  readonly task: ProgrammingTask;
  readonly pulses: RramPulses;
  readonly settings: Settings;
  readonly verdicts: Uint8Array;
  readonly loop: readonly Rung[];
  place: number;
  /** Which of the read voltages comes next, while a state is read with all of them. */
  readAt: number | undefined;
}

interface Rung {
  readonly kind: "set" | "reset";
  readonly volts: number;
}

function next(state: IvState, seen: Seen | undefined): Decision {
  const { task, settings, verdicts: given, loop, pulses } = state;
  const rows = new Uint8Array(task.rowCount).fill(1);
  const look = { kind: "read", averages: settings["averages"]!, rows, afterSeconds: 0 } as const;
  if (seen === undefined) return { orders: [], verdicts: given, look };
  const reads = readVoltsOf(settings);
  // The state that half a loop has left is read before the next pulse.
  if (state.readAt === undefined && reads.length > 0 && state.place > 0 && isTurn(state)) state.readAt = 0;
  if (state.readAt !== undefined && state.readAt < reads.length) {
    const readVolts = reads[state.readAt]!;
    const sweepSeconds = (halvesDone(state) - 1) * reads.length + state.readAt++;
    return { orders: [], verdicts: given, look: { ...look, readVolts, sweepSeconds } };
  }
  state.readAt = undefined;
  const over = state.place >= settings["loops"]! * loop.length;
  for (let i = 0; i < given.length; i++) {
    if (given[i] !== verdicts.pending) continue;
    if (Number.isNaN(seen.conductanceMicrosiemens[i]!)) given[i] = verdicts.unreadable;
    else if (over) given[i] = verdicts.accepted;
    else if (task.pulsesLeft[i]! <= 0) given[i] = verdicts.budgetSpent;
  }
  if (!given.includes(verdicts.pending)) return { orders: [], verdicts: given, look: { kind: "done" } };
  const { kind, volts } = loop[state.place % loop.length]!;
  const code = Math.min(task.maxCode, Math.max(1, Math.round(volts / pulses.voltsPerCode)));
  const codes = Uint16Array.from(given, (verdict, i) =>
    verdict === verdicts.pending && task.pulsesLeft[i]!-- > 0 ? code : 0,
  );
  const perGate = pulses.forming?.complianceMicrosiemensPerGateCode ?? 1;
  const gateCode =
    kind === "set" && settings["compliance"]! > 0
      ? Math.max(1, Math.floor(settings["compliance"]! / perGate))
      : pulses[kind].gateCode;
  state.place++;
  return {
    orders: [{ kind, codes, widthNanoseconds: settings["width"]!, trailingNanoseconds: 0, gateCode }],
    verdicts: given,
    look,
  };
}

/** Whether the last pulse of a half of a loop was given, and its state not read yet: half of the rungs are SET pulses. */
function isTurn({ loop, place }: IvState): boolean {
  const inLoop = place % loop.length;
  return inLoop === 0 || inLoop === loop.findIndex(({ kind }) => kind === "reset");
}

function halvesDone({ loop, place }: IvState): number {
  return 2 * Math.floor(place / loop.length) + (place % loop.length === 0 ? 0 : 1);
}

/** Voltages that states are read with, V, in the whole millivolts that boards take. */
function readVoltsOf(settings: Settings): number[] {
  const { read_to: to = 0, read_points: points = 0 } = settings;
  if (to === 0) return [];
  return Array.from({ length: points }, (_, k) => Math.round((1000 * to * (k + 1)) / points) / 1000);
}

/** Up and back by SET, up and back by RESET. */
function loopOf(settings: Settings, most: number): Rung[] {
  return (["set", "reset"] as const).flatMap((kind) => {
    const to = Math.min(settings[`${kind}_to`]!, most);
    const rungs = Math.max(1, Math.round(to / settings["step"]!));
    const up = Array.from({ length: rungs }, (_, k): Rung => ({ kind, volts: (to * (k + 1)) / rungs }));
    return [...up, ...up.slice(0, -1).toReversed()];
  });
}

function judge({ plan, chip, turns, sweeps, settings }: Measured): Findings {
  const states = statesOf(plan, sweeps, readVoltsOf(settings));
  const { voltsPerCode } = rramPulsesOf(chip);
  const { readVolts = 1 } = chip.converter;
  const places = placesOf(plan);
  const placeOf = new Map(places.map(({ tile, device }, k) => [`${tile} ${device}`, k]));
  const column = (): Float64Array => new Float64Array(places.length).fill(Number.NaN);
  const [low, high, setAt, resetAt] = [column(), column(), column(), column()];
  const loops = places.map((): { x: number; y: number }[] => []);
  const moved: { set: number; reset: number }[] = places.map(() => ({ set: 0, reset: 0 }));
  for (const targets of plan.tiles) {
    const { block } = targets;
    walk(turns, targets, ({ device, order, code, before, after }) => {
      const k = placeOf.get(`${block.tile} ${device}`)!;
      if (order === undefined || Number.isNaN(after)) return;
      const volts = code * voltsPerCode;
      low[k] = Number.isNaN(low[k]!) ? after : Math.min(low[k]!, after);
      high[k] = Number.isNaN(high[k]!) ? after : Math.max(high[k]!, after);
      loops[k]!.push({ x: order.kind === "set" ? volts : -volts, y: after * readVolts });
      if (order.kind === "set" && after - before > moved[k]!.set)
        [moved[k]!.set, setAt[k]] = [after - before, volts];
      if (order.kind === "reset" && before - after > moved[k]!.reset)
        [moved[k]!.reset, resetAt[k]] = [before - after, volts];
    });
  }
  const lines: Curves["lines"] = places
    .slice(0, 4)
    .map(({ place }, k) => ({ name: `row ${place.row}, device ${place.device}`, points: loops[k]! }));
  const ratio = high
    .map((g, k) => g / Math.max(low[k]!, chip.converter.microsiemensPerCode))
    .filter(Number.isFinite)
    .sort();
  return {
    figures: [
      {
        name: "ratio_median",
        unit: "",
        meaning: "the most over the least that a device conducts, median",
        value: ratio[ratio.length >> 1] ?? Number.NaN,
      },
      mostRead(high, "the most that any device read", chip),
      ...states.flatMap(({ name, points }) => bendFigure(name, points)),
    ],
    counts: [
      {
        name: "measured",
        devices: high.filter((g) => !Number.isNaN(g)).length,
        meaning: "went through the loops",
      },
    ],
    places: places.map(({ place }) => place),
    columns: [
      { name: "set_volts", unit: "V", meaning: "voltage of its largest step up", values: setAt },
      { name: "reset_volts", unit: "V", meaning: "voltage of its largest step down", values: resetAt },
      { name: "highest_microsiemens", unit: "µS", meaning: "the most that it read", values: high },
      { name: "lowest_microsiemens", unit: "µS", meaning: "the least that it read", values: low },
    ],
    curves: [
      {
        name: "loops",
        title: "Read current after each pulse",
        sentence: `The first devices, read at ${readVolts} V: SET to the right, RESET to the left.`,
        x: { name: "voltage of the pulse", unit: "volts" },
        y: { name: "read current", unit: "microamperes" },
        lines,
      },
      ...(states.length === 0
        ? []
        : [
            {
              name: "read_iv",
              title: "Current of each state by the voltage over it",
              sentence: "Median over the devices and loops. A straight line through zero is an ohmic state.",
              x: { name: "read voltage", unit: "volts" },
              y: { name: "current", unit: "microamperes", logarithmic: true },
              lines: states.map(({ name, points }) => ({ name: `after ${name}`, points })),
            },
          ]),
    ],
  };
}

interface State {
  readonly name: "SET" | "RESET";
  /** V and µA. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What states conduct by the voltage that they were read with: sweeps are numbered half loop after half loop, voltage after voltage. */
function statesOf(
  { tiles }: Measured["plan"],
  sweeps: Measured["sweeps"],
  volts: readonly number[],
): State[] {
  const measured = new Map(tiles.map(({ block, targetsMicrosiemens }) => [block.tile, targetsMicrosiemens]));
  return (["SET", "RESET"] as const).flatMap((name, half) => {
    const points = volts.flatMap((x, k) => {
      const currents = sweeps
        .filter(({ timeSeconds: n }) => n % volts.length === k && Math.floor(n / volts.length) % 2 === half)
        .flatMap(({ tile, conductanceMicrosiemens, flags }) =>
          // Beyond the converter is more than all that was read: the median must not fall for it.
          Array.from(conductanceMicrosiemens, (g, i) =>
            Number.isNaN(measured.get(tile)?.[i]) ? 0 : flags[i] === readingFlags.saturated ? Infinity : g,
          ),
        )
        .filter((g) => g > 0)
        .map((g) => g * x)
        .sort((a, b) => a - b);
      const middle = currents[currents.length >> 1] ?? Infinity;
      return middle === Infinity ? [] : [{ x, y: middle }];
    });
    return points.length < 2 ? [] : [{ name, points }];
  });
}

/** How far a state is from ohmic: its conductance at the highest voltage over that at the lowest. */
function bendFigure(name: State["name"], points: State["points"]): Figure[] {
  const [first, last] = [points[0]!, points.at(-1)!];
  return [
    {
      name: `${name.toLowerCase()}_bend`,
      unit: "",
      meaning: `conductance after ${name} at ${last.x} V over that at ${first.x} V`,
      value: last.y / last.x / (first.y / first.x),
    },
  ];
}
