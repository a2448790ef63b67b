import { isLikely, listPorts } from "../drivers/ports.ts";
import { type ConnectedDriver, ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { formatDuration } from "../src/units.ts";
import type { StopRequest } from "../src/clock.ts";
import type { ChipAddress } from "./address.ts";
import { type ChipOptions, openChip } from "./openChip.ts";
import type { Output } from "../cli/output.ts";
import { wallTime } from "./wallTime.ts";

const usualPatienceMilliseconds = 30_000;

/** Opens a chip whose link may be lost and found again, also under another name of the port. */
export async function openLasting(
  address: ChipAddress,
  options: ChipOptions,
  stop: StopRequest,
  output: Output,
  patienceMilliseconds = usualPatienceMilliseconds,
): Promise<ConnectedDriver> {
  let next = 0;
  /** The port itself and, from time to time, each other one that could be it. */
  const open = async (): Promise<ConnectedDriver> => {
    const others =
      address.scheme === "serial" ? (await listPorts()).filter(isLikely).map(({ path }) => path) : [];
    const places = [address.target, ...others.filter((path) => path !== address.target)];
    return openChip({ ...address, target: places[next++ % places.length]! }, options);
  };
  return new ReconnectingDriver(await openChip(address, options), {
    open,
    patienceMilliseconds,
    stopped: () => stop.requested,
    wallTime,
    now: () => systemClock.nowMicroseconds() / 1000,
    // A wait for the chip keeps the process alive, unlike a deadline.
    sleep: (milliseconds) => systemClock.sleep(1000 * milliseconds),
    onEvent(event) {
      output.event(event);
      if (event.type === "link_lost") {
        output.say(
          `${event.reason} Trying for ${formatDuration(patienceMilliseconds / 1000)} to find the chip again.`,
        );
      } else {
        output.say(
          `The chip is back at ${event.port} after ${formatDuration(event.after_milliseconds / 1000)}.`,
        );
      }
    },
  });
}
