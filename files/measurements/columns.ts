import { type ConductanceUnit, parseConductanceUnit } from "../../src/units.ts";
import { badFile } from "../readFile.ts";
import type { ColumnName, Mapping, ResistanceUnit, SiemensUnit, TimeUnit } from "./mapping.ts";
import { type Conversion, conductanceIn, headingParts, timeIn, timeUnitNamed } from "./units.ts";

/** Where the cell of a quantity stands, and how it is read. */
export interface Quantity {
  /** From 0. */
  readonly column: number;
  /** For messages: `column 3 (R)`. */
  readonly name: string;
  readonly conversion: Conversion;
  readonly isIso: boolean;
  /** Whether the mapping names it by its number: no heading shows that it is the right one. */
  readonly isNumbered: boolean;
  readonly pattern: RegExp | undefined;
  readonly times: number | undefined;
  readonly plus: number | undefined;
}

export interface Columns {
  readonly value: Quantity;
  readonly time: Quantity;
  readonly since: Quantity | undefined;
  readonly nominal: Quantity | undefined;
  readonly written: Quantity | undefined;
  readonly low: Quantity | undefined;
  readonly high: Quantity | undefined;
  readonly averages: Quantity | undefined;
  readonly bake: Quantity | undefined;
  readonly celsius: Quantity | undefined;
  readonly device: readonly number[];
  readonly rows: readonly { readonly column: number; readonly pattern: RegExp }[];
}

/** The headings that a mapping names; none where it knows all columns by number. */
export function headingsNamed(mapping: Mapping): string[] {
  const { value, time, since, nominal, written, low, high, averages, bake, celsius } = partsOf(mapping);
  const all = [value, time, since, nominal, written, low, high, averages, bake, celsius].map(
    (part) => part?.column,
  );
  const names = [...all, ...(mapping.device.columns ?? []), ...mapping.rows.map((row) => row.column)];
  return [...new Set(names.filter((name) => typeof name === "string"))];
}

/** Whether a heading is the one that a mapping names: whole, or without the unit at its end. */
export function isNamed(heading: string, name: string): boolean {
  const wanted = plain(name);
  return plain(heading) === wanted || plain(headingParts(heading).name) === wanted;
}

function plain(text: string): string {
  return text.trim().replace(/\s+/g, " ").toLowerCase();
}

/**
 * Finds the columns of a mapping in a table.
 *
 * @param heading  its cells and its line; undefined where the table has none.
 * @throws `bad-file` where a heading says another unit, or stands twice.
 */
export function columnsOf(
  mapping: Mapping,
  path: string,
  heading: { readonly cells: readonly string[]; readonly line: number } | undefined,
): Columns {
  const find = new Finder(path, heading);
  const { value, time, since, nominal, written, low, high, averages, bake, celsius } = partsOf(mapping);
  const usual = mapping.resistance === undefined ? "S" : "ohm";
  const plainOf = (part: Part | undefined): Quantity | undefined =>
    part && find.quantity(part, () => ({ power: 0, factor: 1, isResistance: false }));
  return {
    value: find.conductance(value, usual),
    time: find.time(time),
    since: since && find.time(since),
    nominal: nominal && find.time(nominal),
    written: written && find.conductance(written, "S"),
    low: low && find.conductance(low, "S"),
    high: high && find.conductance(high, "S"),
    averages: plainOf(averages),
    bake: plainOf(bake),
    celsius: plainOf(celsius),
    device: (mapping.device.columns ?? []).map((name) => find.place(name)),
    rows: mapping.rows.map(({ column, pattern }) => ({
      column: find.place(column),
      pattern: new RegExp(pattern, "u"),
    })),
  };
}

interface Part {
  readonly column: ColumnName;
  readonly unit?: SiemensUnit | ResistanceUnit | TimeUnit | "iso" | undefined;
  readonly pattern?: string | undefined;
  readonly times?: number | undefined;
  readonly plus?: number | undefined;
}

