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

/** A day and the time on it, as this browser's clock shows them; empty for what is no time. */
export function whenText(iso: string): string {
  const day = dayText(iso);
  return day === "" ? "" : `${day}, ${new Date(iso).toLocaleTimeString("en-GB", hours)}`;
}

/** `today`, `yesterday` or `28 Nov 2026`. */
export function dayText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const ago = (days: number): string => {
    const then = new Date(serverNow());
    then.setDate(then.getDate() - days);
    return then.toDateString();
  };
  if (date.toDateString() === ago(0)) return "today";
  if (date.toDateString() === ago(1)) return "yesterday";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** The whole of a time, for those who point at it. */
export function exactTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString("sv-SE", { timeZoneName: "short" });
}

/** A time that can be pointed at. */
export function timeElement(iso: string, text = whenText(iso)): HTMLTimeElement {
  const made = document.createElement("time");
  made.dateTime = iso;
  made.textContent = text;
  made.title = exactTime(iso);
  return made;
}

const hours = { hour: "2-digit", minute: "2-digit" } as const;

export function agoText(iso: string): string {
  const seconds = Math.round(secondsSince(iso));
  return seconds < 2 ? "just now" : `${formatDuration(seconds)} ago`;
}

export function secondsSince(iso: string): number {
  return (serverNow() - Date.parse(iso)) / 1000;
}
