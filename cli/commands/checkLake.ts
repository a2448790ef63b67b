import { counted } from "../../src/counted.ts";
import { exitCodes } from "../../src/errors.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const checkLake = () =>
  workspaceCommand(
    "check-lake",
    "reads every file of a lake, and says what is damaged",
    "mho check-lake lake",
  )
    .argument("<dir>", "the lake's folder")
    .action((lake, flags) =>
      act("check-lake", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { sound, runs, networks, leftovers } = await bench.checkLake(lake);
          for (const { folder, bytes, damage } of [...runs, ...networks]) {
            output.say(`${damage.length === 0 ? "sound  " : "damaged"}  ${folder}  ${sizeOf(bytes)}`);
            for (const text of damage) output.say(`         ${text}`);
          }
          for (const name of leftovers)
            output.say(`not counted: ${name}. A write that was cut off left it; it may be removed.`);
          output.say(
            sound
              ? `${lake}: ${counted(runs.length, "run")}${networks.length === 0 ? "" : `, ${counted(networks.length, "network")} over several chips`}, nothing is damaged.`
              : `${lake} is damaged: restore these folders from a copy. Or remove them, and archive their runs again where a workspace still has them.`,
          );
          output.result({ lake, sound, runs: [...runs], networks: [...networks], leftovers });
          if (!sound) process.exitCode = exitCodes["bad-file"];
        }),
      ),
    );

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
