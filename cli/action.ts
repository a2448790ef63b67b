import type { CommandName } from "../lab/eventSchema.ts";
import { type CommandOutput, openOutput, type Output, type OutputFlags, tellFailure } from "./output.ts";

/** Does the work of a command: opens its output, tells a failure, and sets the exit code. */
export function act<C extends CommandName>(
  command: C,
  flags: OutputFlags,
  work: (output: CommandOutput<C>) => Promise<void>,
): Promise<void> {
  return actUntold(flags, (output) =>
    work({ ...output, result: (fields) => output.events.emit({ type: "result", command, ...fields }) }),
  );
}

/** The same for what ends without a result. */
export async function actUntold(flags: OutputFlags, work: (output: Output) => Promise<void>): Promise<void> {
  const output = openOutput(flags);
  let failure: unknown;
  try {
    await work(output);
  } catch (error) {
    failure = error;
  }
  // Words that never arrived outweigh what they said.
  failure = (await output.end()) ?? failure;
  if (failure !== undefined) process.exitCode = tellFailure(failure, output);
}
