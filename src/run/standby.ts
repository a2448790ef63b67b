import type { ChipDriver } from "../chip/driver.ts";
import { MhoError } from "../errors.ts";
import { shellWord } from "../shell.ts";
import { type Log, loggedError, noLog } from "../log.ts";

/** Whether a chip said that it is in standby; else why it is not known to be. */
export type StandbyOutcome = { readonly safe: true } | { readonly safe: false; readonly reason: string };

/** Puts a chip in standby. Never throws: what follows must say what came of it. */
export async function tryStandby(driver: ChipDriver, log: Log = noLog): Promise<StandbyOutcome> {
  try {
    await driver.standby();
    return { safe: true };
  } catch (error) {
    log.warn({ error: loggedError(error) }, "the chip did not confirm standby");
    return { safe: false, reason: messageOf(error) };
  }
}

/** What a person must know of a chip that did not confirm its standby, and do about it. */
export function outputsMayBeOn(address: string, reason: string): string {
  return mayBeOn(`The chip at ${address}`, address, reason);
}

function mayBeOn(chip: string, address: string, reason: string): string {
  const why = reason === "" ? "." : `: ${sentence(reason)}`;
  return (
    `${chip} did not confirm standby, so its outputs may be on until its watchdog acts${why} ` +
    `Run mho standby --chip ${shellWord(address)}, or switch the board's supply off.`
  );
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/**
 * The error to end with once standby was tried: the one that ended the work, with what became of the chip added. A chip that is not
 * known to be safe outweighs a stop that was asked for.
 */
export function endedWith(error: MhoError, address: string, standby: StandbyOutcome): MhoError {
  if (standby.safe) return error;
  const code = error.code === "interrupted" ? "standby-failed" : error.code;
  // A lost link is reason enough for both, and is told once.
  const reason = standby.reason === error.message ? "" : standby.reason;
  // The address is long, and stands in the command that is to be run.
  const text = `${sentence(error.message.replace(` at ${address}`, ""))} ${mayBeOn("The chip", address, reason)}`;
  return new MhoError(code, text, { ...error.facts, standby: false }, error);
}

/** Whether a chip had to be greeted for an error to be found, which switches it on. */
export function hasGreeted(error: unknown): boolean {
  return error instanceof MhoError && error.code === "wrong-chip";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
