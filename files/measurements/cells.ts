import { daysSince1970 } from "../calendar.ts";

/** What stands in the cells of other testers' tables. */

/** Whether a cell says that nothing was measured. */
export function isMissing(cell: string): boolean {
  return cell === "" || /^(?:[+-]?nan(?:\(.*\))?|n\.?\/?a\.?|#N\/A|null|none|nil|missing|-+)$/i.test(cell);
}

/**
 * The number that a cell spells, times a power of ten; undefined where it spells none. The power is put into the text, so that the same
 * decimal number in two units gives the same digits.
 *
 * @param comma  whether a comma may be the decimal sign.
 */
export function numberIn(cell: string, comma: boolean, power = 0): number | undefined {
  const match = /^([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+))(?:[eE]([+-]?\d+))?$/.exec(cell);
  if (match === null) return /^[+-]?inf(?:inity)?$/i.test(cell) ? endless(cell) : undefined;
  const [, mantissa, exponent = "0"] = match;
  if (!comma && mantissa!.includes(",")) return undefined;
  return Number(`${mantissa!.replace(",", ".")}e${Number(exponent) + power}`);
}

function endless(cell: string): number {
  return cell.startsWith("-") ? -Infinity : Infinity;
}

/** Seconds since 1970 of a stamp such as `2024-05-01T12:00:00.5Z`; without a zone it is taken for UTC. Undefined for anything else. */
export function secondsOfIso(cell: string): number | undefined {
  const match =
    /^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d:?(?:\d\d)?)?$/i.exec(
      cell,
    );
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60)
    return undefined;
  const zone = match[8] ?? "Z";
  const offset = zone.toUpperCase() === "Z" ? 0 : minutesOf(zone);
  const days = daysSince1970(year, month, day);
  return ((days * 24 + hour) * 60 + minute - offset) * 60 + second + Number(`0.${match[7] ?? 0}`);
}

function minutesOf(zone: string): number {
  const digits = zone.replace(/\D/g, "");
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2) || 0);
  return zone.startsWith("-") ? -minutes : minutes;
}
