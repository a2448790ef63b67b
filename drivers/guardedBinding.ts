import fs from "node:fs";
import { promisify } from "node:util";
import type { SerialPort } from "serialport";

type Binding = typeof SerialPort.binding;
type Options = Parameters<Binding["open"]>[0];
type Port = Awaited<ReturnType<Binding["open"]>>;
/** A port on Linux or macOS, whose waits go through a native poller. */
type PolledPort = Extract<Port, { readonly poller: unknown }>;
type Poller = PolledPort["poller"];

/** The binding of `serialport` for this system, with its known faults kept from the ports that it opens. */
export function guardedBinding(of: typeof SerialPort): Binding {
  const binding = of.binding as { open(options: Options): Promise<Port> };
  return {
    list: () => of.list(),
    async open(options: Options): Promise<Port> {
      const port = await binding.open(options);
      if ("poller" in port) {
        keepBothWaits(port.poller);
        keepTurn(port.poller);
        if (process.platform === "linux") {
          port.read = (buffer, offset, length) => readOnce(port, buffer, offset, length);
        }
      }
      return port;
    },
  } as Binding;
}

/**
 * A wait of the reader would replace the writer's in the native poller, and the writer then sleeps until the chip
 * speaks, which it may not do before it has the whole request. Every wait therefore asks for both.
 */
function keepBothWaits(poller: Poller): void {
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

/**
 * From Node 26.3 on promises that the native poller's events settle are not continued before something else wakes the
 * process (nodejs/node#62969, serialport/node-serialport#3148): a run took ten times as long. After an immediate they are.
 */
function keepTurn(poller: Poller): void {
  const emit = poller.emit.bind(poller);
  poller.emit = (event: string, ...details: unknown[]) => {
    setImmediate(emit, event, ...details);
    return poller.listenerCount(event) > 0;
  };
}

const readDescriptor = promisify(fs.read);

/**
 * The binding reads a hung-up terminal again for ever, at the cost of most of a core and of the `close` event. Here a read
 * of no bytes is the end of the line.
 */
async function readOnce(
  port: PolledPort,
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
