import { counted } from "../../src/counted.ts";
import { act } from "../action.ts";
import { workspaceCommand } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const handOn = () =>
  workspaceCommand(
    "hand-on",
    "copies to a PostgreSQL server what it has not of a workspace",
    "mho hand-on --to postgres://bench1@lab/mho",
    "mho hand-on --to postgres://bench1@lab/mho --bench probe-station --follow",
  )
    .requiredOption("--to <address>", "the server: postgres://USER@HOST/DATABASE, without a password")
    .option("--bench <name>", "the bench's name at the server (default: as before, or this machine's)")
    .option("--follow", "go on while runs are made, and wait for a server that is away")
    .option("--restored", "the workspace is an older copy: hand it on under another --bench")
    .action((flags) =>
      act("hand-on", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { to, bench: name, follow, restored } = flags;
          const done = await bench.handOn({ to, bench: name, follow, restored });
          output.say(
            done.rows === 0 && done.runs === 0
              ? `${done.server} has all of it already, as the bench ${done.bench}.`
              : `${done.server}, bench ${done.bench}: ${counted(done.rows, "row")} of ${counted(done.runs, "run")} handed on.`,
          );
          output.result({ ...done, workspace: bench.workspace });
        }),
      ),
    );
