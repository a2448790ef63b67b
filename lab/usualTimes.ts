import type { Seconds } from "../src/units.ts";

/** The ages at which errors count where nothing else is said. */
export const usualTimesSeconds: readonly Seconds[] = [1, 60, 3600, 86_400, 30 * 86_400, 360 * 86_400];
