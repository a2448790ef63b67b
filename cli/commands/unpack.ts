import { snakeKeys } from "../../files/keys.ts";
import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const unpack = () =>
  workspaceCommand(
    "unpack",
    "reads runs that mho pack wrote into a workspace",
    "mho unpack monday.mhopack --workspace from-ada",
  )
    .argument("<file>", "a file that mho pack wrote")
    .action((file, flags) =>
      act("unpack", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const found = await bench.unpack(file);
          const { packedBy, packedAt, runs, wornBy, networks } = found;
          output.say(`Packed ${packedAt} by mho ${packedBy}.`);
          for (const { packed, run, state } of runs) {
            if (state === "known") output.say(`${packed} was here already, as ${run}.`);
            else output.say(packed === run ? run : `${run}, which was ${packed} where it was packed`);
          }
          for (const { packed, network, state, runs: held } of networks) {
            const of = `${network}, a network over ${held.map((run) => run ?? "no run").join(", ")}`;
            const as = packed === network ? "" : ` (${packed} where it was packed)`;
            output.say(state === "known" ? `${packed} was here already, as ${network}.` : `${of}${as}`);
          }
          if (wornBy > 0)
            output.say(`The wear of ${counted(wornBy, "other run")} of the same chips is booked.`);
          output.result({
            ...snakeKeys(found),
            networks: networks.map((one) => ({ ...one, runs: one.runs.map((run) => run ?? null) })),
          });
        }),
      ),
    );
