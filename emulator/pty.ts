import { createRequire } from "node:module";
import tty from "node:tty";
import { missingPackage } from "../src/errors.ts";
import type { ServedLine } from "./servedLine.ts";

/**
 * Opens a raw pseudo-terminal, whose name `serialport` opens like any serial port. The far end is held open here too, or the master would see an error and the path
 * would vanish as soon as the first client closes.
 */
export function openPty(): ServedLine {
  // The package's public open() reads the far end itself and loses bytes; its native one hands out both ends.
  const pair = native().open(80, 24);
  const farEnd = new tty.ReadStream(pair.slave);
  farEnd.setRawMode(true);
  farEnd.pause();
  const master = new tty.ReadStream(pair.master);
  master.on("error", () => {});
  return {
    name: pair.pty,
    onBytes: (listener) => void master.on("data", (chunk: Buffer) => listener(chunk)),
    write: (bytes) => void master.write(bytes),
    close() {
      master.destroy();
      farEnd.destroy();
    },
  };
}

interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

/** Throws `port-failed` where the package is missing. */
function native(): NativePty {
  try {
    const { requireBinary } = createRequire(import.meta.url)("@lydell/node-pty/requireBinary.js") as {
      requireBinary: (this: void, name: string) => NativePty;
    };
    return requireBinary("pty.node");
  } catch (error) {
    throw missingPackage(
      "@lydell/node-pty",
      "makes terminals for emulated chips",
      "A chip over TCP needs none: mho emulate … --tcp 0, and so does one in the process of a command: --chip emulator:pcm-64.",
      error,
    );
  }
}
