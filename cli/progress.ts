import { systemClock } from "../drivers/systemClock.ts";
import { Pace } from "../src/results/pace.ts";
import { localTimeIn } from "../lab/wallTime.ts";
import { type DoneWord, doneWordOf } from "../src/results/doneWord.ts";
import { counted } from "../src/counted.ts";
import type { PauseEvent, ProgramEvent, RowsReadEvent } from "../src/run/events.ts";
import type { ExpectedWork } from "../src/run/estimate.ts";
import type { RunId } from "../src/run/store.ts";
import { formatDuration, type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import type { Output } from "./output.ts";

export interface ProgressOptions {
  readonly now?: () => Microseconds;
  /** Whether a chip is left to go on with when the run was not finished. */
  readonly chipStays?: boolean;
  /** What is worked on (run). */
  readonly kind?: "run" | "network" | undefined;
  /** What a run will take; undefined where it is not known. */
  readonly expectedWork?: ((run: RunId) => Promise<ExpectedWork | undefined>) | undefined;
}

/** Tells people how far a run has come. */
export function progressOf(
  name: string,
  output: Pick<Output, "say" | "progress">,
  {
    now = () => systemClock.nowMicroseconds(),
    chipStays = true,
    kind = "run",
    expectedWork,
  }: ProgressOptions = {},
): (event: ProgramEvent | PauseEvent) => void {
  const startedAt = now();
  const seconds = (): Seconds => (now() - startedAt) / microsecondsPerSecond;
  const pace = new Pace();
  /** The most that was ever in place: a device that strays again does not make the line go back. */
  let most = 0;
  let lastTenth = 0;
  let word: DoneWord = "in place";
  let lastLogged = 0;
  const turn = (event: Extract<ProgramEvent, { type: "turn" }>): void => {
    const at = seconds();
    const settled = event.devices_done + event.inside;
    pace.note(at, settled, event.pulses, { ...event, tileDone: event.tile_done });
    most = Math.max(most, settled);
    const forms = describeTurn(name, event, most, pace, word);
    // A log gets a line every tenth of the way, and one every ten seconds.
    const tenth = Math.floor((10 * most) / event.devices);
    const due = tenth > lastTenth || at - lastLogged >= secondsBetweenLines;
    output.progress(forms, due ? forms[0] : undefined);
    if (!due) return;
    lastLogged = at;
    lastTenth = Math.max(tenth, lastTenth);
  };
  const wait = (of: string, age: Seconds, dueIn: Seconds, loggedFrom: Seconds): void => {
    const lines = (when: string, at: string): readonly string[] => [
      `${name}: waiting for ${of} ${when}: it is due ${formatDuration(age)} after the last pulse`,
      `${name}: ${of} ${when}`,
      `${of} ${when}`,
      `waiting until ${at}`,
    ];
    tellWait(output, dueIn, lines, loggedFrom);
  };
  const tellRows = rowsTeller(name, output, now);
  return (event) => {
    switch (event.type) {
      case "started":
        word = doneWordOf(event.method);
        // What was in place before a run was resumed was not done in this time.
        if (!event.resumed) pace.note(seconds(), 0, 0);
        void expectedWork?.(event.run).then((work) => pace.expect(work));
        output.say(`${name}: ${kind} ${event.run}, ${counted(event.devices, "device")}`);
        return;
      case "turn":
        turn(event);
        return;
      case "uncertain":
        output.say(
          `${name}: whether the pulses of tile ${event.tile}, turn ${event.turn} fired is unknown; reading on`,
        );
        return;
      case "next_look":
        // Several follow each other at the end of a run: a log without their times looks as if it hung.
        wait("the next look", event.time_seconds, event.due_in_seconds, secondsBetweenLines);
        return;
      case "next_sweep":
        wait("the next read", event.time_seconds, event.due_in_seconds, loggedWaitSeconds);
        return;
      case "rows_read":
        tellRows(event);
        return;
      case "sweep":
        output.progress(`${name}: reading tile ${event.tile} at ${formatDuration(event.time_seconds)}`);
        return;
      case "paused":
        output.say(`${name}: run ${event.run} is paused from the live page; the chip is in standby`);
        return;
      case "unpaused":
        pace.restUntil(seconds());
        output.say(`${name}: run ${event.run} goes on`);
        return;
      case "ended": {
        // What stopped it ends the command with a message that says both.
        const stopped = event.outcome === "interrupted";
        const safe = event.standby && !stopped ? "; the chip is in standby" : "";
        const goesOn =
          chipStays && event.outcome === "failed" ? `; mho resume ${event.run} goes on with it` : "";
        output.say(
          `${name}: ${kind} ${event.run} ${event.outcome} after ${seconds().toFixed(1)} s${safe}${goesOn}`,
        );
      }
    }
  };
}

export const secondsBetweenLines = 10;

/**
 * Tells of a wait, which grows shorter on a terminal.
 *
 * @param lines       that say less and less, by when it ends (`at 14:32, in 2 min`) and the time alone.
 * @param loggedFrom  a log gets no line for shorter waits.
 */
export function tellWait(
  output: Pick<Output, "progress">,
  seconds: Seconds,
  lines: (when: string, at: string) => readonly string[],
  loggedFrom: Seconds = loggedWaitSeconds,
): void {
  const endsAt = systemClock.nowMicroseconds() + seconds * microsecondsPerSecond;
  const at = localTimeIn(seconds);
  const said = (left: Seconds): readonly string[] => lines(`at ${at}, in ${formatDuration(left)}`, at);
  const first = said(seconds);
  output.progress(first, seconds < loggedFrom ? undefined : first[0], () =>
    said(Math.max(1, Math.round((endsAt - systemClock.nowMicroseconds()) / microsecondsPerSecond))),
  );
}

/** Tells how far the read of a slow board's tile is; a log gets a line every ten seconds. */
export function rowsTeller(
  name: string,
  output: Pick<Output, "progress">,
  now: () => Microseconds = () => systemClock.nowMicroseconds(),
): (event: RowsReadEvent) => void {
  let logged = now();
  return ({ tile, rows, of, left_seconds: left }) => {
    const text = `${name}: tile ${tile}, ${rows} of ${counted(of, "row")} read, about ${formatDuration(Math.max(1, Math.round(left)))} left`;
    const due = now() - logged >= secondsBetweenLines * microsecondsPerSecond;
    if (due) logged = now();
    output.progress([text, `tile ${tile}, ${rows} of ${of} rows read`], due ? text : undefined);
  };
}
/** A log gets no line for shorter waits. */
export const loggedWaitSeconds: Seconds = 60;

/** The whole line, and ever shorter ones for a narrow terminal: rate and time left are kept to the last. */
function describeTurn(
  name: string,
  { devices_done: done, accepted, inside, devices, pulses }: Extract<ProgramEvent, { type: "turn" }>,
  inPlace: number,
  pace: Pace,
  word: DoneWord,
): string[] {
  const percent = `${((100 * inPlace) / devices).toFixed(0).padStart(3)} %`;
  // A method that does not look accepts none, and gives none up.
  const givenUp = accepted > 0 && word !== "measured" ? Math.max(0, done - accepted) : 0;
  const good = (inPlace - givenUp).toLocaleString("en");
  const rest = givenUp > 0 ? `, ${givenUp.toLocaleString("en")} given up` : "";
  const counts = `${good} of ${counted(devices, "device")} ${word === "measured" ? "done" : word}${rest}`;
  const fired = `${(pulses / Math.max(1, devices)).toFixed(1)} pulses a device`;
  const { devicesPerSecond } = pace.rates();
  const lastLooks = inside > 0 && done + inside === devices;
  const rate =
    devicesPerSecond > 0 && !lastLooks
      ? `${Math.round(devicesPerSecond).toLocaleString("en")} devices/s`
      : "";
  const left = lastLooks ? "waiting for the last looks" : formatLeft(pace.secondsLeft(devices));
  return [
    [`${name}: ${percent}`, counts, fired, rate, left],
    [percent, counts, fired, rate, left],
    [percent, fired, rate, left],
  ].map((parts) => parts.filter((part) => part !== "").join("  "));
}

function formatLeft(seconds: Seconds | undefined): string {
  return seconds === undefined || seconds < 1 ? "" : `${formatDuration(Math.round(seconds))} left`;
}
