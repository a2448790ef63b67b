import { badFile } from "../files/readFile.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { headingParts } from "../files/measurements/units.ts";
import {
  type ConductanceUnit,
  conductanceUnits,
  parseConductanceUnit,
  toMicrosiemens,
} from "../src/units.ts";

/**
 * The targets of a file in µS.
 *
 * @param values       as they stand in the file, NaN for devices without a target.
 * @param unit         what they are in; µS where nothing is said, and then values that look like another unit are refused.
 * @throws `bad-file` for a resistance of zero, and for values that are hardly meant in µS.
 */
export function inMicrosiemens(
  path: string,
  values: Float32Array,
  unit: ConductanceUnit | undefined,
  description: ChipDescription,
): Float32Array {
  if (unit === undefined) {
    refuseOtherUnit(path, values, description);
    return values;
  }
  const converted = values.map((value) => toMicrosiemens(value, unit));
  const endless = converted.findIndex((value) => Math.abs(value) === Infinity);
  if (endless < 0) return converted;
  throw badFile(
    path,
    `value ${endless + 1} is ${values[endless]} ${unit}, which is not a conductance`,
    "Correct it, or write nan for a device that is left alone.",
  );
}

/**
 * What the targets of a table are in: as was said, or as its heading says, such as `G (nS)`.
 *
 * @throws `bad-file` where both are said and differ, and for a heading of several units or of one that is none of conductance.
 */
export function unitOfHeading(
  path: string,
  heading: { readonly line: number; readonly cells: readonly string[] } | undefined,
  said: ConductanceUnit | undefined,
): ConductanceUnit | undefined {
  let found: { readonly unit: ConductanceUnit; readonly text: string } | undefined;
  for (const [column, cell] of (heading?.cells ?? []).entries()) {
    const text = writtenUnit(cell);
    if (text === undefined) continue;
    const where = `line ${heading!.line}, column ${column + 1} is in "${text}"`;
    const unit = parseConductanceUnit(text);
    if (unit === undefined)
      throw badFile(path, `${where}, which is no conductance`, `Use one of ${conductanceUnits.join(", ")}.`);
    if (found !== undefined && found.unit !== unit)
      throw badFile(
        path,
        `${where}, and a column before it in "${found.text}"`,
        "Write all columns in one unit.",
      );
    if (said !== undefined && said !== unit)
      throw badFile(path, `${where}, and --unit says ${said}`, "Correct the heading, or leave --unit away.");
    found ??= { unit, text };
  }
  return said ?? found?.unit;
}

/** The unit in a heading such as `G (nS)`, `R/kΩ`, `nS` or `targets in nS`; other words in brackets are none. */
function writtenUnit(heading: string): string | undefined {
  const last = /(?:^|\sin\s)(\S+)$/u.exec(heading.trim())?.[1];
  const text = headingParts(heading).unit ?? (last !== undefined && last.length > 1 ? last : undefined);
  if (text === undefined) return undefined;
  return parseConductanceUnit(text) !== undefined || /^(?:%|[fpnuµμmkM]?[AVW])$/u.test(text)
    ? text
    : undefined;
}

/** Each of these would program a whole chip wrongly and end with a good yield. */
function refuseOtherUnit(
  path: string,
  values: Float32Array,
  { converter, maxConductanceMicrosiemens: most, name }: ChipDescription,
): void {
  let [count, zeros, least, highest] = [0, 0, Infinity, -Infinity];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    // Zero is zero in any unit: unused devices of a file in nS are no conductances in µS.
    if (value === 0) {
      zeros++;
      continue;
    }
    least = Math.min(least, value);
    highest = Math.max(highest, value);
  }
  if (count === 0 || least < 0) return;
  if (count === zeros) [least, highest] = [0, 0];
  const code = converter.microsiemensPerCode;
  const [below, above] = [highest < code, least > most];
  const areEqual = least === highest && (zeros === 0 || zeros === count);
  if (!below && !above && (!areEqual || count === 1)) return;
  const what = below
    ? `below ${code} µS, one code of the converter of ${name}`
    : above
      ? `above ${most} µS, the range of ${name}`
      : `${Number(least.toPrecision(7))} µS`;
  const others = conductanceUnits.filter((unit) => {
    const ends = [least, highest].map((value) => toMicrosiemens(value, unit));
    return (
      (below || above) && Math.max(...ends) >= code && ends.every((value) => value >= 0 && value <= most)
    );
  });
  const advice = [
    ...(others.length === 0
      ? []
      : [`If they are in another unit, say --unit ${others.join(" or --unit ")}.`]),
    ...(above ? [] : ["If they are meant in µS, say --unit uS."]),
  ];
  // Where no unit fits, the check of the plan says which device is beyond the range.
  if (advice.length === 0) return;
  const all = above && zeros > 0 ? `all of its targets but ${zeros} of zero` : `all of its ${count} targets`;
  throw badFile(path, `${all} are ${what}`, advice.join(" "));
}
