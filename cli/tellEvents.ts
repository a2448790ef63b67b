import type { BenchEvent, CalculatingEvent, StampedEvent } from "../lab/events.ts";
import { counted } from "../src/counted.ts";
import type { PauseEvent, WatchEvent } from "../src/run/events.ts";
import { describeAnew } from "../src/run/programmedAnew.ts";
import type { ExpectedWork } from "../src/run/estimate.ts";
import type { RunId } from "../src/run/store.ts";
import { formatDuration } from "../src/units.ts";
import type { Output } from "./output.ts";
import { questionText } from "./tellQuestions.ts";
import { willNotHelp } from "./trimTexts.ts";
import { networkProgress } from "./networkProgress.ts";
import { progressOf, rowsTeller, secondsBetweenLines, tellWait } from "./progress.ts";

/** What people are told of an event depends a little on the command. */
export interface Names {
  /** What a run is called in its progress lines; its title where none is given. */
  readonly run?: string | undefined;
  /** Whether a chip is left to go on with when a run was not finished (yes). */
  readonly chipStays?: boolean | undefined;
  /** Runs of fewer devices are not told of, such as an experiment's single pulses (0). */
  readonly fewestDevices?: number | undefined;
  /** Pulses that a run will take, for the time left. */
  readonly expectedWork?: ((run: RunId) => Promise<ExpectedWork | undefined>) | undefined;
}

/** A model of quantised weights may have hundreds. */
const mostLeftOut = 10;

/** Tells people what happens on a bench. */
export function tellEvents(
  output: Output,
  { run: name, chipStays = true, fewestDevices = 0, expectedWork }: Names,
): (event: StampedEvent<{ type: string }>) => void {
  let progress: ReturnType<typeof progressOf> | undefined;
  let network: ReturnType<typeof networkProgress> | undefined;
  const tellWatch = watchTeller(output);
  const tellCalculation = calculationTeller(output);
  let leftOut = 0;
  let chip = "";
  const told = (event: BenchEvent): void => {
    if (network?.(event) === true) return;
    switch (event.type) {
      case "network_started":
        network = networkProgress(name ?? event.title, event, output, { chipStays });
        return;
      case "network_ended":
        network = undefined;
        return;
      case "chip": {
        const text = `Chip: ${event.name} number ${event.serial_number} ${placeOf(event.port)}.`;
        if (text !== chip) output.say(text);
        chip = text;
        return;
      }
      case "chip_described":
        output.say(`The board describes itself as ${event.name} (SHA-256 ${event.sha256.slice(0, 12)}).`);
        return;
      case "warning":
        if (event.code === "weights_left_out" && ++leftOut > mostLeftOut) {
          if (leftOut === mostLeftOut + 1)
            output.say("Note: More weights are left out. --json names them all.");
        } else output.say(`Note: ${event.message}`);
        return;
      case "started":
        if (event.devices < fewestDevices) return;
        progress = progressOf(name ?? event.title, output, { chipStays, expectedWork });
        progress(event);
        return;
      case "ended":
        progress?.(event);
        progress = undefined;
        return;
      case "turn":
      case "uncertain":
      case "next_look":
        progress?.(event);
        return;
      case "paused":
      case "unpaused":
      case "next_sweep":
      case "rows_read":
      case "sweep":
        if (progress === undefined) tellWatch(event);
        else progress(event);
        return;
      case "watching":
      case "left_out":
        tellWatch(event);
        return;
      case "standby_failed":
        output.say(`The chip did not confirm standby: ${event.reason}`);
        return;
      case "link_lost":
        output.say(
          event.patience_milliseconds === 0
            ? event.reason
            : `${event.reason} Trying for ${formatDuration(event.patience_milliseconds / 1000)} to find the chip again.`,
        );
        return;
      case "link_back":
        output.say(
          `The chip is back at ${event.port} after ${formatDuration(event.after_milliseconds / 1000)}.`,
        );
        return;
      case "unknown_wear":
        output.say(
          `Note: the chip had fired up to ticket ${event.newest_ticket}, which this workspace did not book. No budget counts that wear.`,
        );
        return;
      case "woken":
        output.say(
          `The chip had heard nothing for ${formatDuration(event.after_milliseconds / 1000)} and was in standby. It was woken.`,
        );
        return;
      case "chapter":
        output.say(`${event.number}. ${event.title}`);
        return;
      case "trim_planned": {
        const unhelpful = willNotHelp(event);
        if (unhelpful !== undefined) output.say(unhelpful);
        return;
      }
      case "translating":
        // The first layer may take seconds, and tells nothing before.
        output.progress(`translating ${counted(event.layers.length, "layer")} …`);
        return;
      case "calculating":
        tellCalculation(event);
        return;
      case "run_in_lake": {
        const { run, folder, bytes, state } = event;
        const had =
          state === "known" ? "was there already, the same" : counted(Math.ceil(bytes / 1000), "kB", "kB");
        output.say(`${run}: sealed and archived; in the lake at ${folder}, ${had}`);
        return;
      }
      case "network_in_lake": {
        const { network, runs, folder, state } = event;
        const had = state === "known" ? ", was there already, the same" : "";
        output.say(`${network}: ${runs.join(", ")} are one network in the lake, at ${folder}${had}`);
        return;
      }
      case "handing_on":
        output.say(`Handing on to ${event.server} as the bench ${event.bench}.`);
        return;
      case "handed_on":
        output.progress(`${event.runs.join(", ")}: ${counted(event.rows, "row")} handed on`);
        return;
      case "server_away":
        output.say(`${event.message} It is tried again until it is back.`);
        return;
      case "server_back":
        output.say(`${event.server} is back.`);
        return;
      case "asked":
      case "answered": {
        const text = questionText(event);
        if (text !== undefined) output.say(text);
        return;
      }
      // Of these the commands themselves tell.
      case "share_failed":
      case "layer":
      case "model_audited":
      case "model_compared":
      case "corrected":
      case "job_taken":
      case "joined_server":
      case "chip_not_leased":
      case "job_started":
      case "job_run":
      case "job_ended":
      case "job_waits":
      case "hook_failed":
        return;
    }
  };
  return (event) => told(event as StampedEvent);
}

