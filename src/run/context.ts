import type { ChipDriver } from "../chip/driver.ts";
import type { Clock, StopRequest } from "../clock.ts";
import type { Log } from "../log.ts";
import type { ProgrammingMethod } from "../program/method.ts";
import { builtInMethods, methodFor } from "../program/methods.ts";
import type { RunEvent } from "./events.ts";
import type { RunNote } from "./journal.ts";
import type { RunPlan } from "./plan.ts";
import type { RunId, RunStore } from "./store.ts";

/** The world as work on a chip sees it: programming, watching and pausing alike. */
export interface RunContext {
  readonly driver: ChipDriver;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly stop: StopRequest;
  /** All that a plan may name; the built-in ones when not given. */
  readonly methods?: readonly ProgrammingMethod[];
  /** A whole number by chance, 0 … 2³² − 1: how far a run's tickets leap beyond those of all others. No leap where not given. */
  readonly ticketLeap?: () => number;
  /** Whether to go on with a chip that has fired what this workspace did not book. */
  readonly acceptUnknownWear?: boolean;
  /** Now, ISO 8601. */
  readonly wallTime: () => string;
  /** Writes down what the chip's clock and the wall's show together. */
  readonly markClock?: () => Promise<void>;
  /** What happened to the link since this was last asked. */
  readonly linkNotes?: () => readonly RunNote[];
  /** Names who is told as soon as such notes exist, also while a request waits for the link to come back. */
  readonly onLinkNote?: (listener: () => void) => void;
  readonly onEvent: (event: RunEvent) => void;
  /** For whoever looks for a fault later; no records are kept when not given. */
  readonly log?: Log;
  /** Told, where one loop reads several runs, for which of them the chip is read now. */
  readonly onReading?: (run: RunId | undefined) => void;
}

/** The method that a plan names, on the chip that it works on. Throws `bad-argument` naming one that is not known. */
export function methodOf({ methods, driver }: RunContext, { method }: RunPlan): ProgrammingMethod {
  return methodFor(methods ?? builtInMethods, method, driver.description);
}
