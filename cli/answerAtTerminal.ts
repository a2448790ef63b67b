import { createInterface, type Interface } from "node:readline";
import type { Bench } from "../lab/bench.ts";
import type { BenchEvent } from "../lab/events.ts";
import { MhoError } from "../src/errors.ts";
import type { Output } from "./output.ts";

/** What a person types goes to the question that was asked last and is still open. */
export function answerAtTerminal(bench: Bench, output: Output, input = process.stdin): { close(): void } {
  const open: string[] = [];
  let lines: Interface | undefined;
  const close = (): void => {
    lines?.close();
    lines = undefined;
  };
  const take = async (line: string): Promise<void> => {
    const question = open.at(-1);
    if (question === undefined || line.trim() === "") return;
    try {
      await bench.answer(question, line);
    } catch (error) {
      if (!(error instanceof MhoError)) throw error;
      output.say(error.message);
    }
  };
  output.onEvent((stamped) => {
    const event = stamped as unknown as BenchEvent;
    if (event.type === "asked") {
      open.push(event.question);
      // Ctrl-C goes on to the process: the terminal is left as it is.
      if (input.isTTY && !output.json && lines === undefined) {
        lines = createInterface({ input, terminal: false });
        lines.on("line", (line) => void take(line));
      }
    } else if (event.type === "answered") {
      open.splice(open.indexOf(event.question), 1);
      if (open.length === 0) close();
    }
  });
  return { close };
}
