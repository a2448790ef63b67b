import type { RunCheck } from "../../storage/checkWorkspace.ts";
import { counted } from "../../src/counted.ts";
import { exitCodes } from "../../src/errors.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const check = () =>
  workspaceCommand("check", "reads a whole workspace, and says what is damaged", "mho check")
    .option("--drop-damaged-log", "go on without the entries after the damage in the workspace's log")
    .action((flags) =>
      act("check", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { file, sound, identity, runs, damage } = await bench.check({
            dropDamagedLog: flags.dropDamagedLog,
          });
          for (const text of damage) output.say(text);
          for (const run of runs) {
            output.say(lineOf(run));
            for (const text of run.damage) output.say(`      ${text}`);
          }
          if (identity === "unchecked")
            output.say(
              "The id by which a server knows the workspace has no checksum: an older layout wrote it.",
            );
          output.say(
            sound
              ? `${file}: nothing is damaged.`
              : `${file} is damaged: restore it from a copy. What is not named here can be read.`,
          );
          output.result({
            workspace: file,
            sound,
            identity,
            damage: [...damage],
            runs: runs.map(({ uncheckedRows, ...rest }) => ({ ...rest, unchecked_rows: uncheckedRows })),
          });
          if (!sound) process.exitCode = exitCodes["workspace-failed"];
        }),
      ),
    );

function lineOf({ run, state, turns, sweeps, uncheckedRows }: RunCheck): string {
  const held = `${counted(turns, "turn")}, ${counted(sweeps, "sweep")}`;
  const old = `; ${counted(uncheckedRows, "row")} of an older layout ${uncheckedRows === 1 ? "has" : "have"} no checksum`;
  return `${run.padEnd(6)}${state.padEnd(11)}${held}${uncheckedRows === 0 ? "" : old}`;
}
