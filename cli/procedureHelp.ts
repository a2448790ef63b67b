import type { Command } from "@commander-js/extra-typings";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import { builtInProcedures } from "../src/measure/procedures.ts";

/** Tells the help of `mho measure` of every procedure and its settings, from their records. */
export function tellOfProcedures(command: Command): void {
  command.addHelpText("after", () => {
    const helper = command.createHelp();
    helper.prepareContext({ helpWidth: process.stdout.columns ?? 80 });
    const lines = builtInProcedures.flatMap(({ name, does, technologies, settings }) => [
      "",
      `${name}: ${does} (${technologies.map(titleOf).join(", ")})`,
      ...settings.map((setting) => {
        const term = setting.unit === "" ? setting.name : `${setting.name} (${setting.unit})`;
        return helper.formatItem(term, 20, setting.meaning, helper);
      }),
    ]);
    return ["", "What can be measured, and the settings of each (--set NAME=VALUE):", ...lines].join("\n");
  });
}

function titleOf(name: string): string {
  return builtInTechnologies.find((technology) => technology.name === name)?.title ?? name;
}
