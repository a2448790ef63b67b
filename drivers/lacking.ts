import type { ChipCapabilities } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";

/** What a board declares that reads and pulses, and nothing else. */
export const readsAndPulsesOnly = {
  virtualTime: false,
  multiply: false,
  onBoardVerify: false,
  environment: false,
  references: false,
  burst: false,
  tickets: false,
  clock: false,
  codes: false,
  serialNumber: false,
} as const satisfies ChipCapabilities;

/**
 * The calls of a driver for what its boards cannot do.
 *
 * @param what  such as `multiply`.
 */
export function lacking(address: string, what: string): Promise<never> {
  return Promise.reject(new MhoError("chip-refused", `The board at ${address} cannot ${what}.`, { address }));
}
