import { MhoError } from "../../src/errors.ts";
import { parseDuration } from "../../src/units.ts";

const form =
  /^(?:(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ])?(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d))?(?<zone>Z|[+-]\d\d:\d\d)?$/;

/**
 * A time of the calendar: `22:00` (the next one), `2026-12-01 22:00`, or with a zone, `2026-12-01T22:00+01:00`; else of this machine.
 *
 * @returns ISO 8601, UTC.
 * @throws `bad-argument` for what is no time, or is past.
 */
export function timeGiven(text: string, now: Date): string {
  const at = form.exec(text.trim())?.groups;
  if (at === undefined) throw bad(text, 'give a time such as 22:00 or "2026-12-01 22:00"');
  const { year, month, day, hour, minute, second = "00", zone = "" } = at;
  const time = `${hour}:${minute}:${second}`;
  if (year === undefined && zone !== "") throw bad(text, "give the day too where a zone is given");
  const found =
    year === undefined
      ? nextTime(Number(hour), Number(minute), Number(second), now)
      : new Date(`${year}-${month}-${day}T${time}${zone}`);
  // Of a day that no month has, some engines make the next.
  const isReal =
    !Number.isNaN(found.getTime()) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    (year === undefined || zone !== "" || found.getDate() === Number(day));
  if (!isReal) throw bad(text, "there is no such time");
  if (found <= now) throw bad(text, `this is past: it is ${now.toLocaleString("sv-SE")} here`);
  if (found.getTime() - now.getTime() > longestMilliseconds)
    throw bad(text, "this is more than ten years away");
  return found.toISOString();
}

/** So long from now. @returns undefined for what is no duration. */
export function timeAfter(text: string, now: Date): string | undefined {
  const seconds = parseDuration(text);
  if (seconds === undefined) return undefined;
  if (1000 * seconds > longestMilliseconds)
    throw new MhoError("bad-argument", `--after ${text}: this is more than ten years away.`);
  return new Date(now.getTime() + 1000 * seconds).toISOString();
}

const longestMilliseconds = 10 * 366 * 86_400_000;

function nextTime(hour: number, minute: number, second: number, now: Date): Date {
  const today = new Date(now);
  today.setHours(hour, minute, second, 0);
  if (today <= now) today.setDate(today.getDate() + 1);
  return today;
}

function bad(text: string, what: string): MhoError {
  return new MhoError("bad-argument", `--at ${text}: ${what}.`);
}
