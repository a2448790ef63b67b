import { ScpiError } from "./errors.ts";
import type { Parameter } from "./parse.ts";

/** What a number stands for, and how its suffix scales it (IEEE 488.2, 7.7.3; SCPI-99, volume 1, 7.2). */
export type Quantity = "time" | "conductance" | "current" | "voltage" | "number";

/** The unit that a bare number is in, and that values are given in: s, µS, µA, V. */
const units: Readonly<Record<Quantity, { readonly unit: string; readonly scale: number }>> = {
  time: { unit: "S", scale: 1 },
  conductance: { unit: "SIE", scale: 1e6 },
  current: { unit: "A", scale: 1e6 },
  voltage: { unit: "V", scale: 1 },
  number: { unit: "", scale: 1 },
};

const multipliers: Readonly<Record<string, number>> = {
  EX: 1e18, PE: 1e15, T: 1e12, G: 1e9, MA: 1e6, K: 1e3, "": 1, M: 1e-3, U: 1e-6, N: 1e-9, P: 1e-12, F: 1e-15, A: 1e-18,
}; // prettier-ignore

/**
 * A number in its quantity's unit: seconds, microsiemens, microamperes or volts. A conductance may be given as a resistance.
 * `MIN`, `MAX` and `DEF` are what `special` says.
 *
 * @throws ScpiError −104, −131 or −224.
 */
export function numberOf(
  parameter: Parameter,
  quantity: Quantity,
  special: { readonly min?: number; readonly max?: number; readonly def?: number } = {},
): number {
  if (parameter.kind === "word") return specialOf(parameter.word, special);
  if (parameter.kind !== "number") throw new ScpiError(-104);
  const { value, suffix } = parameter;
  const { unit, scale } = units[quantity];
  if (suffix === "") return value;
  if (unit !== "" && suffix.endsWith(unit)) {
    const multiplier = multipliers[suffix.slice(0, -unit.length)];
    if (multiplier !== undefined) return value * multiplier * scale;
  }
  if (quantity === "conductance" && suffix.endsWith("OHM")) {
    // In front of OHM, M means mega.
    const prefix = suffix.slice(0, -3);
    const multiplier = prefix === "M" ? 1e6 : multipliers[prefix];
    if (multiplier !== undefined) return scale / (value * multiplier);
  }
  throw new ScpiError(-131, suffix);
}

function specialOf(word: string, { min, max, def }: { min?: number; max?: number; def?: number }): number {
  const value = /^MIN(IMUM)?$/.test(word)
    ? min
    : /^MAX(IMUM)?$/.test(word)
      ? max
      : /^DEF(AULT)?$/.test(word)
        ? def
        : undefined;
  if (value === undefined) throw new ScpiError(-224, word);
  return value;
}

/** A whole number between two bounds. */
export function integerOf(parameter: Parameter, least: number, most: number, usual?: number): number {
  const special = { min: least, max: most, ...(usual !== undefined && { def: usual }) };
  const value = Math.round(numberOf(parameter, "number", special));
  if (!(value >= least && value <= most)) throw new ScpiError(-222);
  return value;
}

/** `ON`, `OFF`, or a number, where 0 is off. */
export function booleanOf(parameter: Parameter): boolean {
  if (parameter.kind === "word" && (parameter.word === "ON" || parameter.word === "OFF")) {
    return parameter.word === "ON";
  }
  return Math.round(numberOf(parameter, "number")) !== 0;
}

/** One of several words, each in its short or its long form: `NORMal`. */
export function choiceOf<T extends string>(parameter: Parameter, choices: readonly T[]): T {
  const word = parameter.kind === "word" ? parameter.word : "";
  const found = choices.find((choice) => word === choice.toUpperCase() || word === shortForm(choice));
  if (found === undefined) throw new ScpiError(-224, word);
  return found;
}

/** The capitals of a word as manuals write it. */
export function shortForm(word: string): string {
  return word.replace(/[a-z]/g, "");
}

/** A row of a tile, or one line of devices in it. */
export interface Channel {
  readonly tile: number;
  readonly row: number;
  readonly line: number | undefined;
}

/** The most channels that a list may name. */
const mostChannels = 4096;

/**
 * A channel list (SCPI-99, volume 1, 8.3.2): `@0!3`, `@0!3:0!7`, `@0!3!17,0!3!20:0!3!23`. Numbers count from 0: tile, row
 * and, where it is given, the line of devices.
 */
export function channelsOf(parameter: Parameter): Channel[] {
  if (parameter.kind !== "expression" || !parameter.text.trim().startsWith("@")) throw new ScpiError(-171);
  const channels: Channel[] = [];
  for (const part of parameter.text.trim().slice(1).split(",")) {
    const ends = part.split(":").map(channelOf);
    const [from, to = from] = ends;
    if (from === undefined || to === undefined || ends.length > 2) throw new ScpiError(-171);
    const lines = from.line !== undefined;
    if (from.tile !== to.tile || lines !== (to.line !== undefined) || (lines && from.row !== to.row)) {
      throw new ScpiError(-171, "a range runs along one tile, or one row");
    }
    const [first, last] = lines ? [from.line!, to.line!] : [from.row, to.row];
    if (last < first || channels.length + last - first + 1 > mostChannels) throw new ScpiError(-222);
    for (let n = first; n <= last; n++) channels.push(lines ? { ...from, line: n } : { ...from, row: n });
  }
  return channels;
}

function channelOf(text: string): Channel {
  const match = /^\s*(\d{1,5})\s*!\s*(\d{1,5})(?:\s*!\s*(\d{1,5}))?\s*$/.exec(text);
  if (!match) throw new ScpiError(-171);
  return {
    tile: Number(match[1]),
    row: Number(match[2]),
    line: match[3] === undefined ? undefined : Number(match[3]),
  };
}

/** Channels by their rows, in the order in which rows are first named. */
export function rowsOf(channels: readonly Channel[]): [Channel, Channel[]][] {
  const rows = new Map<string, [Channel, Channel[]]>();
  for (const channel of channels) {
    const key = `${channel.tile}!${channel.row}`;
    const found = rows.get(key);
    if (found === undefined) rows.set(key, [channel, [channel]]);
    else found[1].push(channel);
  }
  return [...rows.values()];
}
