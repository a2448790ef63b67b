/**
 * What pulses do to a device in the long run, where a chip is so made: each doubling of 1 + pulses/N moves its thresholds
 * down by 4 % and makes it drift or relax more by 20 %. docs/emulator.md has the sources.
 *
 * @param felt    pulses that the device has felt.
 * @param pulses  N; 0 for devices that cycling leaves as they are.
 * @returns doublings.
 */
export function cycledDoublings(felt: number, pulses: number): number {
  return pulses === 0 ? 0 : Math.log(1 + felt / pulses) / Math.LN2;
}

/** Factor on the amplitude or voltage at which a device begins to answer. */
export function cycledThreshold(doublings: number): number {
  return 1 - Math.min(0.5, 0.04 * doublings);
}

/** Factor on how strongly it drifts or relaxes. */
export function cycledUnrest(doublings: number): number {
  return 1 + 0.2 * doublings;
}
