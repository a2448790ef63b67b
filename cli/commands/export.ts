import { Option } from "@commander-js/extra-typings";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { act } from "../action.ts";
import { times, usualTimes, workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const exportCommand = () =>
  workspaceCommand(
    "export",
    "a run's sweeps as a table, or a model as aihwkit's arguments",
    "mho export r2 --to parquet",
    "mho export mine.json --to aihwkit",
  )
    .argument("<what>", "a run such as r2; a model file or name for aihwkit")
    .addOption(
      new Option("--to <format>", "what it becomes")
        .choices(["parquet", "csv", "npz", "aihwkit"])
        .makeOptionMandatory(),
    )
    .option("--out <file>", "where it goes (default: named after what it is)")
    .option("--times <list>", `aihwkit: when to infer (default: ${usualTimes.text})`, times("--times"))
    .action((what, flags) =>
      act("export", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { to, out } = flags;
          if (to === "aihwkit") {
            const found = await bench.exportModel(what, { out, timesSeconds: flags.times });
            output.say(`aihwkit's arguments: ${found.file}; five lines that load them: ${found.loader}`);
            output.say(
              `  its polynomial of the programming error is off by ${found.programming_miss_microsiemens.toFixed(3)} µS at most, ` +
                `its read noise by a factor of ${found.read_noise_miss.toFixed(2)}`,
            );
            output.result(found);
            return;
          }
          if (flags.times !== undefined) {
            throw new MhoError(
              "bad-argument",
              `--times goes with --to aihwkit. A table (--to ${to}) has every reading of the run; leave it out.`,
            );
          }
          const { file, readings } = await bench.export(what, { to, out });
          if (readings === 0)
            output.say(`Run ${what} was never read: the table is empty. mho watch ${what} reads it.`);
          output.say(`${counted(readings, "reading")}: ${file}`);
          output.result({ to, file, readings });
        }),
      ),
    );
