import { Command, Option } from "@commander-js/extra-typings";
import type { Bench } from "../../lab/bench.ts";
import type { QueuedJob } from "../../lab/queue/changeQueue.ts";
import { MhoError } from "../../src/errors.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import type { JobParser } from "../jobWords.ts";
import { withWhen } from "../jobWords.ts";
import type { CommandOutput, OutputFlags } from "../output.ts";
import { jobFields, tellQueue } from "../tellQueue.ts";
import { type BenchFlags, withBench } from "../withBench.ts";
import { measureJob } from "./measure.ts";
import { programJob } from "./program.ts";
import { resumeJob } from "./resume.ts";
import { runJob } from "./run.ts";
import { trimJob } from "./trim.ts";
import { watchJob } from "./watch.ts";

/** Commands that may be jobs. */
const parsers: readonly JobParser[] = [programJob, measureJob, watchJob, trimJob, resumeJob, runJob];

export const queue = () =>
  new Command("queue")
    .description("keeps jobs for the chips of a workspace, which mho work does in their order")
    .enablePositionalOptions()
    .addHelpText(
      "after",
      `
Examples:
  $ mho queue add program strategy.json --chip left
  $ mho queue add watch j1 --until 1d
  $ mho queue add --at 22:00 measure endurance --chip right --row 7
  $ mho queue list`,
    )
    .addCommand(add())
    .addCommand(list())
    .addCommand(move())
    .addCommand(remove())
    .addCommand(retry()) as unknown as Command;

const add = () =>
  withWhen(
    workspaceCommand(
      "add",
      "checks a job and puts it at the end of its chip's queue",
      "mho queue add program strategy.json --chip serial:/dev/ttyACM0 --method verify",
      "mho queue add watch j3 --until 1d",
    ),
  )
    .argument("<command>", parsers.map(({ name }) => name).join(", "))
    .argument("[words...]", "what that command takes; a run may be j3: the run of job j3")
    .option("--chip <address>", "which chip (default: the run's, or MHO_CHIP)")
    .passThroughOptions()
    .action(async (name, words, flags) => {
      const { command, subjects, options, text, minYieldPercent, ...parsed } =
        await parserNamed(name).parse(words);
      const { at = flags.at, after = flags.after } = parsed;
      const given: BenchFlags & OutputFlags = { ...flags, ...parsed.bench };
      await act("queue", given, (output) =>
        withBench(given, output, {}, async (bench) => {
          const when = { at, after, chip: given.chip, minYieldPercent, text };
          const job = await bench.queue.add(command, subjects, options, when);
          const added = (await bench.queue.list()).filter(({ id }) => id === job.id);
          output.say(`${job.id} is queued; mho work does it.`);
          tellQueue(added, output);
          await giveJobs("added", added, bench, output);
        }),
      );
    });

/** Throws `bad-argument` for a command that is no job. */
function parserNamed(name: string): JobParser {
  const found = parsers.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new MhoError(
    "bad-argument",
    `A queue does not do ${name}. It does ${parsers.map((one) => one.name).join(", ")}.`,
    { command: name },
  );
}

const list = () =>
  workspaceCommand("list", "lists the jobs in the order in which they are to be done", "mho queue list --all")
    .option("--all", "with jobs that are done or were removed")
    .action((flags) =>
      act("queue", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const jobs = await bench.queue.list({ all: flags.all });
          tellQueue(jobs, output);
          await giveJobs("listed", jobs, bench, output);
        }),
      ),
    );

const move = () =>
  workspaceCommand(
    "move",
    "moves a job that waits to the end of its chip's queue, or elsewhere in it",
    "mho queue move j5 --before j4",
    "mho queue move j5 --first",
  )
    .argument("<job>", "a job such as j5")
    .option("--before <job>", "before this job of the same chip")
    .addOption(new Option("--first", "to the beginning").conflicts("before"))
    .action((job, flags) =>
      act("queue", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          await bench.queue.move(job, { before: flags.before, first: flags.first });
          const jobs = await bench.queue.list();
          const place = jobs.find(({ id }) => id === job)?.place;
          const ofChip = jobs.filter((one) => one.place === place);
          tellQueue(ofChip, output);
          await giveJobs("moved", ofChip, bench, output);
        }),
      ),
    );

const remove = () =>
  workspaceCommand(
    "remove",
    "takes jobs out of the queue; the runs that they began stay",
    "mho queue remove j3",
  )
    .argument("<job...>", "jobs such as j3")
    .action((jobs, flags) =>
      act("queue", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          await bench.queue.remove(jobs);
          output.say(`Removed ${jobs.join(", ")}.`);
          const left = (await bench.queue.list({ all: true })).filter(({ id }) => jobs.includes(id));
          await giveJobs("removed", left, bench, output);
        }),
      ),
    );

const retry = () =>
  workspaceCommand(
    "retry",
    "lets a job that failed go on, with its files as they are now, and its chip's queue behind it",
    "mho queue retry j3",
  )
    .argument("<job>", "a job that failed")
    .action((job, flags) =>
      act("queue", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          await bench.queue.retry(job);
          const retried = (await bench.queue.list()).filter(({ id }) => id === job);
          output.say(`${job} is to be done again.`);
          await giveJobs("retried", retried, bench, output);
        }),
      ),
    );

async function giveJobs(
  did: "added" | "listed" | "moved" | "removed" | "retried",
  jobs: readonly QueuedJob[],
  bench: Bench,
  output: CommandOutput<"queue">,
): Promise<void> {
  output.result({ did, jobs: jobs.map(jobFields), workspace: (await bench.store()).file });
}
