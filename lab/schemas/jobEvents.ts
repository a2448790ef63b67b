import { z } from "zod";
import { event, result } from "./event.ts";
import * as part from "./parts.ts";

const job = z.string().regex(/^j[1-9]\d*$/);
const jobs = (what: string) => z.array(job).describe(what);
const text = z.string().describe("What it does, for a person: its command with its words.");
const address = z.string().describe("Address of its chip.");
/** A network over several chips stands for its runs. */
const runs = (what: string) => z.array(part.runOrNetwork).describe(what);
const error = z
  .strictObject({
    code: z
      .string()
      .describe(
        "One of the [codes](command-line.md#exit-codes) of errors; `low-yield` where `--min-yield` was missed.",
      ),
    message: z.string().describe("What happened and what to do, for a person."),
  })
  .nullable();

/** What `work` tells of the queue. */
export const jobEvents = [
  event(
    "job_started",
    {
      job: job.describe("Id of the job."),
      text,
      chip: address,
      other_chips: z
        .array(z.string())
        .describe(
          "Addresses of the other chips that it works on, of a network over several, with its spares.",
        ),
      resumes: runs("Runs that it had begun before, or its network: they go on."),
    },
    "`work` begins a job, or goes on with it.",
  ),
  event(
    "job_run",
    { job: job.describe("Id of the job."), run: part.run.describe("Id of the run.") },
    "A run of a job begins or goes on.",
  ),
  event(
    "job_ended",
    {
      job: job.describe("Id of the job."),
      text,
      chip: address,
      outcome: z
        .enum(["done", "failed", "put_back"])
        .describe(
          "`failed` stops the queue of its chip; `put_back`: it was stopped, or its chip is in use, and it goes on later.",
        ),
      runs: runs("Runs that it made, or worked on, or a network over several chips."),
      seconds: part.seconds.describe("How long this worker was at it, s."),
      error: error.describe("Why it did not come to its end; null for `done`."),
    },
    "A job ended, for now or for good.",
  ),
  event(
    "job_waits",
    {
      job: job.describe("Id of the job: the first of its chip."),
      for: z
        .enum(["time", "job", "failed", "worker"])
        .describe("`failed`: a job of its chip failed; `worker`: another `mho work` is at its chip."),
      other: job.nullable().describe("The job that it waits for; null for a time or a worker."),
      until: z.iso.datetime().nullable().describe("The time that it waits for; null for none."),
      message: z.string().describe("The same for a person."),
    },
    "The next job of a chip does not begin yet.",
  ),
  event(
    "hook_failed",
    {
      hook: z.string().describe("The program of `--on-end`, or the server of `--webhook`."),
      message: z.string().describe("What happened, for a person."),
    },
    "The result of a job could not be told. The queue goes on.",
  ),
] as const;

/** What `work` tells of a server. */
export const fleetEvents = [
  event(
    "job_taken",
    {
      job: job.describe("Id of the job in the bench's own queue."),
      server_job: job.describe("Its id at the server."),
      text,
      chip: address,
      chip_name: z.string().describe("By which the server knows the chip: its name, `/`, its serial number."),
    },
    "`work --server` took a job of the server's queue into the bench's own.",
  ),
  event(
    "joined_server",
    {
      server: z.string().describe("The server's address."),
      bench: z.string().describe("The bench's name there."),
      chips: part.texts.describe("Nicknames of the chips that jobs are taken for."),
    },
    "The server knows the bench, and `work` takes jobs from it.",
  ),
  event(
    "chip_not_leased",
    {
      chip: z.string().describe("Its nickname in the bench's config."),
      why: z
        .enum(["unseen", "held", "identify", "moved"])
        .describe(
          "`unseen`: it has not identified itself here; `held`: another bench has it; `identify`: so had one that fell silent, and the chip " +
            "has not identified itself here since; `moved`: it has identified itself at another bench since.",
        ),
      holder: z.string().nullable().describe("The bench that has its lease; null for none."),
      message: z.string().describe("The same for a person."),
    },
    "No jobs of the server are taken for a chip of the config.",
  ),
] as const;

