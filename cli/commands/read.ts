import type { BlockReadOut } from "../../files/writeReadOut.ts";
import { amplitudeIn, parseAmplitude } from "../../src/chip/amplitude.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import { act } from "../action.ts";
import { benchCommand, whole } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const read = () =>
  benchCommand(
    "read",
    "reads devices, rows, tiles or whole chips; fires no pulse",
    "mho read emulator:pcm-64 --row 3",
    "mho read serial:/dev/ttyACM0 --averages 16 --out monday.parquet",
  )
    .argument("[chip...]", "addresses (default: MHO_CHIP)")
    .option("--chip <address>", "another of them")
    .option("--tile <number>", "one tile (default: all)", whole("--tile", 0))
    .option("--row <number>", "one row of each tile (default: all)", whole("--row", 0))
    .option(
      "--device <number>",
      "one device of the row: column × devices a cell + device",
      whole("--device", 0),
    )
    .option(
      "--averages <number>",
      "reads that the chip averages (default: 1)",
      whole("--averages", 1, 65_535),
    )
    .option(
      "--volts <voltage>",
      "what the devices are read with, such as 100mV, on boards that can (default: the board's usual voltage)",
      voltsOf,
    )
    .option("--out <file>", "write every reading to a .csv, .npy or .parquet file")
    .option("--transcript <file>", "record every byte that passes")
    .action((chips, flags) =>
      act("read", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { tile, row, device, averages, volts: readVolts, out } = flags;
          const all = flags.chip === undefined ? chips : [...chips, flags.chip];
          const named = all.length === 0 ? undefined : all;
          const found = await bench.readOut({ chips: named, tile, row, device, averages, readVolts, out });
          const { tellReadOut, readOutFields } = await import("../tellReadOut.ts");
          tellReadOut(found.blocks, output);
          const devices = found.blocks.reduce((sum, block) => sum + devicesOf(block), 0);
          if (found.file !== undefined) output.say(`${counted(devices, "reading")}: ${found.file}`);
          output.result({
            devices,
            averages: averages ?? 1,
            file: found.file ?? null,
            blocks: readOutFields(found.blocks),
          });
        }),
      ),
    );

function voltsOf(text: string): number {
  const amplitude = parseAmplitude(text);
  const volts = amplitude && amplitudeIn(amplitude, "V");
  if (volts !== undefined && volts > 0) return volts;
  throw new MhoError("bad-argument", `--volts ${text}: give a voltage, such as 100mV or 0.1.`);
}

function devicesOf({ device, reading }: BlockReadOut): number {
  return device === undefined ? reading.flags.length : 1;
}
