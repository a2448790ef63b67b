import type { PulseReport, Reading } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";

/** A question that was asked in vain. */
export interface Unanswered {
  readonly address: string;
  readonly port: string;
  readonly dialect: { readonly name: string; readonly line: "bytes" | "text" };
  readonly what: string;
  readonly tag: number;
  readonly attempts: number;
  readonly deadlineMilliseconds: number;
  /** What was sent, as a person can read it. */
  readonly sent: string;
  readonly heardBytes: number;
  /** The last bytes that came, if any. */
  readonly lastHeard: Uint8Array;
  /** An error that came meanwhile and was addressed to no request: `under tag 0 ("such a row is not there")`. */
  readonly strayError?: string | undefined;
}

export function silentChip(unanswered: Unanswered): MhoError {
  const { address, port, dialect, what, tag, attempts, deadlineMilliseconds, sent, heardBytes, lastHeard } =
    unanswered;
  const { strayError } = unanswered;
  const shown =
    dialect.line === "text"
      ? `"${plain(Buffer.from(lastHeard).toString("latin1"))}"`
      : Buffer.from(lastHeard).toString("hex");
  const heard = heardBytes === 0 ? "nothing came back" : `${heardBytes} bytes came back, the last ${shown}`;
  const deadlineSeconds = deadlineMilliseconds / 1000;
  // A line that carries whole errors needs no other cable.
  const remedy =
    strayError === undefined
      ? `${heard}. Check the cable, the board's power and the baud rate, and that the board is not slower than timing in its chip ` +
        `description says.${tag === 1 ? ` ${otherDialect}` : ""}`
      : `the board sent an error ${strayError}, which belongs to no request that waits. The line works. Mend the firmware: each error ` +
        `repeats the session and the tag of its request. mho check-chip ${address} tries that.`;
  return new MhoError(
    "link-lost",
    `The chip at ${address} did not answer the ${what} (${dialect.name} dialect, tag ${tag}) within ` +
      `${deadlineSeconds} s, ${attempts} times: ${remedy}`,
    { address, port, dialect: dialect.name, tag, deadlineSeconds, attempts, sent, heardBytes },
  );
}

/** @param neverHeard  whether nothing has come over this line yet. */
export function lineGone(address: string, reason: string, neverHeard = false): MhoError {
  return new MhoError(
    "link-lost",
    `The link to the chip at ${address} is gone: ${reason}. ` +
      `Check the cable and the board's power; what was acknowledged is in the workspace.${neverHeard ? ` ${otherDialect}` : ""}`,
    { address },
  );
}

/** Of a board that has answered nothing yet. */
const otherDialect =
  "A board that speaks another dialect is silent too: name its own by ?dialect= in the address.";

/** Work on a chip that ends because the chip was put in standby meanwhile. */
export function calledOff(address: string, reason: string, cause?: unknown): MhoError {
  return new MhoError("interrupted", `Called off: ${reason}.`, { address, calledOff: true }, cause);
}

/**
 * @param version  what the firmware should speak.
 * @param wrong    what no board can mean by its answer: `1500 is a code that its converter does not have`.
 */
export function strangeAnswer(address: string, what: string, version: string, wrong?: string): MhoError {
  const text =
    wrong === undefined
      ? `The chip at ${address} answered the ${what} with something else. Check that its firmware speaks ${version}.`
      : `The chip at ${address} answered the ${what} with something else than can be: ${wrong}. Nothing of that answer ` +
        `was kept. Check the chip description against the board, and that its firmware speaks ${version}.`;
  return new MhoError("chip-refused", text, { address });
}

/** Work on several rows that ended before its last one: what is known of the others must not be lost with it. */
export class CutOff extends MhoError {
  readonly reading: Reading | undefined;
  readonly report: PulseReport | undefined;

  constructor(error: MhoError, done: { readonly reading?: Reading; readonly report?: PulseReport }) {
    super(error.code, error.message, error.facts, error.cause);
    this.reading = done.reading;
    this.report = done.report;
  }
}

/** Text from a chip: printable ASCII, and no more of it than a person reads. */
export function plain(text: string): string {
  return text.slice(0, longestText).replace(/[^\x20-\x7e]/g, "?");
}

const longestText = 255;

/** What to do about a refusal. */
export function adviceOn({ asleep, noSession }: { asleep: boolean; noSession: boolean }): string {
  if (asleep)
    return "It is in standby: it had heard nothing for too long, or another program put it there. Try again.";
  if (noSession) return "It was reset meanwhile, or another program speaks to it. Try again.";
  return "Check the chip description against the board.";
}
