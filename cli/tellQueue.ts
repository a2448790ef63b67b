import type { QueuedJob } from "../lab/queue/changeQueue.ts";
import type { Wait } from "../src/queue/order.ts";
import { isGroupName } from "../src/run/groups.ts";
import { counted } from "../src/counted.ts";
import type { Output } from "./output.ts";

/** Tells people of jobs, chip by chip. */
export function tellQueue(jobs: readonly QueuedJob[], output: Output): void {
  if (jobs.length === 0)
    return output.say(
      "No job waits. mho queue add puts one there, and mho queue list --all shows those that are done.",
    );
  const places = [...new Set(jobs.map(({ place }) => place))];
  const width = Math.max(...jobs.map(({ id }) => id.length));
  for (const place of places) {
    const ofChip = jobs.filter((job) => job.place === place);
    output.say(ofChip[0]!.chipName, "bold");
    for (const job of ofChip) {
      output.say(`  ${job.id.padEnd(width)}  ${standingOf(job).padEnd(12)}  ${job.text}`);
      for (const line of detailsOf(job)) output.say(`  ${" ".repeat(width)}  ${line}`, "dim");
    }
  }
}

function standingOf({ state, worked, attempts, bench }: QueuedJob): string {
  if (state === "waiting" && attempts === 0 && bench !== undefined) return "taken";
  if (state === "under way") return worked ? "under way" : "cut off";
  return state === "waiting" && attempts > 0 ? "stopped" : state;
}

function detailsOf(job: QueuedJob): readonly string[] {
  const { state, worked, wait, why, id, attempts } = job;
  const ran = [
    ...madeText(job),
    ...(job.otherChips.length === 0 ? [] : [`also on ${job.otherChips.join(", ")}`]),
  ];
  if (state === "failed")
    return [
      ...ran,
      why?.message ?? "",
      `mho queue retry ${id} does it again; mho queue remove ${id} goes on without it`,
    ];
  if (why?.code === "in-doubt" || why?.code === "chips-apart") return [...ran, why.message];
  if (state === "under way" && !worked) return [...ran, "mho work goes on with it"];
  const there = job.bench === undefined ? [] : [`bench ${job.bench}`];
  const waits = wait === undefined ? undefined : waitText(wait, job);
  const stopped = state === "waiting" && attempts > 0 && why !== undefined ? [why.message] : [];
  return [...ran, ...there, ...stopped, ...(waits === undefined ? [] : [waits])];
}

function madeText({ runs }: QueuedJob): string[] {
  const networks = runs.filter(isGroupName);
  const own = runs.filter((run) => !isGroupName(run));
  return [
    ...(networks.length === 0 ? [] : [`network: ${networks.join(", ")}`]),
    ...(own.length === 0 ? [] : [`${counted(own.length, "run")}: ${own.join(", ")}`]),
  ];
}

/** Undefined for a job whose turn simply comes later. */
function waitText(wait: Wait, job: QueuedJob): string | undefined {
  switch (wait.for) {
    case "failed":
      return `waits, as ${wait.job} failed`;
    case "job":
      return `waits for ${wait.job}`;
    case "time":
      return `not before ${localTime(wait.until)}`;
    case "turn":
      // It may stand in the queue of another of its chips, which is listed elsewhere.
      return job.otherChips.length === 0 ? undefined : `waits for ${wait.job}`;
  }
}

/** Sweden writes 2026-11-29 14:32. */
export function localTime(iso: string): string {
  return new Date(iso).toLocaleString("sv-SE").slice(0, 16);
}

/** The same as fields of a result. */
export function jobFields(job: QueuedJob) {
  const { wait, why } = job;
  return {
    job: job.id,
    state: job.state,
    worked: job.worked,
    text: job.text,
    command: job.command,
    subjects: [...job.subjects],
    chip: job.chip,
    chip_name: job.chipName,
    other_chips: [...job.otherChips],
    bench: job.bench ?? null,
    queue: job.place,
    added_at: job.addedAt,
    operator: job.by ?? null,
    not_before: job.notBefore ?? null,
    after: [...job.after],
    waits_for: wait === undefined ? null : { for: wait.for, job: "job" in wait ? wait.job : null },
    attempts: job.attempts,
    begun_at: job.begunAt ?? null,
    ended_at: job.endedAt ?? null,
    runs: [...job.runs],
    error: why ?? null,
  };
}
