import { act } from "../action.ts";
import { benchCommand, devicesOf, whole } from "../flags.ts";
import { tellMeasured } from "../tellFindings.ts";
import { asJob, type FlagsOf } from "../jobWords.ts";
import { beginsRun, labelsOf } from "../labelFlags.ts";
import { withBench } from "../withBench.ts";

const flagged = () =>
  beginsRun(
    benchCommand(
      "measure",
      "measures devices, and says what it found with intervals: forming, thresholds, endurance and more",
      "mho measure form --chip 'emulator:rram-128?births=pristine'",
      "mho measure form --chip serial:/dev/ttyACM0 --row 0 --rows 8 --set compliance=80uS --set step=50mV",
    ),
  )
    .argument("<kind>", "what is measured; listed below")
    .option("--chip <address>", "which chip (default: MHO_CHIP)")
    .option(
      "--tile <number>",
      "one tile (default: all, or the first where few devices are measured)",
      whole("--tile", 0),
    )
    .option("--row <number>", "the first row (default: as the kind usually has it)", whole("--row", 0))
    .option("--rows <number>", "how many rows (default: 1 where --row is given)", whole("--rows", 1))
    .option("--device <list>", "devices of each row, such as 0,1,2 or 0-63", devicesOf)
    .option("--set <name=value>", "a setting of the kind; may be given again", more, [] as readonly string[])
    .option(
      "--budget <pulses>",
      "what a device may be given in this run (default: what the settings need)",
      whole("--budget", 1),
    )
    .option("--accept-unknown-wear", "go on with a chip that another workspace has pulsed")
    .option("--transcript <file>", "record every byte that passes");

async function optionsOf(kind: string, flags: FlagsOf<typeof flagged>) {
  const { settingsOfFlags } = await import("../settingFlags.ts");
  const { tile, row, rows, device: devices, budget: pulsesPerDevice } = flags;
  const settings = settingsOfFlags(kind, flags.set);
  return { tile, row, rows, devices, settings, pulsesPerDevice, ...labelsOf(flags) };
}

export const measureJob = asJob(flagged, async ([kind], flags) => ({
  subjects: kind,
  options: await optionsOf(kind, flags),
}));

export const measure = () =>
  flagged().action((kind, flags) =>
    act("measure", flags, (output) =>
      withBench(flags, output, { run: "measure" }, async (bench) => {
        const run = await bench.measure(kind, await optionsOf(kind, flags));
        const found = await tellMeasured(bench, run, output);
        output.say(`mho report ${run} draws it; mho export ${run} --turns --to parquet has every pulse.`);
        output.result({ run, workspace: (await bench.store()).file, kind, ...found });
      }),
    ),
  );

function more(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
