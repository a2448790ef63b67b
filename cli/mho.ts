import { Command, CommanderError } from "@commander-js/extra-typings";
import { version } from "../lab/version.ts";
import { actUntold } from "./action.ts";
import { badUsage } from "./badUsage.ts";
import { nodeFault } from "./nodeVersion.ts";
import { openOutput, tellFailure } from "./output.ts";
import { allCommands } from "./commands/all.ts";

/** Runs one command. Prints what it says, and leaves its exit code in `process.exitCode`. */
export async function mho(args: readonly string[]): Promise<void> {
  // Help may be sent to a full disk, too.
  const help = asksForHelp(args) ? openOutput({}) : undefined;
  const program = new Command("mho")
    .description("Programs analogue-memory chips in a closed loop, and watches them drift.")
    .version(version);
  const commands = allCommands();
  // What stands behind the command of a job is for that command.
  if (args[0] === "queue") program.enablePositionalOptions();
  for (const one of [program as Command, ...commands.flatMap((each) => [each, ...each.commands])])
    one.exitOverride().configureOutput({ outputError() {} });
  for (const one of commands) program.addCommand(one);
  if (args.includes("program")) {
    const { tellOfMethods } = await import("./methodHelp.ts");
    tellOfMethods(commands.find((one) => one.name() === "program")!);
  }
  if (args.includes("measure")) {
    const { tellOfProcedures } = await import("./procedureHelp.ts");
    tellOfProcedures(commands.find((one) => one.name() === "measure")!);
  }
  const flags = { json: args.includes("--json"), quiet: false };
  const fault = help === undefined ? nodeFault(process.versions.node) : undefined;
  if (fault !== undefined) {
    await actUntold(flags, () => Promise.reject(fault));
    return;
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      const unwritten = await help?.end();
      if (help !== undefined && unwritten !== undefined) process.exitCode = tellFailure(unwritten, help);
      return;
    }
    if (error instanceof CommanderError && error.code === "commander.help") process.exitCode = 2;
    else {
      const named = args.find((arg) => !arg.startsWith("-"));
      const known = commands.find((one) => one.name() === named);
      await actUntold(flags, () =>
        Promise.reject(error instanceof CommanderError ? badUsage(error, known) : error),
      );
    }
  }
}

function asksForHelp(args: readonly string[]): boolean {
  return args.some((arg) => ["--help", "-h", "help", "--version", "-V"].includes(arg));
}
