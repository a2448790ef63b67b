import { counted } from "../../src/counted.ts";
import { exitCodes } from "../../src/errors.ts";
import { act } from "../action.ts";
import { oneTime, workspaceCommand } from "../flags.ts";
import { tellWork } from "../tellWork.ts";
import { withBench } from "../withBench.ts";

export const work = () =>
  workspaceCommand(
    "work",
    "does the jobs of the queue, those of several chips at once, until none is left",
    "mho work",
    "mho work --keep --on-end ./tell-me.sh",
    "mho work --keep --server postgres://lab@server/mho --bench left-room",
  )
    .option("--keep", "wait for new jobs when none is left")
    .option(
      "--allow-run",
      "do jobs that run files of code; everyone who can write to the workspace can add such jobs",
    )
    .option(
      "--run-limit <time>",
      "stop such a file after this long, and let its job fail (default: 1d)",
      oneTime("--run-limit"),
    )
    .option(
      "--server <address>",
      "also do this server's jobs for the chips of the config: postgres://USER@HOST/DATABASE",
    )
    .option(
      "--bench <name>",
      "what this bench is called there; kept by the server (default: this machine's name)",
    )
    .option("--on-end <program>", "start this after each job, with the result as JSON on its stdin")
    .option(
      "--webhook <address>",
      "post the result of each job to this address: https, or http on this machine",
    )
    .action((flags) =>
      act("work", flags, async (output) => {
        const { keep, allowRun, runLimit: runLimitSeconds, server, bench: name, onEnd, webhook } = flags;
        const { answerAtTerminal } = await import("../answerAtTerminal.ts");
        await withBench(flags, output, tellWork(output), async (bench) => {
          const terminal = answerAtTerminal(bench, output);
          const { done, failed, left, unconfirmed } = await bench
            .work({ keep, allowRun, runLimitSeconds, server, bench: name, onEnd, webhook })
            .finally(() => terminal.close());
          const rest = left.length === 0 ? "" : `; ${left.join(", ")} left behind failures`;
          output.say(`work: ${counted(done.length, "job")} done, ${failed.length} failed${rest}`);
          if (unconfirmed.length > 0) {
            const chips = unconfirmed.length === 1 ? "a chip" : "chips";
            output.say(
              `work: ${chips} of ${unconfirmed.join(", ")} did not confirm standby; outputs may be on`,
            );
            process.exitCode = exitCodes["standby-failed"];
          } else if (failed.length > 0) process.exitCode = 1;
          output.result({ done, failed, left, unconfirmed, workspace: (await bench.store()).file });
        });
      }),
    );