/** Where a chip is, behind its name. */
function placeOf(port: string): string {
  return port === "in process" ? "in this process" : `at ${port}`;
}

/** Tells how far a calculation is; a log gets a line every ten seconds. */
function calculationTeller(output: Output): (event: CalculatingEvent) => void {
  let logged = 0;
  return ({ what, parts, parts_done: done, share, elapsed_seconds: elapsed, left_seconds: left }) => {
    const of =
      what === "curves" ? `translating, ${done} of ${parts} done` : `${done} of ${parts} chips drawn`;
    const begun = what === "curves" && parts === 1 ? "translating" : of;
    const rest = left === null ? "" : `, about ${formatDuration(Math.max(1, Math.round(left)))} left`;
    const text = `${begun}, ${Math.floor(100 * share)} %${rest}`;
    const due = elapsed - logged >= secondsBetweenLines;
    if (due) logged = elapsed;
    output.progress([text, `${Math.floor(100 * share)} %${rest}`], due ? text : undefined);
  };
}

/** Tells of a watch; a log gets one line an age, however many tiles there are. */
function watchTeller(output: Output): (event: WatchEvent | PauseEvent) => void {
  let logged = "";
  const [tellRows, tellRead] = [rowsTeller("watch", output), rowsTeller("read", output)];
  return (event) => {
    switch (event.type) {
      case "rows_read":
        (event.run === null ? tellRead : tellRows)(event);
        return;
      case "watching":
        output.say(`watch: ${event.runs.join(", ")}; ${counted(event.sweeps, "sweep")} to take`);
        return;
      case "left_out":
        output.say(`watch: ${describeAnew(event)}`);
        return;
      case "next_sweep": {
        const { run, time_seconds: age, due_in_seconds: wait } = event;
        tellWait(output, wait, (when, at) => [
          `watch: ${run}, next read ${when}, at an age of ${formatDuration(age)}`,
          `watch: next read ${when}`,
          `next read ${at}`,
        ]);
        return;
      }
      case "paused":
        output.say(`watch: ${event.run}, paused from the live page; the chip is in standby`);
        return;
      case "unpaused":
        output.say(`watch: ${event.run}, going on`);
        return;
      case "sweep": {
        const { run, tile, time_seconds: time, late_seconds: late, celsius, left } = event;
        // A tile takes a moment to read; only what is late for its age is worth a word.
        const lateness = late > 0.02 * time ? `, ${formatDuration(late)} late` : "";
        const warm = celsius === null ? "" : `, ${celsius.toFixed(1)} °C`;
        const text = `watch: ${run}, tile ${tile} at ${formatDuration(time)}${lateness}${warm}; ${left ?? 0} left`;
        const age = `${run} ${time}`;
        output.progress(
          text,
          age === logged
            ? undefined
            : `watch: ${run} at ${formatDuration(time)}${lateness}${warm}; ${left ?? 0} left`,
        );
        logged = age;
      }
    }
  };
}
