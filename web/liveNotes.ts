import type { RunNote, SweepRecord } from "../src/run/journal.ts";
import type { DoneWord } from "../src/results/doneWord.ts";
import { restOf } from "../src/run/rest.ts";
import type { RunRequest } from "../src/run/store.ts";
import { formatDuration, type Seconds } from "../src/units.ts";
import type { LinkState, LogLine, RunState } from "./liveState.ts";
import type { LiveTile } from "./liveTile.ts";

/** Lines that are kept. */
export const logLines = 60;

/** The newest lines, of the journal and of what was noted, in the order of their times. */
export function logOf(journal: readonly LogLine[], notes: readonly RunNote[]): LogLine[] {
  const noted = notes
    .slice(-logLines)
    .map(({ notedAt, what, text }): LogLine => ({ at: notedAt, kind: "note", text: `${what}: ${text}` }));
  return [...journal.slice(-logLines), ...noted]
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .slice(-logLines);
}

/**
 * How work on a run came to rest; undefined when it goes on, or nobody said.
 *
 * @param heardAt  of the newest turn or sweep: whoever took it has gone on, whatever was noted before.
 */
export function restNow(notes: readonly RunNote[], heardAt: string): RunNote["what"] | undefined {
  const rest = restOf(notes);
  return rest === undefined || heardAt > rest.notedAt ? undefined : rest.what;
}

/** What is still to be heard. */
export function askedOf(request: RunRequest | undefined, paused: boolean): RunState["asked"] {
  if (request === undefined) return paused ? "resume" : null;
  return request === "pause" && paused ? null : request;
}

/** How the link did, as the notes tell. */
export function linkOf(notes: readonly RunNote[]): LinkState {
  const of = (kind: RunNote["what"]): number => notes.filter(({ what }) => what === kind).length;
  const last = notes.findLast(({ what }) => ["link-lost", "link-back", "resumed"].includes(what));
  return { down: last?.what === "link-lost", losses: of("link-lost"), uncertain: of("uncertain") };
}

/** A turn in a line. */
export function turnText(
  number: number,
  turn: number,
  tile: LiveTile,
  orders: readonly { readonly codes: Uint16Array }[],
  word: DoneWord,
): string {
  let pulses = 0;
  for (const { codes } of orders) for (const code of codes) if (code !== 0) pulses++;
  const fired = `${pulses} ${pulses === 1 ? "pulse" : "pulses"}`;
  return `tile ${number}, turn ${turn}: ${fired}; ${tile.settled + tile.inside} of ${tile.devices} devices ${word}`;
}

/** A sweep in a line. */
export function sweepText({ tile, environment }: SweepRecord, ageSeconds: Seconds | undefined): string {
  const warm = environment === undefined ? "" : `, ${environment.celsius.toFixed(1)} °C`;
  const age = ageSeconds === undefined ? "" : ` at an age of ${formatDuration(ageSeconds)}`;
  return `tile ${tile} read${age}${warm}`;
}
