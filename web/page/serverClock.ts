/** What runs are judged by: they and the server share a clock, from which the browser's own may be far off. */
export function serverNow(): number {
  return Date.now() + aheadMilliseconds;
}

/** @param iso  what the server's clock shows now. */
export function setServerClock(iso: string): void {
  const shown = Date.parse(iso);
  if (!Number.isNaN(shown)) aheadMilliseconds = shown - Date.now();
}

let aheadMilliseconds = 0;
