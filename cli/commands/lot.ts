import { lotFields } from "../../lab/lotFields.ts";
import { lotLines } from "../../lab/lotLines.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const lot = () =>
  workspaceCommand(
    "lot",
    "the laws of a lot by runs of its chips, and which chips are unlike the others",
    "mho lot r1 r2 r3 r4 r5",
    "mho lot r1 r2 r3 r4 r5 --out wafer-7.html",
  )
    .argument("<run...>", "one run of each chip, or a network over several, such as n1")
    .option("--out <file>", "the page", "lot.html")
    .action((given, flags) =>
      act("lot", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const found = await bench.lot(given, { out: flags.out });
          for (const line of lotLines(found)) output.say(line);
          output.say(`Report: ${found.report}`);
          output.say(`Its numbers: ${found.figures}`);
          output.result({
            laws: lotFields(found),
            report: found.report!,
            figures: found.figures!,
            workspace: (await bench.store()).file,
          });
        }),
      ),
    );
