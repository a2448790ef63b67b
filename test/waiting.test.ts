import { expect, it } from "vitest";
import type { ChipDriver } from "../src/chip/driver.ts";
import { waitUntil } from "../src/run/waiting.ts";
import { stillClock } from "./support/chips.ts";

it("a chip whose time does not move when it is told to ends the wait with its address, instead of none", async () => {
  const driver = {
    address: "serial:/dev/ttyACM0",
    chipTime: () => Promise.resolve(7),
    advance: () => Promise.resolve(7),
  } as unknown as ChipDriver;
  await expect(
    waitUntil({ driver, clock: stillClock() }, true, 1000, () => Promise.resolve()),
  ).rejects.toMatchObject({
    code: "chip-refused",
    message: expect.stringMatching(
      /^The chip at serial:\/dev\/ttyACM0 was told 3 times to move its time on/,
    ) as string,
  });
});
