import type { ChipDriver } from "../chip/driver.ts";
import type { Clock } from "../clock.ts";
import { MhoError } from "../errors.ts";
import type { Microseconds, Seconds } from "../units.ts";

/** Waits for a chip time: by moving it where the chip allows that, else by sleeping, awake for what is asked of the run. */
export async function waitUntil(
  { driver, clock }: { readonly driver: ChipDriver; readonly clock: Clock },
  virtualTime: boolean,
  due: Microseconds,
  checkRequests: () => Promise<unknown>,
): Promise<void> {
  let before = Number.NaN;
  let inVain = 0;
  while (due > 0) {
    await checkRequests();
    const now = await (virtualTime ? driver.chipTime() : driver.heartbeat());
    const left = due - now;
    if (left <= 0) return;
    if (!virtualTime) {
      await clock.sleep(Math.min(left, longestSleep));
      continue;
    }
    inVain = now === before ? inVain + 1 : 0;
    if (inVain >= mostInVain) throw standsStill(driver.address, now);
    before = now;
    await driver.advance(Math.ceil(left));
  }
}

/** Shorter waits are not told of. */
export const toldWaitSeconds: Seconds = 1;

/** A chip whose time is to be moved, and does not move, would be waited for without end. */
function standsStill(address: string, time: Microseconds): MhoError {
  return new MhoError(
    "chip-refused",
    `The chip at ${address} was told ${mostInVain} times to move its time on, and it still is ${time} µs. Check its firmware.`,
    { address, chipTimeMicroseconds: time },
  );
}

const mostInVain = 3;

/** Between two heartbeats: a link that fell silent is noticed within a second. */
const longestSleep: Microseconds = 200_000;
