import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const tag = () =>
  workspaceCommand("tag", "puts tags on a run, or takes them away", "mho tag r2 ald wafer-7")
    .argument("<run>", "a run such as r2, or a network over several chips, such as n1")
    .argument("<tag...>", "letters, digits and _ . : / + -")
    .option("--remove", "take these tags away")
    .option("--operator <name>", "who does it (default: that of mho.config.json)")
    .action((run, names, flags) =>
      act("tag", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { remove, operator } = flags;
          const { tags } = await bench.tag(run, names, { remove, operator });
          output.say(`${run}: ${tags.length === 0 ? "no tags" : tags.join(", ")}`);
          output.result({ run, tags, workspace: (await bench.store()).file });
        }),
      ),
    );
