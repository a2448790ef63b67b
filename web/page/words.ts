import { formatDuration } from "../../src/units.ts";
import { serverNow } from "./serverClock.ts";

export const phaseNames: Readonly<Record<string, string>> = {
  reading: "waiting to read",
  interrupted: "stopped",
  lost: "link lost",
  // Who waits for an age writes nothing, be it for hours.
  unheard: "waiting, or gone",
};

export function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
}

export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export function rounded(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
}

export function whenText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const today = new Date(serverNow()).toDateString() === date.toDateString();
  return today ? date.toLocaleTimeString("en-GB") : date.toLocaleDateString("en-GB");
}

export function agoText(iso: string): string {
  const seconds = Math.round(secondsSince(iso));
  return seconds < 2 ? "just now" : `${formatDuration(seconds)} ago`;
}

export function secondsSince(iso: string): number {
  return (serverNow() - Date.parse(iso)) / 1000;
}
