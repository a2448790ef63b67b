import { readFileSync, realpathSync, statSync } from "node:fs";
import { MhoError } from "../src/errors.ts";
import { shellWord } from "../src/shell.ts";
import { guardedBinding } from "./guardedBinding.ts";
import { plain } from "./linkErrors.ts";
import { lockPort, ownerOf, type PortOptions } from "./portLock.ts";
import { serialPackage } from "./serialPackage.ts";
import { streamTransport } from "./streamTransport.ts";
import type { Transport } from "./transport.ts";

export interface SerialOptions extends PortOptions {
  /** `none` when not given. Pseudo-terminals know none, and are opened without. */
  readonly parity?: "even" | undefined;
}

/**
 * Opens a serial port, eight data bits and one stop bit, exclusively. Throws `port-failed` when there is none or somebody holds it.
 *
 * The port is left as it was found on closing (`hupcl` off), since dropping the modem lines resets many boards.
 */
export async function openSerial(
  path: string,
  baudRate: number,
  { parity: wanted, ...portOptions }: SerialOptions = {},
): Promise<Transport> {
  const { SerialPort } = await serialPackage();
  const lock = lockPort(path, portOptions);
  const parity = wanted === undefined || isPseudoTerminal(path) ? "none" : wanted;
  const rest = { path, baudRate, parity, autoOpen: false, hupcl: false, lock: true } as const;
  const options = { binding: guardedBinding(SerialPort), ...rest };
  const stream = new SerialPort(options);
  // An open that fails says so twice.
  stream.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    stream.open((error) => {
      if (!error) return resolve();
      lock.release();
      reject(portFailed(path, error));
    });
  });
  stream.once("close", () => lock.release());
  return streamTransport(stream, {
    port: path,
    isOpen: () => stream.isOpen,
    end: () => stream.close(),
    bytesPerSecond: baudRate / (parity === "none" ? bitsPerByte : bitsPerByte + 1),
    advice: "Check the cable and the board's power.",
  });
}

/** 8N1: start, eight data bits, stop. */
const bitsPerByte = 10;

function isPseudoTerminal(path: string): boolean {
  try {
    return /^\/dev\/(pts\/\d|ttys\d)/.test(realpathSync(path));
  } catch {
    // Opening it says what is wrong.
    return false;
  }
}

export function portFailed(path: string, error: Error): MhoError {
  const text = error.message;
  const reason = /lock/i.test(text)
    ? [ownerOf(path) ?? "another program holds it", "Close that program, then try again."]
    : /no such file|ENOENT|cannot find/i.test(text)
      ? ["there is no such port", "Check the cable and the name; ls /dev/tty* lists what is there."]
      : /permission|EACCES/i.test(text)
        ? ["this user may not open it", joinGroup(path)]
        : /inappropriate ioctl|ENOTTY|not a typewriter/i.test(text)
          ? ["it is not a serial port", "mho ports lists the ports of this machine."]
          : [saidBySystem(text), "Check that it is a serial port."];
  return new MhoError(
    "port-failed",
    `Cannot open ${path}: ${reason[0]}. ${reason[1]}`,
    { port: path },
    error,
  );
}

/** How a user comes to be in the group that owns a port, by its name where the system tells it. */
function joinGroup(path: string): string {
  return (
    `Join the group that owns it (sudo usermod -aG ${groupOf(path) ?? "dialout"} $USER), then log out and in again. ` +
    `ls -l ${shellWord(path)} shows the group.`
  );
}

function groupOf(path: string): string | undefined {
  try {
    const { gid } = statSync(path);
    const lines = readFileSync("/etc/group", "utf8").split("\n");
    return lines.map((line) => line.split(":")).find(([, , number]) => number === String(gid))?.[0];
  } catch {
    return undefined;
  }
}

/** `Error: Access denied, cannot open /dev/x` without what we say ourselves. */
function saidBySystem(text: string): string {
  return plain(text.replace(/^(Error: *)+/i, "").replace(/,? *cannot open .*$/i, "")) || "it cannot be used";
}
