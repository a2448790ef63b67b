/**
 * The world's faults that a person must hear of. Our own mistakes are plain assertions (`assert`).
 *
 * A message is one or two sentences: what happened, to which file, port or chip, and what to do.
 */
export class MhoError extends Error {
  override readonly name = "MhoError";
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ErrorCode,
    message: string,
    facts: Record<string, string | number | boolean> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.facts = facts;
  }
}

export type ErrorCode =
  /** A flag or an argument is wrong. */
  | "bad-argument"
  /** A file that was given cannot be used. */
  | "bad-file"
  /** A result could not be written. */
  | "output-failed"
  /** What answers is not the chip that was meant. */
  | "wrong-chip"
  /** The chip refused an order, or said it failed. */
  | "chip-refused"
  /** An order lies outside the chip's limits and was not sent. */
  | "limit-exceeded"
  /** The port cannot be opened. */
  | "port-failed"
  /** The link ended, or the chip fell silent. */
  | "link-lost"
  /** The chip did not confirm that it is in standby: its outputs may be on. */
  | "standby-failed"
  /** The chip has fired pulses that this workspace did not book. */
  | "unknown-wear"
  /** The workspace is full, locked or damaged. */
  | "workspace-failed"
  /** A person or the system asked us to stop. */
  | "interrupted";

/** What a command ends with, as promised on the command line's page. */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  "bad-argument": 2,
  "bad-file": 2,
  "output-failed": 4,
  "wrong-chip": 3,
  "chip-refused": 3,
  "limit-exceeded": 2,
  "port-failed": 3,
  "link-lost": 3,
  "standby-failed": 3,
  "unknown-wear": 3,
  "workspace-failed": 4,
  interrupted: 130,
};

/** States what must be true if this program is right; a failure is a bug of ours, not of the world. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new Error(`This is a mistake in mho itself: ${claim}.`);
}

/**
 * A package of native code that is not there for this machine.
 *
 * @param does     what mho has it for: "opens serial ports".
 * @param instead  a sentence: what goes without it.
 */
export function missingPackage(name: string, does: string, instead: string, cause: unknown): MhoError {
  return new MhoError(
    "port-failed",
    `The package ${name}, by which mho ${does}, cannot be loaded: it was left out when mho was installed (--omit=optional), ` +
      `or there is none for this system. ${instead} To have it, install mho again without that flag.`,
    { package: name },
    cause,
  );
}
