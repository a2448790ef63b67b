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

const secondsPerUnit: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  m: 60,
  h: 3600,
  d: 86_400,
  y: 31_536_000,
};

/**
 * Reads a duration such as `60`, `1h`, `30d` or `1.5ms`; a bare number is in seconds.
 *
 * @returns seconds, > 0; undefined when the text is no duration.
 */
export function parseDuration(text: string): Seconds | undefined {
  const match = /^(\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (!match) return undefined;
  const unit = match[2] === "" ? "s" : match[2]!.toLowerCase();
  const scale = Object.hasOwn(secondsPerUnit, unit) ? secondsPerUnit[unit] : undefined;
  const seconds = Number(match[1]) * (scale ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
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
