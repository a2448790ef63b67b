import type { BenchEvent, StampedEvent } from "../lab/events.ts";
import type { JobId } from "../src/queue/job.ts";
import type { RunId } from "../src/run/store.ts";
import { failedShareText } from "./networkProgress.ts";
import { formatDuration } from "../src/units.ts";
import type { Output } from "./output.ts";
import { questionText } from "./tellQuestions.ts";

/** Tells people what a worker does. Several chips are at work at once, so one line says how far each of their jobs is. */
export function tellWork(output: Output): (event: StampedEvent<{ type: string }>) => void {
  const jobOf = new Map<RunId, JobId>();
  const under = new Map<JobId, string>();
  const progress = (run: RunId, text: string): void => {
    const job = jobOf.get(run);
    if (job === undefined) return;
    under.set(job, `${job} ${run} ${text}`);
    output.progress([[...under.values()].join("; "), `${job} ${run} ${text}`]);
  };
  const told = (event: BenchEvent): void => {
    switch (event.type) {
      case "job_started":
        under.set(event.job, event.job);
        output.say(
          `${event.job} ${event.resumes.length > 0 ? "goes on" : "begins"} on ${[event.chip, ...event.other_chips].join(", ")}: ${event.text}`,
        );
        return;
      case "job_run":
        jobOf.set(event.run, event.job);
        output.say(`${event.job}: run ${event.run}`);
        return;
      case "job_ended":
        under.delete(event.job);
        output.say(endText(event));
        return;
      case "job_waits":
        output.say(event.message);
        return;
      case "job_taken":
        output.say(`${event.job} is ${event.server_job} of the server: ${event.text} on ${event.chip_name}`);
        return;
      case "joined_server":
        output.say(joinedText(event));
        return;
      case "server_away":
      case "chip_not_leased":
        output.say(`Note: ${event.message}`);
        return;
      case "handing_on":
      case "handed_on":
        return;
      case "server_back":
        output.say("The server is back.");
        return;
      case "hook_failed":
        output.say(`Note: ${event.hook} was not told: ${event.message}`);
        return;
      case "turn": {
        const percent = Math.floor((100 * (event.devices_done + event.inside)) / Math.max(1, event.devices));
        return progress(event.run, `${percent} %`);
      }
      case "sweep":
        return progress(event.run, event.left === null ? "reading" : `${event.left} reads left`);
      case "rows_read":
        if (event.run !== null) progress(event.run, `${event.rows} of ${event.of} rows read`);
        return;
      case "next_look":
        return progress(event.run, `next look in ${formatDuration(event.due_in_seconds)}`);
      case "next_sweep":
        return progress(event.run, `next read in ${formatDuration(event.due_in_seconds)}`);
      case "paused":
        return progress(event.run, "paused");
      case "warning":
        output.say(`Note: ${event.message}`);
        return;
      case "standby_failed":
        output.say(`A chip did not confirm standby: ${event.reason}`);
        return;
      case "link_lost":
        output.say(event.reason);
        return;
      case "link_back":
        output.say(`The chip is back at ${event.port}.`);
        return;
      case "unknown_wear":
        output.say(`Note: the chip of ${event.run} had fired pulses that this workspace did not book.`);
        return;
      case "share_failed":
        output.say(`Network ${event.network}: ${failedShareText(event)}`);
        return;
      case "asked":
      case "answered": {
        const text = questionText(event);
        if (text !== undefined) output.say(text);
        return;
      }
      // Of a single run these would be told.
      case "chip":
      case "chip_described":
      case "started":
      case "ended":
      case "uncertain":
      case "unpaused":
      case "woken":
      case "watching":
      case "left_out":
      case "run_in_lake":
      case "network_in_lake":
      case "network_started":
      case "network_ended":
      case "model_audited":
      case "trim_planned":
      case "translating":
      case "calculating":
      case "layer":
      case "chapter":
      case "model_compared":
      case "corrected":
        return;
    }
  };
  return (event) => told(event as StampedEvent);
}

function joinedText({ bench, chips, server }: Extract<BenchEvent, { type: "joined_server" }>): string {
  const of = chips.length === 0 ? "no chip yet" : chips.join(", ");
  return `This is bench ${bench} of ${server}; it takes jobs for ${of}.`;
}

function endText({ job, outcome, runs, seconds, error }: Extract<BenchEvent, { type: "job_ended" }>): string {
  const made = runs.length === 0 ? "" : ` (${runs.join(", ")})`;
  const took = formatDuration(Math.max(1, Math.round(seconds)));
  switch (outcome) {
    case "done":
      return `${job} is done${made} after ${took}`;
    case "failed":
      return `${job} failed${made}: ${error?.message ?? ""} The queue of its chip stands; mho queue retry ${job} or mho queue remove ${job} lets it go on.`;
    case "put_back":
      return `${job} goes on later${made}: ${error?.message ?? ""}`;
  }
}
