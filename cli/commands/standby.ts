import type { HolderListener } from "../../lab/relieve.ts";
import { act } from "../action.ts";
import { benchCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const standby = () =>
  benchCommand("standby", "puts a chip into its safe state, now", "mho standby --chip serial:/dev/ttyACM0")
    .argument("[network]", "a network over several chips, such as n1: all of its chips")
    .option("--chip <address>", "which chip (default: MHO_CHIP)")
    .option("--transcript <file>", "record every byte that passes")
    .action((network, flags) =>
      act("standby", flags, (output) =>
        withBench({ ...flags, configMayFail: true }, output, {}, async (bench) => {
          const onHolder: HolderListener = ({ program, processId }, port, relief) =>
            output.say(`${program} (process ${processId}) ${reliefs[relief].replace("PORT", port)}`);
          const chips =
            network === undefined
              ? [await bench.standby({ onHolder })]
              : await bench.standbyNetwork(network, { onHolder });
          for (const { name, serialNumber } of chips)
            output.say(`${name} number ${serialNumber} is in standby.`);
          output.result({
            chip: chips[0]!.name,
            serial_number: chips.map(({ serialNumber }) => serialNumber).join(", "),
            standby: true,
          });
        }),
      ),
    );

const reliefs = {
  asked: "holds PORT; it is told to stop and to put the chip in standby.",
  ended: "did not answer or did not free PORT; it is told to end.",
  killed: "did not end; it is killed, and PORT is taken.",
} as const;
