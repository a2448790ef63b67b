import { MhoError } from "../src/errors.ts";

/**
 * The calls of a driver for what its boards cannot do.
 *
 * @param what  such as `multiply`.
 */
export function lacking(address: string, what: string): Promise<never> {
  return Promise.reject(new MhoError("chip-refused", `The board at ${address} cannot ${what}.`, { address }));
}
