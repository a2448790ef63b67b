import { Command } from "@commander-js/extra-typings";
import { act } from "../action.ts";
import { command } from "../flags.ts";
import { withBench } from "../withBench.ts";

export const server = () =>
  new Command("server")
    .description("sets up a PostgreSQL server for the runs of many benches")
    .addHelpText(
      "after",
      `
Example:
  $ mho server init postgres://postgres@lab/mho`,
    )
    .addCommand(init()) as unknown as Command;

const init = () =>
  command(
    "init",
    "makes the tables and group roles of mho in a database, or lifts them to today's layout",
    "mho server init postgres://postgres@lab/mho",
  )
    .argument("<address>", "postgres://USER@HOST/DATABASE, as its administrator and without a password")
    .action((address, flags) =>
      act("server", flags, (output) =>
        withBench(flags, output, {}, async (bench) => {
          const { server: text, before, now, roles } = await bench.setUpServer(address);
          output.say(
            before === now
              ? `${text} is set up already (layout ${now}).`
              : before === 0
                ? `${text} is set up (layout ${now}).`
                : `${text} was lifted from layout ${before} to ${now}.`,
          );
          output.say(
            `Put people and benches into its group roles, for example: GRANT ${roles.operate} TO bench1; GRANT ${roles.look} TO anna;`,
          );
          output.result({ server: text, before, layout: now, roles });
        }),
      ),
    );
