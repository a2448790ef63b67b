/** What stands in a cell. `neutral` words head columns and stand for lost numbers alike. */
export type CellKind = "number" | "empty" | "name" | "neutral" | "other";

/**
 * The number that a cell spells, as a spreadsheet or a program of the lab writes it; undefined for anything else, hexadecimal and
 * Fortran's `1.0D-01` among it.
 */
export function numberOf(cell: string, decimal: "." | ","): number | undefined {
  const plain = decimal === "," && !cell.includes(".") ? cell.replace(",", ".") : cell;
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(plain) ? Number(plain) : undefined;
}

/** Whether a number is spelled without a decimal sign or an exponent. */
export function isWhole(cell: string): boolean {
  return /^[+-]?\d+$/.test(cell);
}

export function isGap(cell: string): boolean {
  return /^(?:[+-]?nan|na)$/i.test(cell);
}

/** `#N/A`, `#DIV/0!`, and what other languages and programs call them; `####` is a column that was too narrow. */
export function isErrorValue(cell: string): boolean {
  return /^(?:#(?:[¡¿]?[\p{Lu}\d/._]+[!?]|NA|NV|\p{Lu}\/\p{Lu}|YOK|HIÁNYZIK|NENÍ_K_DISPOZICI|GETTING_DATA|#+)|Err:\d+)$/u.test(
    cell,
  );
}

/** A word behind `#`, without a blank: an error value by a name that is not known here, if numbers stand beside it. */
export function looksLikeErrorValue(cell: string): boolean {
  return /^#[^\s\d+.,;-]\S*$/u.test(cell);
}

/** Whether a line that begins with `#` is one of a spreadsheet's rows all the same. */
export function beginsWithErrorValue(line: string): boolean {
  const first = /^\s*"?([^"\s,;]*)/.exec(line)?.[1] ?? "";
  return isErrorValue(first);
}

const lostNumber =
  /^(?:[+-]?(?:nan|inf|infinity|∞)(?:\(.*\))?|n\.?\/?a\.?|null|none|nil|nat|undefined|true|false|missing)$/iu;
const neutral = new RegExp(
  "^(?:err|error|overflow|overrange|ovld|ol|invalid|fail|failed|bad|empty|sat|saturated|void|open|short|shorted|dead|broken|stuck|" +
    "defective|skip|skipped|unused|masked|timeout|no (?:data|value)|not measured)$",
  "i",
);

export function kindOf(cell: string): CellKind {
  if (cell === "") return "empty";
  if (numberOf(cell, ".") !== undefined || numberOf(cell, ",") !== undefined) return "number";
  // What begins like a number is one that is misspelled.
  if (
    lostNumber.test(cell) ||
    looksLikeErrorValue(cell) ||
    isErrorValue(cell) ||
    /^[^\p{L}]?[.,]?\d/u.test(cell)
  )
    return "other";
  if (neutral.test(cell)) return "neutral";
  return /\p{L}/u.test(cell) ? "name" : "other";
}

/** How to put right what stands where a number should be. */
export function adviceOn(cell: string, delimiter: string, withGaps: boolean): string {
  const gap = withGaps ? ", or nan for a device that is left alone" : "";
  if (isErrorValue(cell)) return `It is an error value of a spreadsheet. Write a number${gap}.`;
  if (looksLikeErrorValue(cell))
    return `Write a number${gap}. If the line is a comment, put a blank after #.`;
  if (/^[−–‒﹣－]/u.test(cell)) return "Write an ordinary minus sign (-).";
  if (/^[+-]?[\d.]+d[+-]?\d+$/i.test(cell)) return `Write ${cell.replace(/d/i, "E")}.`;
  if (cell.includes(",") || cell.includes("'"))
    return delimiter === ","
      ? "Use a decimal point, or put semicolons between the numbers."
      : "Use one decimal sign, and nothing between thousands.";
  return cell === "" ? `Write a number there${gap}.` : `Write a finite number there${gap}.`;
}
