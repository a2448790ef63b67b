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
}

export function silentChip(unanswered: Unanswered): MhoError {
  const { address, port, dialect, what, tag, attempts, deadlineMilliseconds, sent, heardBytes, lastHeard } =
    unanswered;
  const shown =
    dialect.line === "text"
      ? `"${plain(Buffer.from(lastHeard).toString("latin1"))}"`
      : Buffer.from(lastHeard).toString("hex");
  const heard = heardBytes === 0 ? "nothing came back" : `${heardBytes} bytes came back, the last ${shown}`;
  const deadlineSeconds = deadlineMilliseconds / 1000;
  return new MhoError(
    "link-lost",
    `The chip at ${address} did not answer the ${what} (${dialect.name} dialect, tag ${tag}) within ` +
      `${deadlineSeconds} s, ${attempts} times: ${heard}. Check the cable, the board's power and the baud rate.`,
    { address, port, dialect: dialect.name, tag, deadlineSeconds, attempts, sent, heardBytes },
  );
}

export function lineGone(address: string, reason: string): MhoError {
  return new MhoError(
    "link-lost",
    `The link to the chip at ${address} is gone: ${reason}. ` +
      "Check the cable and the board's power; what was acknowledged is in the workspace.",
    { address },
  );
}

/** Work on a chip that ends because the chip was put in standby meanwhile. */
export function calledOff(address: string, reason: string, cause?: unknown): MhoError {
  return new MhoError("interrupted", `Called off: ${reason}.`, { address, calledOff: true }, cause);
}

/** @param version what the firmware should speak. */
export function strangeAnswer(address: string, what: string, version: string): MhoError {
  return new MhoError(
    "chip-refused",
    `The chip at ${address} answered the ${what} with something else. Check that its firmware speaks ${version}.`,
    { address },
  );
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
