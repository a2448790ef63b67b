/**
 * Units of the lab. A plain number travels fastest, so units live in these names and, where a type cannot go
 * (columns, JSON keys, flags), in the field's own name: `conductance_microsiemens`, `age_seconds`.
 * Never "us", which is both microseconds and microsiemens.
 */
export type Microsiemens = number;
export type Seconds = number;
/** Whole microseconds: 2^53 of them are 285 years. */
export type Microseconds = number;
export type Nanoseconds = number;
export type Microamperes = number;
export type Celsius = number;

export const microsecondsPerSecond = 1e6;

/** Units that conductances may be given in; of resistances, the conductance is one over them. */
export const conductanceUnits = ["uS", "nS", "mS", "S", "ohm", "kohm", "Mohm"] as const;
export type ConductanceUnit = (typeof conductanceUnits)[number];

const microsiemensPerUnit: Readonly<Record<ConductanceUnit, number>> = {
  uS: 1,
  nS: 1e-3,
  mS: 1e3,
  S: 1e6,
  ohm: 1e6,
  kohm: 1e3,
  Mohm: 1,
};

/** µS of a value in a unit; infinite for a resistance of zero. */
export function toMicrosiemens(value: number, unit: ConductanceUnit): Microsiemens {
  const scale = microsiemensPerUnit[unit];
  return unit.endsWith("ohm") ? scale / value : value * scale;
}

/** Reads the name of a unit: as in the list, or with the letters µ and Ω. */
export function parseConductanceUnit(text: string): ConductanceUnit | undefined {
  const plain = text.trim().replace(/^[µμ]/u, "u").replace(/[ΩΩ]$/u, "ohm").replace(/Ohm$/, "ohm");
  return conductanceUnits.find((unit) => unit === plain);
}

const secondsPerUnit: Readonly<Record<string, number>> = {
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  second: 1,
  seconds: 1,
  min: 60,
  m: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
  week: 604_800,
  weeks: 604_800,
  y: 31_536_000,
  year: 31_536_000,
  years: 31_536_000,
};

/** A capital letter here means another prefix, or months, or siemens. */
const ambiguous = /^(?:M|Ms|MS|mS|[uµμU]S|Us|Mo|MO|mo|S)$/u;

/**
 * Reads a duration such as `60`, `1h`, `30d`, `1.5ms`, and all that `formatDuration` writes, also one after the other: `2 h 5 min`. A
 * bare number is in seconds.
 *
 * @returns seconds, > 0; undefined when the text is no duration, or when its unit can be read in two ways, such as `5M`.
 */
export function parseDuration(text: string): Seconds | undefined {
  const parts = partsOf(text);
  if (parts === undefined || (parts.length > 1 && parts.some(({ unit }) => unit === ""))) return undefined;
  let seconds = 0;
  for (const { count, unit } of parts) {
    const name = unit === "" ? "s" : unit.toLowerCase();
    const scale = Object.hasOwn(secondsPerUnit, name) ? secondsPerUnit[name] : undefined;
    if (scale === undefined || ambiguous.test(unit)) return undefined;
    seconds += count * scale;
  }
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** The first unit of a text that can be read in two ways: `M` in `5M`. */
export function ambiguousUnit(text: string): string | undefined {
  return partsOf(text)?.find(({ unit }) => ambiguous.test(unit))?.unit;
}

/** Numbers with their units; undefined where something else stands between them. */
function partsOf(text: string): { readonly count: number; readonly unit: string }[] | undefined {
  const parts: { count: number; unit: string }[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const match = /^(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*(\p{L}*)\s*/iu.exec(rest);
    if (match === null) return undefined;
    parts.push({ count: Number(match[1]), unit: match[2]! });
    rest = rest.slice(match[0].length);
  }
  return parts.length === 0 ? undefined : parts;
}

/** Writes a duration in the largest unit that keeps it at or above one: `1 s`, `1 h`, `30 days`, `1 year`. */
export function formatDuration(seconds: Seconds): string {
  const steps: [Seconds, string, string][] = [
    [31_536_000, "year", "years"],
    [86_400, "day", "days"],
    [3600, "h", "h"],
    [60, "min", "min"],
    [1, "s", "s"],
    [1e-3, "ms", "ms"],
  ];
  const countOf = (size: Seconds): number => Number((seconds / size).toPrecision(3));
  // Rounded first: a second short of a year is a year, not 365 days.
  const [size, one, many] = steps.find(([step]) => countOf(step) >= 1) ?? [1e-6, "µs", "µs"];
  const count = countOf(size);
  return `${count} ${count === 1 ? one : many}`;
}
