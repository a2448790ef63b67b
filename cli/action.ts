import { openOutput, type Output, tellFailure } from "./output.ts";

/** Does the work of a command: opens its output, tells a failure, and sets the exit code. */
export async function act(
  flags: { readonly json?: boolean | undefined; readonly quiet?: boolean | undefined },
  work: (output: Output) => Promise<void>,
): Promise<void> {
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