function partsOf(mapping: Mapping): { value: Part; time: Part } & {
  readonly [name in "since" | "nominal" | "written" | "low" | "high" | "averages" | "bake" | "celsius"]?:
    Part | undefined;
} {
  const { resistance, conductance, time, nominalTime, written, target, averages, bakeCelsius, chipCelsius } =
    mapping;
  const isRange = target !== undefined && "low" in target;
  return {
    value: (resistance ?? conductance)!,
    time,
    since: typeof time.since === "string" ? undefined : time.since,
    nominal: nominalTime,
    written,
    low: isRange ? target.low : target,
    high: isRange ? target.high : target,
    averages: typeof averages === "number" ? undefined : averages,
    bake: typeof bakeCelsius === "number" ? undefined : bakeCelsius,
    celsius: typeof chipCelsius === "number" ? undefined : chipCelsius,
  };
}

class Finder {
  readonly #path: string;
  readonly #heading: { readonly cells: readonly string[]; readonly line: number } | undefined;

  constructor(path: string, heading: Finder["_heading"]) {
    this.#path = path;
    this.#heading = heading;
  }

  /** Only its type is used. */
  declare readonly _heading: { readonly cells: readonly string[]; readonly line: number } | undefined;

  place(name: ColumnName): number {
    if (typeof name === "number") return name - 1;
    const { cells, line } = this.#heading!;
    const found = cells.flatMap((cell, i) => (isNamed(cell, name) ? [i] : []));
    const exact = found.filter((i) => plain(cells[i]!) === plain(name));
    const [first, second] = exact.length > 0 ? exact : found;
    if (second === undefined) return first!;
    throw badFile(
      this.#path,
      `line ${line} has the heading ${name} in columns ${first! + 1} and ${second + 1}`,
      "Name the column by its number in the mapping.",
    );
  }

  conductance(part: Part, usual: ConductanceUnit): Quantity {
    return this.quantity(part, (column) =>
      conductanceIn(
        this.#unit(column, part.unit as ConductanceUnit | undefined, parseConductanceUnit, usual),
      ),
    );
  }

  time(part: Part): Quantity {
    return this.quantity(part, (column) =>
      timeIn(
        part.unit === "iso" ? "s" : this.#unit(column, part.unit as TimeUnit | undefined, timeUnitNamed, "s"),
      ),
    );
  }

  quantity(part: Part, convert: (column: number) => Conversion): Quantity {
    const column = this.place(part.column);
    const heading = this.#heading?.cells[column]?.trim();
    return {
      column,
      name: `column ${column + 1}${heading === undefined || heading === "" ? "" : ` (${heading})`}`,
      conversion: convert(column),
      isIso: part.unit === "iso",
      isNumbered: typeof part.column === "number",
      pattern: part.pattern === undefined ? undefined : new RegExp(part.pattern, "u"),
      times: part.times,
      plus: part.plus,
    };
  }

  /** That of the mapping or of the heading, which must not differ. */
  #unit<U extends string>(
    column: number,
    given: U | undefined,
    parse: (text: string) => U | undefined,
    usual: U,
  ): U {
    const written = headingParts(this.#heading?.cells[column] ?? "").unit;
    const said = written === undefined ? undefined : parse(written);
    if (said === undefined && written !== undefined && given === undefined) {
      throw badFile(
        this.#path,
        `line ${this.#heading!.line}, column ${column + 1} is in "${written}", which is no unit that mho knows for it`,
        "Say its unit in the mapping.",
      );
    }
    if (said !== undefined && given !== undefined && said !== given) {
      throw badFile(
        this.#path,
        `line ${this.#heading!.line}, column ${column + 1} is in ${said}, and the mapping says ${given}`,
        "Correct the mapping, or take the unit out of it: that of the heading is then used.",
      );
    }
    return given ?? said ?? usual;
  }
}
