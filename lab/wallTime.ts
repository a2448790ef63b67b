/** Now, ISO 8601. */
export const wallTime = (): string => new Date().toISOString();

/** Of this machine's clock so many seconds from now, such as 14:32:10; with its day when that is half a day or more away. */
export function localTimeIn(seconds: number): string {
  const at = new Date(Date.now() + 1000 * seconds);
  // Sweden writes 2026-11-29 14:32:10.
  return seconds < 43_200 ? at.toLocaleTimeString("sv-SE") : at.toLocaleString("sv-SE").slice(0, 16);
}
