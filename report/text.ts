import { formatDuration, type Seconds } from "../src/units.ts";

/** Keeps a number and its unit on one line. */
const thinSpace = "\u202f";

/** `97.8 %`, of a share; a dash when it is not known. */
export function percent(share: number): string {
  return percentage(100 * share);
}

/** `6.9 %`, of a number that is in percent already; a dash when it is not known. */
export function percentage(value: number): string {
  return withUnit(value, "%", 1);
}

/** `0.34 µS`; a dash when it is not known. */
export function withUnit(value: number, unit: string, digits: number): string {
  return Number.isFinite(value) ? `${value.toFixed(digits).replace("-", "−")}${thinSpace}${unit}` : "–";
}

/** `30 days`, kept on one line. */
export function duration(seconds: Seconds): string {
  return formatDuration(seconds).replace(" ", "\u00a0");
}

/** `30 d`, where there is little room. */
export function shortDuration(seconds: Seconds): string {
  return duration(seconds).replace(/(day|year)s?$/, (unit) => unit[0]!);
}

/** `201,728`. */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
