/** How many boots one start of an emulator has room for: 255 restarts. */
const bootsOfAStart = 256;
const mostStarts = 0x7f_ffff;

/**
 * The boot that a new emulated chip begins with. It differs from start to start, so that a chip which was born anew is not taken for
 * the one before it, which had the same serial number.
 *
 * @param start  which start of an emulator it is; a random number will do.
 */
export function firstBootOf(start: number): number {
  return (start % mostStarts) * bootsOfAStart + 1;
}

/** Whether a chip of this boot is as it came from the factory: it was started, and not restarted since. */
export function isFirstBoot(boot: number): boolean {
  return boot % bootsOfAStart === 1;
}
