import type { Column, Part } from "./tableColumn.ts";

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
 * Columns of fractions that are empty so far down that they would be taken for text, and filled below: NaN in their first row tells what
 * they are.
 */
export function filledLate(part: Part, columns: readonly Column[]): ReadonlySet<string> {
  const late = columns.filter(({ name, type }) => {
    if (!isFraction(type)) return false;
    for (let i = 0; i < part.count; i++) if (!isEmpty(part, i, name)) return i >= guessedFrom;
    return false;
  });
  return new Set(late.map(({ name }) => name));
}

/**
 * The same rows, of which the first that has a value in each of these columns stands first, where no row near the beginning has one.
 * Of columns that are filled later than in the first parts nothing is known.
 */
export async function* filledFirst(
  parts: AsyncIterable<Part>,
  columns: readonly string[],
): AsyncIterable<Part> {
  const held: Part[] = [];
  const missing = new Set(columns);
  const first: Found[] = [];
  let rows = 0;
  let open = true;
  for await (const part of parts) {
    if (!open) {
      yield part;
      continue;
    }
    held.push(part);
    for (let i = 0; i < part.count && missing.size > 0; i++) {
      const found = [...missing].filter((name) => !isEmpty(part, i, name));
      for (const name of found) missing.delete(name);
      if (found.length > 0 && rows + i >= guessedFrom) first.push({ part, row: i });
    }
    rows += part.count;
    open = missing.size > 0 && held.length < mostHeld;
    if (!open) yield* inOrder(held.splice(0), first.splice(0));
  }
  yield* inOrder(held, first);
}

const mostHeld = 64;

interface Found {
  readonly part: Part;
  readonly row: number;
}

function* inOrder(held: readonly Part[], first: readonly Found[]): Iterable<Part> {
  if (first.length > 0)
    yield { count: first.length, value: (row, name) => first[row]!.part.value(first[row]!.row, name) };
  for (const part of held) {
    const taken = new Set(first.flatMap((one) => (one.part === part ? [one.row] : [])));
    if (taken.size === 0) {
      yield part;
      continue;
    }
    const left = Array.from({ length: part.count }, (_, i) => i).filter((i) => !taken.has(i));
    yield { count: left.length, value: (row, name) => part.value(left[row]!, name) };
  }
}

function isFraction(type: Column["type"]): boolean {
  return type === "FLOAT" || type === "DOUBLE";
}

function isEmpty(part: Part, row: number, name: string): boolean {
  const value = part.value(row, name);
  return value === "" || (typeof value === "number" && Number.isNaN(value));
}
