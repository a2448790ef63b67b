import { basename } from "node:path";
import { snakeKeys } from "../../files/keys.ts";
import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { real, workspaceCommand } from "../flags.ts";
import { beginsRun, labelsOf } from "../labelFlags.ts";
import { withBench } from "../withBench.ts";

export const importCommand = () =>
  beginsRun(
    workspaceCommand(
      "import",
      "makes a run of what another tester measured, for fit, report, export and show",
      "mho import relaxation.tsv.gz --as rram-relaxation",
      "mho import dev*.csv --as mapping.json --chip-name wafer-7 --technology rram",
    ),
  )
    .argument("<file...>", "tables: text, separated by tabs, semicolons, commas or blanks; .gz too")
    .requiredOption(
      "--as <mapping>",
      "which column is what: arc1-csv, t-r, rram-relaxation, rram-bake, or a file",
    )
    .option(
      "--chip-name <name>",
      "name of the chip that the devices belong to (default: that of the mapping)",
    )
    .option("--technology <name>", "pcm or rram (default: that of the mapping)")
    .option(
      "--max-conductance <uS>",
      "range of the devices, µS (default: that of the mapping, or what was measured)",
      real("--max-conductance", 1e-6, 1e9),
    )
    .action((files, flags) =>
      act("import", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { as, chipName, technology, maxConductance } = flags;
          const found = await bench.importMeasurements(files, {
            as,
            chipName,
            technology,
            maxConductanceMicrosiemens: maxConductance,
            ...labelsOf(flags),
          });
          for (const { file, reads, before, leftOut } of found.files) {
            const heading = before === 0 ? "" : `, ${counted(before, "line")} before the heading`;
            const others = leftOut === 0 ? "" : `, ${counted(leftOut, "row")} that the mapping leaves out`;
            output.say(`${basename(file)}: ${counted(reads, "read")}${heading}${others}`);
          }
          const { run, chip, serialNumber, devices, sweeps, reads, missing, negative, written, outside } =
            found;
          output.say(
            `Run ${run}: ${counted(devices, "device")} of ${chip} number ${serialNumber}, ${found.technology}, ` +
              `0 … ${found.maxConductanceMicrosiemens} µS`,
          );
          output.say(
            `${counted(reads, "read")} after the write at ${counted(sweeps, "age")}: ${missing} missing, ${negative} below zero; ` +
              `${counted(written, "device")} read directly after the write`,
          );
          if (outside > 0)
            output.say(`${counted(outside, "device")} written outside the range that it was aimed at`);
          output.result({ ...snakeKeys(found), workspace: (await bench.store()).file });
        }),
      ),
    );
