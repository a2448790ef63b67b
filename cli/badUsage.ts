import type { CommanderError } from "@commander-js/extra-typings";
import { MhoError } from "../src/errors.ts";

/** What the parser did not understand, in the words of every other failure, and where help is. */
export function badUsage(
  { message, code }: CommanderError,
  command: { name(): string } | undefined,
): MhoError {
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
