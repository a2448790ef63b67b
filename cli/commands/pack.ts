import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const pack = () =>
  workspaceCommand(
    "pack",
    "writes runs into one file that another bench opens with mho unpack",
    "mho pack r2 r3 --out monday.mhopack",
  )
    .argument(
      "<run...>",
      "runs such as r2, or networks such as n1; of a trim, the runs that it corrects come along",
    )
    .requiredOption("--out <file>", "the file")
    .action((given, flags) =>
      act("pack", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { file, bytes, runs, alongside, wornBy, networks } = await bench.pack(given, {
            out: flags.out,
          });
          const too = alongside.length === 0 ? "" : ` (${alongside.join(", ")} because a trim corrects it)`;
          output.say(`${file}: ${runs.join(", ")}${too}, ${counted(Math.ceil(bytes / 1000), "kB", "kB")}`);
          if (networks.length > 0)
            output.say(`${networks.join(", ")} ${networks.length === 1 ? "is" : "are"} in it as a whole.`);
          if (wornBy.length > 0)
            output.say(`It holds the wear of ${counted(wornBy.length, "other run")} of the same chips, too.`);
          output.result({ file, bytes, runs, alongside, worn_by: wornBy, networks: [...networks] });
        }),
      ),
    );
