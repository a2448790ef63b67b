import { MhoError } from "../../src/errors.ts";
import { command } from "../flags.ts";
import { actUntold } from "../action.ts";
import { candidates, linesOf, scripts, shells } from "../completion.ts";

/** @param all  every command; this one is among them. */
export const completion = (all: () => Parameters<typeof candidates>[1]) =>
  command(
    "completion",
    "prints what completes mho's commands, flags, runs and nicknames in a shell",
    "mho completion bash >> ~/.bashrc",
  )
    .argument("<shell>", "bash, zsh or fish")
    // The scripts call it with `words` and what was typed.
    .argument("[typed...]", "only for these scripts")
    .action((shell, typed, flags) =>
      actUntold(flags, async () => {
        if (shell === "words") {
          process.stdout.write(linesOf(await candidates(typed, all())));
          return;
        }
        const known = shells.find((name) => name === shell);
        if (known === undefined)
          throw new MhoError(
            "bad-argument",
            `There is no completion for ${shell}. Give ${shells.join(", ")}.`,
          );
        process.stdout.write(scripts[known]);
      }),
    );
