import type { ChipDriver } from "../chip/driver.ts";
import type { Clock } from "../clock.ts";
import type { Microseconds } from "../units.ts";

/** Waits for a chip time: by moving it where the chip allows that, else by sleeping, awake for what is asked of the run. */
export async function waitUntil(
  { driver, clock }: { readonly driver: ChipDriver; readonly clock: Clock },
  virtualTime: boolean,
  due: Microseconds,
  checkRequests: () => Promise<void>,
): Promise<void> {
  while (due > 0) {
    await checkRequests();
    const left = due - (await (virtualTime ? driver.chipTime() : driver.heartbeat()));
    if (left <= 0) return;
    if (virtualTime) await driver.advance(Math.ceil(left));
    else await clock.sleep(Math.min(left, longestSleep));
  }
}

/** Between two heartbeats: a link that fell silent is noticed within a second. */
const longestSleep: Microseconds = 200_000;
