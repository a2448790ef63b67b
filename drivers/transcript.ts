import type { Microseconds } from "../src/units.ts";
import type { Transport } from "./transport.ts";

/** One line of a transcript: what passed, which way, and when. */
export interface TranscriptLine {
  readonly microseconds: Microseconds;
  readonly to: "chip" | "host";
  readonly hex: string;
}

/** A transport that lets every byte pass and tells of it. */
export function recorded(
  transport: Transport,
  now: () => Microseconds,
  tell: (line: TranscriptLine) => void,
): Transport {
  const told = (to: TranscriptLine["to"], bytes: Uint8Array): void =>
    tell({ microseconds: now(), to, hex: Buffer.from(bytes).toString("hex") });
  return {
    port: transport.port,
    write(bytes) {
      told("chip", bytes);
      return transport.write(bytes);
    },
    onBytes: (listener) =>
      transport.onBytes((bytes) => {
        told("host", bytes);
        listener(bytes);
      }),
    onClosed: (listener) => transport.onClosed(listener),
    close: () => transport.close(),
  };
}
