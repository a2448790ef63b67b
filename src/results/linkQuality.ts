import { rowFates } from "../chip/driver.ts";
import type { Seconds } from "../units.ts";
import type { RunNote, TurnRecord } from "../run/journal.ts";

/** How the line to the chip served a run. Times are of work: from the first turn on, without what lay between a stop and a resumption. */
export interface LinkQuality {
  readonly losses: readonly LinkLoss[];
  /** Rows of pulses of which nobody knows whether they fired. */
  readonly uncertainRows: number;
  readonly turns: number;
  /** From the first turn to the last; 0 where nobody wrote down when they were. */
  readonly workSeconds: Seconds;
  /** In spans of equal length. */
  readonly pace: readonly PacePoint[];
}

export interface LinkLoss {
  readonly atSeconds: Seconds;
  /** NaN where the run ended or was resumed before the chip answered again. */
  readonly backAfterSeconds: Seconds;
}

export interface PacePoint {
  /** The middle of a span. */
  readonly atSeconds: Seconds;
  readonly turnsPerSecond: number;
  /** Of rows, from the first turn to the end of the span. */
  readonly uncertainRows: number;
}

/** Folds the turns of a run into what they say of its link. Of each turn only its time is kept. */
export class LinkFold {
  readonly #secondsOf: (wallTime: string) => number;
  readonly #times: number[] = [];
  readonly #uncertain: { readonly at: number; readonly rows: number }[] = [];
  #turns = 0;
  #uncertainRows = 0;

  /** @param secondsOf  reads a wall time in ISO 8601 as s since any instant; NaN where it is none. */
  constructor(secondsOf: (wallTime: string) => number) {
    this.#secondsOf = secondsOf;
  }

  add({ decidedAt, fired }: TurnRecord): void {
    this.#turns++;
    const rows = fired.fates.reduce((sum, fate) => sum + (fate === rowFates.uncertain ? 1 : 0), 0);
    this.#uncertainRows += rows;
    const at = this.#secondsOf(decidedAt);
    if (Number.isNaN(at)) return;
    this.#times.push(at);
    if (rows > 0) this.#uncertain.push({ at, rows });
  }

  /** @param notes  of the run, in order. */
  quality(notes: readonly RunNote[]): LinkQuality {
    const noted = notes.map(({ what, notedAt }) => ({ what, at: this.#secondsOf(notedAt) }));
    const work = workClock(this.#times, noted);
    const times = this.#times.map(work);
    const workSeconds = times.at(-1) ?? 0;
    return {
      losses: lossesOf(noted, work),
      uncertainRows: this.#uncertainRows,
      turns: this.#turns,
      workSeconds,
      pace: paceOf(
        times,
        this.#uncertain.map(({ at, rows }) => ({ at: work(at), rows })),
      ),
    };
  }
}

interface Noted {
  readonly what: RunNote["what"];
  /** s of wall time. */
  readonly at: number;
}

/** From wall time to time of work, both in s. Whatever ended a session, it was over by its last turn. */
function workClock(times: readonly number[], notes: readonly Noted[]): (at: number) => Seconds {
  const begun = times[0] ?? Number.NaN;
  const breaks = notes.flatMap(({ what, at: to }) => {
    if (what !== "resumed") return [];
    const from = times.findLast((time) => time <= to);
    return from === undefined ? [] : [{ from, to }];
  });
  return (at) =>
    toMilliseconds(
      at - begun - breaks.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(at, to) - from), 0),
    );
}

/** Wall times say no more than that. */
function toMilliseconds(seconds: Seconds): Seconds {
  return Math.round(1000 * seconds) / 1000;
}

function lossesOf(notes: readonly Noted[], work: (at: number) => Seconds): LinkLoss[] {
  return notes.flatMap(({ what, at }, k) => {
    if (what !== "link-lost") return [];
    const next = notes.slice(k + 1).find((note) => endsLoss.has(note.what));
    const back = next?.what === "link-back" ? toMilliseconds(next.at - at) : Number.NaN;
    return [{ atSeconds: work(at), backAfterSeconds: back }];
  });
}

const endsLoss: ReadonlySet<RunNote["what"]> = new Set(["link-back", "link-lost", "resumed", "failed"]);

/** Enough turns a span for its rate to mean something, and no more spans than can be seen. */
const turnsPerSpan = 6;
const mostSpans = 48;

function paceOf(
  times: readonly Seconds[],
  uncertain: readonly { readonly at: Seconds; readonly rows: number }[],
): PacePoint[] {
  const whole = times.at(-1) ?? 0;
  const spans = Math.min(mostSpans, Math.floor(times.length / turnsPerSpan));
  if (!(whole > 0) || spans < 3) return [];
  const span = whole / spans;
  const counts = Array.from({ length: spans }, () => 0);
  for (const time of times) counts[Math.min(spans - 1, Math.floor(time / span))]!++;
  return counts.map((turns, k) => ({
    atSeconds: (k + 0.5) * span,
    turnsPerSecond: turns / span,
    uncertainRows: uncertain.reduce(
      (sum, { at, rows }) => sum + (at <= (k + 1) * span || k === spans - 1 ? rows : 0),
      0,
    ),
  }));
}
