import { closeSync, openSync, writeSync } from "node:fs";
import { systemClock } from "../drivers/systemClock.ts";
import { recorded } from "../drivers/transcript.ts";
import type { Transport } from "../drivers/transport.ts";
import { MhoError } from "../src/errors.ts";

/**
 * Records every byte of a transport in a file, a line of JSON each; what passed before a crash is there. Throws
 * `output-failed` when the file cannot be written.
 */
export function recordTo(path: string, transport: Transport, address: string, startedAt: string): Transport {
  let file: number;
  try {
    file = openSync(path, "w");
  } catch (error) {
    throw new MhoError(
      "output-failed",
      `Cannot write the transcript ${path}: ${(error as Error).message}. Name another file with --transcript.`,
      { file: path },
      error,
    );
  }
  const write = (record: object): void => void writeSync(file, `${JSON.stringify(record)}\n`);
  write({ format: "mho-transcript", version: 1, dialect: "packet", address, started_at: startedAt });
  const line = recorded(transport, () => systemClock.nowMicroseconds(), write);
  return {
    ...line,
    async close() {
      await line.close();
      closeSync(file);
    },
  };
}
