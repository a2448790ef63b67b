import { Option } from "@commander-js/extra-typings";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { act } from "../action.ts";
import { times, usualTimes, workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const exportCommand = () =>
  workspaceCommand(
    "export",
    "a run's sweeps as a table, or a model for aihwkit or CrossSim",
    "mho export r2 --to parquet",
    "mho export mine.json --to aihwkit",
  )
    .argument(
      "<what>",
      "a run such as r2, or a network such as n1; a model file or name for aihwkit or crosssim",
    )
    .addOption(
      new Option("--to <format>", "what it becomes")
        .choices(["parquet", "csv", "npz", "hdf5", "mat", "aihwkit", "crosssim"])
        .makeOptionMandatory(),
    )
    .option("--turns", "of a run: every pulse and reading of its turns, instead of its sweeps")
    .option("--findings", "of a measurement: what was found of each device, instead")
    .option("--out <file>", "where it goes (default: named after the run or the model)")
    .addOption(
      new Option(
        "--times <list>",
        `aihwkit and crosssim: ages to export (default: ${usualTimes.text}, or the times that the model knows)`,
      ).argParser(times("--times")),
    )
    .action((what, flags) =>
      act("export", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { to, out } = flags;
          if (to === "aihwkit") {
            const found = await bench.exportModel(what, { out, timesSeconds: flags.times });
            output.say(`aihwkit's arguments: ${found.file}; a Python file that loads them: ${found.loader}`);
            output.say(
              `  ${found.class}: mean within ${percent(found.mean_miss)}, σ within ${percent(found.std_miss)} of the model's ` +
                `from Gmax/8 on, σ at target 0 within ${percent(found.std_miss_at_zero)}`,
            );
            output.result(found);
            return;
          }
          if (to === "crosssim") {
            const found = await bench.exportMoments(what, { out, timesSeconds: flags.times });
            output.say(`CrossSim's moments: ${found.file}; a Python file that loads them: ${found.loader}`);
            output.result(found);
            return;
          }
          if (flags.times !== undefined) {
            throw new MhoError(
              "bad-argument",
              `--times goes with --to aihwkit and --to crosssim. A table (--to ${to}) has every reading of the run; leave it out.`,
            );
          }
          const { file, readings } = await bench.export(what, {
            to,
            out,
            turns: flags.turns,
            findings: flags.findings,
          });
          if (readings === 0 && flags.turns !== true && flags.findings !== true)
            output.say(`Run ${what} was never read: the table is empty. mho watch ${what} reads it.`);
          output.say(
            `${counted(readings, flags.turns === true || flags.findings === true ? "row" : "reading")}: ${file}`,
          );
          output.result({ to, file, readings });
        }),
      ),
    );

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
