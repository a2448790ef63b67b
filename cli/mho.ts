import { Command, CommanderError } from "@commander-js/extra-typings";
import { version } from "../lab/version.ts";
import { MhoError } from "../src/errors.ts";
import { actUntold } from "./action.ts";
import { allCommands } from "./commands/all.ts";

/** Runs one command. Prints what it says, and leaves its exit code in `process.exitCode`. */
export async function mho(args: readonly string[]): Promise<void> {
  const program = new Command("mho")
    .description("Programs analogue-memory chips in a closed loop, and watches them drift.")
    .version(version);
  const commands = allCommands();
  for (const one of [program as Command, ...commands])
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
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (error instanceof CommanderError && error.code === "commander.help") process.exitCode = 2;
    else {
      const named = args.find((arg) => !arg.startsWith("-"));
      const known = commands.find((one) => one.name() === named);
      const flags = { json: args.includes("--json"), quiet: false };
      await actUntold(flags, () =>
        Promise.reject(error instanceof CommanderError ? badUsage(error, known) : error),
      );
    }
  }
}

/** What the parser did not understand, in the words of every other failure, and where help is. */
function badUsage({ message, code }: CommanderError, command: Command | undefined): MhoError {
  const text = code === "commander.unknownCommand" ? withoutRiskyProposal(message) : message;
  const said = text.replace(/^error: /, "").replace(/\.$/, "");
  const sentence = `${said[0]!.toUpperCase()}${said.slice(1).replace(/\s*\n\s*/g, " ")}`;
  const help =
    command === undefined
      ? "mho --help lists the commands."
      : `mho ${command.name()} --help says what it takes.`;
  return new MhoError("bad-argument", `${sentence}${/[)?]$/.test(sentence) ? "" : "."} ${help}`);
}

/** A typo is never answered with a command that pulses or writes: it might be taken up without a thought. */
function withoutRiskyProposal(message: string): string {
  const proposed = /\(Did you mean (?:one of )?([^?]*)\?\)/.exec(message)?.[1]?.split(", ") ?? [];
  return proposed.every((name) => harmless.has(name))
    ? message
    : message.replace(/\s*\(Did you mean[^)]*\)/, "");
}

const harmless: ReadonlySet<string> = new Set([
  "advise",
  "check",
  "compare",
  "completion",
  "ports",
  "read",
  "replay",
  "show",
]);
