import { isLikely, listPorts, perhapsBoard } from "../drivers/ports.ts";
import { type ConnectedDriver, ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import { systemClock } from "../drivers/systemClock.ts";
import type { StopRequest } from "../src/clock.ts";
import type { LogFields } from "../src/log.ts";
import type { ChipAddress } from "./address.ts";
import { builtInDialects } from "./dialects.ts";
import type { BenchEvent } from "./events.ts";
import type { ChipLogs } from "./logs/chipLogs.ts";
import { type ChipOptions, openChip } from "./openChip.ts";
import { wallTime } from "./wallTime.ts";

/**
 * Opens a chip whose link may be lost and found again, also under another name of the port.
 *
 * @param lasting  how long a link may be gone; read each time that one is.
 */
export async function openLasting(
  address: ChipAddress,
  {
    opening,
    stop,
    emit,
    logs,
  }: { opening: ChipOptions; stop: StopRequest; emit: (event: BenchEvent) => void; logs: ChipLogs },
  lasting: { readonly patienceMilliseconds: number },
): Promise<ReconnectingDriver> {
  let next = 0;
  const { log } = logs;
  const connections = new WeakMap<ConnectedDriver, LogFields>();
  const connect = (to: ChipAddress): Promise<ConnectedDriver> =>
    openChip(to, {
      ...opening,
      log,
      onConnected: (driver, connection) => void connections.set(driver, connection),
    });
  /** The port itself and, from time to time, each other one that could be it: of a board that says who it is. */
  const open = async (): Promise<ConnectedDriver> => {
    const others =
      address.scheme === "serial" && address.dialect.lacks?.includes("serialNumber") !== true
        ? (await listPorts(log))
            .filter((port) => isLikely(port) && perhapsBoard(port, builtInDialects) === undefined)
            .map(({ path }) => path)
        : [];
    const places = [address.target, ...others.filter((path) => path !== address.target)];
    return connect({ ...address, target: places[next++ % places.length]! });
  };
  return new ReconnectingDriver(await connect(address), {
    open,
    get patienceMilliseconds() {
      return lasting.patienceMilliseconds;
    },
    stopped: () => stop.requested,
    wallTime,
    now: () => systemClock.nowMicroseconds() / 1000,
    // A wait for the chip keeps the process alive, unlike a deadline.
    sleep: (milliseconds) => systemClock.sleep(1000 * milliseconds),
    onEvent: emit,
    log,
    onIdentity: ({ serialNumber, boot }, driver) =>
      logs.know({ ...connections.get(driver), serial_number: serialNumber, boot }),
  });
}
