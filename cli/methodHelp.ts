import type { Command } from "@commander-js/extra-typings";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import { builtInMethods } from "../src/program/methods.ts";

/** Tells a command's help of every method, from their records. */
export function tellOfMethods(command: Command): void {
  command.addHelpText("after", () => {
    const helper = command.createHelp();
    helper.prepareContext({ helpWidth: process.stdout.columns ?? 80 });
    const items = builtInMethods.map(({ name, does, technologies }) => ({
      term: name,
      text: `${does} (${technologies.map(titleOf).join(", ")})`,
    }));
    const width = Math.max(...items.map(({ term }) => term.length));
    const methods = items.map(({ term, text }) => helper.formatItem(term, width, text, helper));
    const usual = builtInTechnologies.map(({ title, usualMethods: { strategy, conductances } }) =>
      helper.formatItem(title, width, `${strategy} for a strategy, ${conductances} for conductances`, helper),
    );
    return ["", "Methods:", ...methods, "", "The usual method of a chip's devices:", ...usual].join("\n");
  });
}

function titleOf(name: string): string {
  return builtInTechnologies.find((technology) => technology.name === name)?.title ?? name;
}
