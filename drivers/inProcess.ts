import { MhoError } from "../src/errors.ts";
import { after } from "./systemClock.ts";
import type { Transport } from "./transport.ts";

/** Something in this process that speaks a chip's bytes. */
export interface BytePeer {
  receive(bytes: Uint8Array): readonly (Uint8Array | LateBytes)[];
}

/** Bytes that take a while. */
export interface LateBytes {
  readonly bytes: Uint8Array;
  readonly lateMilliseconds: number;
}

/** A line to a peer in the same process: the same bytes as over a cable, answered in a later turn of the loop. */
export function connectInProcess(peer: BytePeer): Transport {
  let onBytes: (bytes: Uint8Array) => void = () => {};
  let onClosed: (reason: string) => void = () => {};
  let open = true;
  return {
    port: "in process",
    keepsUp: true,
    onBytes(listener) {
      onBytes = listener;
    },
    onClosed(listener) {
      onClosed = listener;
    },
    async write(bytes) {
      if (!open) throw new MhoError("link-lost", "The in-process line is closed.");
      const answers = peer.receive(bytes);
      // Not behind a promise: signals and other sockets must be heard while a run works on.
      await new Promise((next) => setImmediate(next));
      if (!open) return;
      for (const answer of answers) {
        if (answer instanceof Uint8Array) onBytes(answer);
        else if (answer.lateMilliseconds === 0) onBytes(answer.bytes);
        else after(answer.lateMilliseconds, () => open && onBytes(answer.bytes));
      }
    },
    close() {
      if (open) {
        open = false;
        onClosed("the port was closed");
      }
      return Promise.resolve();
    },
  };
}
