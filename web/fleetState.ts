import type { Alarm } from "../src/fleet/alarms.ts";
import type { RunAtBench } from "../src/run/store.ts";

/** What the server tells the page of its benches, as JSON: what is not known is null. */
export interface FleetState {
  /** Those that are silent first, then those that are online, then those that stopped. */
  readonly benches: readonly BenchLine[];
  readonly chips: readonly ChipLine[];
  readonly jobs: { readonly waiting: number; readonly underWay: number; readonly failed: number };
  /** Failed jobs by the code of their reason, the commonest first. */
  readonly failures: readonly FailureLine[];
  readonly alarms: readonly Alarm[];
  /** How many more there are. */
  readonly alarmsLeftOut: number;
}

export interface BenchLine {
  readonly name: string;
  readonly state: "online" | "silent" | "stopped";
  /** When it was heard last, ISO 8601; null of one that is online: it is heard again and again. */
  readonly heardAt: string | null;
  /** For a person; empty for nothing. */
  readonly doing: string;
  readonly freeGigabytes: number | null;
  readonly chips: readonly string[];
  readonly host: string;
  readonly version: string;
}

export interface ChipLine {
  /** `NAME/SERIAL`. */
  readonly chip: string;
  readonly wafer: string | null;
  readonly die: string | null;
  /** The bench that has its lease. */
  readonly bench: string | null;
  /** Its newest run, and as the bench calls it that made it. */
  readonly run: string | null;
  readonly madeAt: RunAtBench | null;
  readonly yieldPercent: number | null;
  readonly errorPercent: number | null;
  readonly errorAgeSeconds: number | null;
  readonly exponent: number | null;
  readonly pulsesPerDevice: number | null;
  readonly isOutOfForecast: boolean;
}

export interface FailureLine {
  readonly code: string;
  /** The first of them. */
  readonly jobs: readonly string[];
  readonly count: number;
  /** What was said of the newest of them. */
  readonly message: string;
}
