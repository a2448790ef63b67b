import { type ConductanceUnit, parseConductanceUnit } from "../../src/units.ts";
import { type TimeUnit, timeUnits } from "./mapping.ts";

/** How a number in a unit becomes µS or µs: by a power of ten in its text, then by a factor, then maybe as one over it. */
export interface Conversion {
  readonly power: number;
  readonly factor: number;
  readonly isResistance: boolean;
}

/** To µS: of resistances, µS are 10⁶ over the ohms. */
export function conductanceIn(unit: ConductanceUnit): Conversion {
  return { power: powerOf[unit], factor: 1, isResistance: unit.endsWith("ohm") };
}

const powerOf: Readonly<Record<ConductanceUnit, number>> = {
  uS: 0,
  nS: -3,
  mS: 3,
  S: 6,
  ohm: 0,
  kohm: 3,
  Mohm: 6,
};

/** To µs. */
export function timeIn(unit: TimeUnit): Conversion {
  const [power, factor] = microsecondsOf[unit];
  return { power, factor, isResistance: false };
}

const microsecondsOf: Readonly<Record<TimeUnit, readonly [power: number, factor: number]>> = {
  us: [0, 1],
  ms: [3, 1],
  s: [6, 1],
  min: [6, 60],
  h: [6, 3600],
  d: [6, 86_400],
};

/** A heading without the unit at its end, and that unit as it is written: `R (kΩ)`, `t [s]`, `resistance_ohm`, `G/µS`. */
export function headingParts(heading: string): { readonly name: string; readonly unit: string | undefined } {
  const plain = heading.trim().replace(/\s+/g, " ");
  const bracketed = /^(.*?)\s*[([{]\s*([^()[\]{}]*?)\s*[)\]}]$/u.exec(plain);
  if (bracketed !== null && bracketed[1] !== "") return { name: bracketed[1]!, unit: bracketed[2]! };
  const apart = /^(.+?)\s*[/_]\s*(\p{L}+)$/u.exec(plain);
  if (apart !== null && (timeUnitNamed(apart[2]!) ?? parseConductanceUnit(apart[2]!)) !== undefined)
    return { name: apart[1]!, unit: apart[2]! };
  return { name: plain, unit: undefined };
}

export function timeUnitNamed(text: string): TimeUnit | undefined {
  const plain = text.trim().replace(/^[µμ]/u, "u");
  return (
    timeUnits.find((unit) => unit === plain) ??
    {
      sec: "s" as const,
      second: "s" as const,
      seconds: "s" as const,
      hours: "h" as const,
      hrs: "h" as const,
      days: "d" as const,
    }[plain.toLowerCase()]
  );
}

export { parseConductanceUnit };
