import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const archive = () =>
  workspaceCommand("archive", "takes runs out of the list of runs; nothing of them is lost", "mho archive r2")
    .argument("<run...>", "runs such as r2")
    .option("--undo", "take them back into the list")
    .option("--operator <name>", "who does it (default: that of mho.config.json)")
    .action((runs, flags) =>
      act("archive", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { undo = false, operator } = flags;
          const done = await bench.archive(runs, { undo, operator });
          output.say(
            `${done.join(", ")}: ${undo ? "back in the list" : "archived; mho show --archived lists it"}`,
          );
          output.result({ runs: done, archived: !undo, workspace: (await bench.store()).file });
        }),
      ),
    );
