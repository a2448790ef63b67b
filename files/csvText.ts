import type { Column } from "./tableColumn.ts";

/** Programs that take the type of a column from its first rows look at so many: polars at fewest. */
const guessedFrom = 100;

/** A cell of CSV. Fractions have a decimal sign in every row: a program that guesses types from the first rows finds no other below. */
export function cellText(value: number | string, { type, whole }: Column): string {
  if (typeof value === "number") {
    if (Number.isNaN(value)) return "";
    const plain = String(value);
    return isFraction(type) && whole !== true && /^-?\d+$/.test(plain) ? `${plain}.0` : plain;
  }
  // Names of imported devices may hold anything.
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * Finds rows that have to stand first so that the first rows show what each column holds: a column that is empty at first would be
 * taken for text, and one of names that begin with numbers for numbers.
 */
export class FirstRows {
  /** The places of columns of which no row has shown what they hold. */
  readonly #empty: Set<number>;
  readonly #nameless: Set<number>;
  readonly #enough: number;
  #rows = 0;

  constructor(columns: readonly Column[]) {
    this.#empty = new Set(columns.keys());
    this.#nameless = new Set([...columns.keys()].filter((c) => columns[c]!.type === "STRING"));
    // Each column may send two rows to the top, and those that were there move down.
    this.#enough = guessedFrom - 2 * columns.length;
  }

  /** Whether the next row, of these cells, has to stand first. */
  next(cells: readonly string[]): boolean {
    const [empty, nameless] = [this.#empty.size, this.#nameless.size];
    for (const c of this.#empty) if (cells[c] !== "") this.#empty.delete(c);
    for (const c of this.#nameless) if (isName(cells[c]!)) this.#nameless.delete(c);
    const showsMore = this.#empty.size < empty || this.#nameless.size < nameless;
    return this.#rows++ >= this.#enough && showsMore;
  }
}

/** Text that no program takes for a number, a truth value or a time. */
function isName(cell: string): boolean {
  const isNumber = !Number.isNaN(Number(cell)) || /^[+-]?(?:nan|inf|infinity)$/i.test(cell);
  return !isNumber && !/^(?:true|false)$/i.test(cell) && !/^\d+[-/:]\d+(?:[-/:T ].*)?$/.test(cell);
}

function isFraction(type: Column["type"]): boolean {
  return type === "FLOAT" || type === "DOUBLE";
}
