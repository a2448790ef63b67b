import fs from "node:fs";
import { promisify } from "node:util";
import {
  autoDetect,
  LinuxBinding,
  type LinuxOpenOptions,
  type LinuxPortBinding,
} from "@serialport/bindings-cpp";
import { SerialPortStream } from "@serialport/stream";
import { MhoError } from "../src/errors.ts";
import { describeHolder, forgetHolder, holderOf, noteHolder } from "./holders.ts";
import { plain } from "./linkErrors.ts";
import { streamTransport } from "./streamTransport.ts";
import type { Transport } from "./transport.ts";

/**
 * Opens a serial port, 8N1, exclusively. Throws `port-failed` when there is none or somebody holds it.
 *
 * The port is left as it was found on closing (`hupcl` off), since dropping the modem lines resets many boards.
 */
export async function openSerial(path: string, baudRate: number): Promise<Transport> {
  const binding = process.platform === "linux" ? guardedLinux : autoDetect();
  const options = { binding, path, baudRate, autoOpen: false, hupcl: false, lock: true };
  const stream = new SerialPortStream(options as ConstructorParameters<typeof SerialPortStream>[0]);
  // An open that fails says so twice.
  stream.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    stream.open((error) => (error ? reject(portFailed(path, error)) : resolve()));
  });
  noteHolder(path, process.title, new Date().toISOString());
  stream.once("close", () => forgetHolder(path));
  return streamTransport(stream, {
    port: path,
    isOpen: () => stream.isOpen,
    end: () => stream.close(),
    advice: "Check the cable and the board's power.",
  });
}

/** Who holds a port, as far as it is known. */
function heldBy(path: string): string {
  const holder = holderOf(path);
  return holder === undefined ? "another program holds it" : describeHolder(holder);
}

function portFailed(path: string, error: Error): MhoError {
  const text = error.message;
  const reason = /lock/i.test(text)
    ? [heldBy(path), "Close that program, then try again."]
    : /no such file|ENOENT|cannot find/i.test(text)
      ? ["there is no such port", "Check the cable and the name; ls /dev/tty* lists what is there."]
      : /permission|EACCES/i.test(text)
        ? ["this user may not open it", "Add the user to the group that owns it (often dialout)."]
        : /inappropriate ioctl|ENOTTY|not a typewriter/i.test(text)
          ? ["it is no serial port", "mho ports lists those that are there."]
          : [saidBySystem(text), "Check that it is a serial port."];
  return new MhoError(
    "port-failed",
    `Cannot open ${path}: ${reason[0]}. ${reason[1]}`,
    { port: path },
    error,
  );
}

/** `Error: Access denied, cannot open /dev/x` without what we say ourselves. */
function saidBySystem(text: string): string {
  return plain(text.replace(/^(Error: *)+/i, "").replace(/,? *cannot open .*$/i, "")) || "it cannot be used";
}

/**
 * `@serialport/bindings-cpp` reads a hung-up terminal again for ever, at the cost of most of a core and of the
 * `close` event. Here a read of no bytes is the end of the line.
 */
const guardedLinux = {
  list: () => LinuxBinding.list(),
  async open(options: LinuxOpenOptions): Promise<LinuxPortBinding> {
    const port = await LinuxBinding.open(options);
    port.read = (buffer, offset, length) => readOnce(port, buffer, offset, length);
    keepBothWaits(port.poller);
    return port;
  },
};

/**
 * A wait of the reader would replace the writer's in the native poller, and the writer then sleeps until the chip
 * speaks, which it may not do before it has the whole request. Every wait therefore asks for both.
 */
function keepBothWaits(poller: LinuxPortBinding["poller"]): void {
  const poll = poller.poll.bind(poller);
  poller.poll = (flag = 0) =>
    poll(
      flag |
        (poller.listenerCount("readable") > 0 ? uvReadable : 0) |
        (poller.listenerCount("writable") > 0 ? uvWritable : 0),
    );
}

/** Event bits of libuv's `uv_poll_start`. */
const uvReadable = 1;
const uvWritable = 2;

const readDescriptor = promisify(fs.read);

async function readOnce(
  port: LinuxPortBinding,
  buffer: Buffer,
  offset: number,
  length: number,
): Promise<{ buffer: Buffer; bytesRead: number }> {
  for (;;) {
    if (port.fd === null) throw canceled();
    try {
      const { bytesRead } = await readDescriptor(port.fd, buffer, offset, length, null);
      if (bytesRead === 0) throw Object.assign(new Error("the serial line hung up"), { disconnect: true });
      return { buffer, bytesRead };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EIO" || code === "EBADF" || code === "ENXIO") {
        throw Object.assign(new Error("the serial line hung up"), { disconnect: true, cause: error });
      }
      if (code !== "EAGAIN" && code !== "EINTR") throw error;
      // Closed while the read was under way: polling a destroyed poller crashes the process.
      if (port.fd === null) throw canceled();
      await new Promise<void>((resolve, reject) =>
        port.poller.once("readable", (failure: Error | null) => (failure ? reject(failure) : resolve())),
      );
    }
  }
}

function canceled(): Error {
  return Object.assign(new Error("Port is not open"), { canceled: true });
}
