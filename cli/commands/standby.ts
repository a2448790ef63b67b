import { act } from "../action.ts";
import { benchCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const standby = () =>
  benchCommand("standby", "puts a chip into its safe state, now", "mho standby --chip serial:/dev/ttyACM0")
    .option("--chip <address>", "which chip (default: MHO_CHIP)")
    .option("--transcript <file>", "record every byte that passes")
    .action((flags) =>
      act("standby", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { name, serialNumber } = await bench.standby({
            onHolder: ({ program, processId }, port) =>
              output.say(`${program} (process ${processId}) holds ${port}; it is told to stop.`),
          });
          output.say(`${name} number ${serialNumber} is in standby.`);
          output.result({ chip: name, serial_number: serialNumber, standby: true });
        }),
      ),
    );
