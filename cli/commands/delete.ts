import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const deleteCommand = () =>
  workspaceCommand(
    "delete",
    "deletes what archived runs measured, for good; their wear stays in the pulse ledger",
    "mho delete r2",
  )
    .argument("<run...>", "archived runs such as r2, or networks such as n1")
    .option("--operator <name>", "who does it (default: that of mho.config.json)")
    .action((given, flags) =>
      act("delete", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { runs, pulsesKept } = await bench.delete(given, { operator: flags.operator });
          output.say(`Deleted ${runs.join(", ")}. The pulse ledger keeps ${counted(pulsesKept, "pulse")}.`);
          output.result({ runs, pulses_kept: pulsesKept, workspace: (await bench.store()).file });
        }),
      ),
    );