const listedJob = z.strictObject({
  job: job.describe("Id of the job."),
  state: z
    .enum(["waiting", "under way", "done", "failed", "removed"])
    .describe("`failed` stops the queue of its chip."),
  worked: z
    .boolean()
    .describe("Whether a worker is at it; a job that is `under way` without one goes on with the next."),
  text,
  command: z.string().describe("Its command."),
  subjects: part.texts.describe("What the command works on; `j3` is the run of job j3."),
  chip: address,
  chip_name: z
    .string()
    .describe("The chip's nickname, or its address; at a server its name, `/`, its serial number."),
  other_chips: z
    .array(z.string())
    .describe("The same of the other chips that it works on, of a network over several, with its spares."),
  bench: z
    .string()
    .nullable()
    .describe("At a server: the bench that has the job; null where none has, and in a bench's own queue."),
  queue: z
    .string()
    .describe("Jobs with the same text are of one chip, or begin with it, and are done one after the other."),
  added_at: z.iso.datetime().describe("When it was added."),
  operator: z.string().nullable().describe("Who added it; null where that was not said."),
  not_before: z.iso.datetime().nullable().describe("When it may begin; null for at any time."),
  after: jobs("Jobs that are done before."),
  waits_for: z
    .strictObject({
      for: z
        .enum(["failed", "turn", "job", "time"])
        .describe("`turn`: jobs of its chip stand before it; `failed`: one of them failed."),
      job: job.nullable().describe("The job that it waits for; null for a time."),
    })
    .nullable()
    .describe("Why it does not begin; null where it may, or has."),
  attempts: part.count.describe("How many times a worker took it up."),
  begun_at: z.iso.datetime().nullable().describe("When it was first begun; null where it was not."),
  ended_at: z.iso.datetime().nullable().describe("When it ended; null where it has not."),
  runs: runs("Runs that it made, or worked on, or a network over several chips."),
  error: error.describe("Why it failed or was put back; null for neither."),
});

export const queue = result(
  "queue",
  {
    did: z.enum(["added", "listed", "moved", "removed", "retried"]).describe("What was done."),
    jobs: z
      .array(listedJob)
      .describe("The jobs that it is about, in the order in which they are to be done."),
    workspace: part.workspace,
  },
  "`queue`: jobs, as they stand now.",
);

export const work = result(
  "work",
  {
    done: jobs("Jobs that this worker finished."),
    failed: jobs("Jobs that failed; each stops the queue of its chip."),
    left: jobs("Jobs that are left behind those."),
    unconfirmed: jobs(
      "Jobs, done or failed, of which a chip did not confirm standby: its outputs may be on.",
    ),
    workspace: part.workspace,
  },
  "`work`: what became of the queue.",
);

export const fleet = result(
  "fleet",
  {
    benches: z
      .array(
        z.strictObject({
          bench: z.string().describe("Its name at the server."),
          state: z
            .enum(["online", "silent", "stopped"])
            .describe("`silent`: it was not heard for a minute, and did not say that it ends."),
          host: z.string().describe("The machine's name."),
          version: z.string().describe("Version of its mho."),
          silent_seconds: part.seconds.describe("How long ago it was heard, s."),
          doing: z.string().describe("What it does, for a person; empty for nothing."),
          disk_free_bytes: z
            .number()
            .nullable()
            .describe("Free space for its workspace; null where that is not known."),
          chips: part.texts.describe("Nicknames of the chips in its config."),
        }),
      )
      .describe("Benches that worked from the server."),
    chips: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the chip."),
          serial_number: z.string().describe("Its serial number."),
          wafer: z.string().nullable().describe("Its wafer, as noted; null for none."),
          die: z.string().nullable().describe("Its die, as noted; null for none."),
          bench: z.string().nullable().describe("The bench that has its lease; null for none."),
          run: part.run.nullable().describe("Its newest run, as the server calls it; null for none."),
          bench_run: z
            .strictObject({
              bench: z.string().describe("The bench."),
              run: part.run.describe("Its id there."),
            })
            .nullable()
            .describe("The bench that made that run; null of none, and of one that was made at the server."),
          yield_percent: z
            .number()
            .nullable()
            .describe("Yield of its newest run that is no trim, %; null where it is not known."),
          error_percent: z
            .number()
            .nullable()
            .describe("Weight error when it was read last, % of the largest weight; null likewise."),
          error_age_seconds: part.seconds.nullable().describe("Age of that read, s; null likewise."),
          drift_exponent: z
            .number()
            .nullable()
            .describe("Mean drift exponent ν of the devices of its newest run; null likewise."),
          pulses_per_device: z
            .number()
            .nullable()
            .describe("Pulses of all its runs over its devices: its mean wear; null likewise."),
        }),
      )
      .describe("Chips that identified themselves at a bench, and those of runs that were handed on."),
    jobs: z.array(listedJob).describe("Jobs that are not over."),
    alarms: z
      .array(
        z.strictObject({
          about: z
            .enum(["bench-silent", "disk-fills", "job-failed", "job-in-doubt", "out-of-forecast"])
            .describe(
              "`job-in-doubt`: it is at a bench that no longer has its chip. `out-of-forecast`: the chip was read, and what was foretold of it did not hold.",
            ),
          message: z.string().describe("What it is, and what to do, for a person."),
          bench: z.string().nullable().describe("The bench that it is about; null for none."),
          chip: z.string().nullable().describe("The chip, NAME/SERIAL NUMBER; null for none."),
          job: job.nullable().describe("The job; null for none."),
          run: part.run.nullable().describe("The run, as the server calls it; null for none."),
        }),
      )
      .describe("What has to be looked after."),
    workspace: part.workspace,
  },
  "`fleet`: the benches of a server.",
);
