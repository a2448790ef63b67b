import { MhoError } from "../src/errors.ts";
import type { RunId } from "../src/run/store.ts";

/** Whether a text names a run and nothing else. */
export function isRunName(text: string): boolean {
  return /^r[1-9]\d*$/.test(text);
}

/** A run by its name, as a person gave it. Throws `bad-argument` for what can be none. */
export function runNamed(text: string): RunId {
  if (isRunName(text)) return text;
  throw new MhoError(
    "bad-argument",
    `${text} is not a run: runs are called r1, r2 and so on. mho show lists them.`,
    { given: text },
  );
}
