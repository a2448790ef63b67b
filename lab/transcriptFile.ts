import { openSync, writeSync } from "node:fs";
import { systemClock } from "../drivers/systemClock.ts";
import { recorded } from "../drivers/transcript.ts";
import type { Transport } from "../drivers/transport.ts";
import { whyNotWritten } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import type { ChipAddress } from "./address.ts";

/**
 * Records every byte of a chip's lines, one after the other when a link is lost and found again, in a file, a line of JSON
 * each; a crash loses nothing that passed before it. Throws `output-failed` when the file cannot be written.
 */
export function openRecorder(
  path: string,
  { text: address, dialect }: ChipAddress,
  startedAt: string,
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
  const write = (record: object): void => void writeSync(file, `${JSON.stringify(record)}\n`);
  write({ format: "mho-transcript", version: 1, dialect: dialect.name, address, started_at: startedAt });
  return (line) => recorded(line, () => systemClock.nowMicroseconds() - begun, write);
}
