import { MhoError } from "../../src/errors.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const archive = () =>
  workspaceCommand(
    "archive",
    "takes runs out of the list of runs; nothing of them is lost",
    "mho archive r2",
    "mho archive r2 --lake lake",
  )
    .argument("<run...>", "runs such as r2, or networks over several chips, such as n1")
    .option("--undo", "take them back into the list")
    .option("--lake <dir>", "seal them too, and write them as Parquet into this folder, for mho query")
    .option("--operator <name>", "who does it (default: that of mho.config.json)")
    .action((runs, flags) =>
      act("archive", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { undo = false, operator, lake } = flags;
          if (lake !== undefined) {
            if (undo)
              throw new MhoError(
                "bad-argument",
                "--undo cannot go with --lake: what is in a lake stays there.",
              );
            const written = await bench.archiveToLake(runs, { lake, operator });
            const { file: workspace } = await bench.store();
            output.result({ runs: written.map(({ run }) => run), archived: true, lake: written, workspace });
            return;
          }
          const done = await bench.archive(runs, { undo, operator });
          output.say(
            `${done.join(", ")}: ${undo ? "back in the list" : `archived; mho show --archived lists ${done.length === 1 ? "it" : "them"}`}`,
          );
          output.result({ runs: done, archived: !undo, lake: null, workspace: (await bench.store()).file });
        }),
      ),
    );
