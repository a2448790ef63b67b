import { openSync, writeSync } from "node:fs";
import { systemClock } from "../drivers/systemClock.ts";
import { recorded } from "../drivers/transcript.ts";
import type { Transport } from "../drivers/transport.ts";
import { whyNotWritten } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import type { ChipAddress } from "./address.ts";

/**
 * Records every byte of a chip's lines, one after the other when a link is lost and found again, in a file, a line of JSON
 * each; a crash loses nothing that passed before it. Throws `output-failed` when the file cannot be opened.
 *
 * @param onFailed  told once when the file cannot be written any more, as on a full disk: it ends there, and the chip is served on.
 */
export function openRecorder(
  path: string,
  { text: address, dialect }: ChipAddress,
  startedAt: string,
  onFailed: (error: MhoError) => void,
): (line: Transport) => Transport {
  let file: number;
  try {
    file = openSync(path, "w");
  } catch (error) {
    throw new MhoError(
      "output-failed",
      `Cannot write the transcript ${path}: ${whyNotWritten(error, path)}. Name another file with --transcript.`,
      { file: path },
      error,
    );
  }
  const begun = systemClock.nowMicroseconds();
  let failed = false;
  const write = (record: object): void => {
    if (failed) return;
    try {
      writeSync(file, `${JSON.stringify(record)}\n`);
    } catch (error) {
      failed = true;
      onFailed(cut(path, error));
    }
  };
  write({ format: "mho-transcript", version: 1, dialect: dialect.name, address, started_at: startedAt });
  return (line) => recorded(line, () => systemClock.nowMicroseconds() - begun, write);
}

function cut(path: string, error: unknown): MhoError {
  return new MhoError(
    "output-failed",
    `The transcript ${path} is cut off: ${whyNotWritten(error, path)}. The chip was served on, and what was done to it is kept as usual.`,
    { file: path },
    error,
  );
}
