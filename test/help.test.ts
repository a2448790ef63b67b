import { describe, expect, it } from "vitest";
import { allCommands } from "../cli/commands/all.ts";
import { mho } from "./support/commandHere.ts";

function helpOf(command: ReturnType<typeof allCommands>[number]): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe("the help of every command", () => {
  it.each(allCommands().map((command) => [command.name(), command] as const))(
    "%s has an example that names it, and writes a default in one way",
    (name, command) => {
      const help = helpOf(command);
      expect(help).toMatch(new RegExp(`\\nExamples?:\\n  \\$ mho ${name}\\b`));
      const inOneLine = help.replace(/\s+/g, " ");
      for (const [, said] of inOneLine.matchAll(/\(([^()]*default[^()]*)\)/g))
        expect(said).toMatch(/(^|, )default: /);
    },
  );
});

describe("a slip of the keyboard", () => {
  it.each(["rm", "prgram", "standb", "pulze"])(
    "mho %s proposes no command that pulses, writes or serves",
    async (typed) => {
      const { code, err } = await mho(typed);
      expect([code, err]).toEqual([2, `mho: Unknown command '${typed}'. mho --help lists the commands.\n`]);
    },
  );

  it("mho shw proposes show, which changes nothing", async () => {
    expect((await mho("shw")).err).toContain("(Did you mean show?)");
  });
});
