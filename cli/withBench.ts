import type { Bench } from "../lab/bench.ts";
import type { Workplace, WorkplaceOptions } from "../lab/workplace.ts";
import type { LogLevel } from "../src/log.ts";
import type { Output } from "./output.ts";
import { MhoError } from "../src/errors.ts";
import { type ExpectedWork, expectedWork } from "../src/run/estimate.ts";
import type { RunId } from "../src/run/store.ts";
import { listenForStop } from "./stop.ts";
import { type Names, tellEvents } from "./tellEvents.ts";

/** The flags that name a bench. */
export interface BenchFlags {
  readonly seed: number;
  readonly workspace?: string | undefined;
  readonly chip?: string | undefined;
  readonly config?: string | undefined;
  /** Of what must be done whatever a file says. */
  readonly configMayFail?: boolean | undefined;
  readonly transcript?: string | undefined;
  readonly acceptUnknownWear?: boolean | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** What an experiment brings along. */
  readonly extensions?: WorkplaceOptions["extensions"];
}

/** Tells people of events in a way of its own. */
type Teller = Parameters<Output["onEvent"]>[0];

/** Opens a bench for a command, tells people what happens on it, hears whatever asks to stop, and closes it. */
export async function withBench(
  flags: BenchFlags,
  output: Output,
  names: Names | Teller,
  work: (bench: Bench, place: Workplace) => Promise<void>,
): Promise<void> {
  const { Bench, configOf, Workplace } = await import("../lab/bench.ts");
  const stop = listenForStop(output);
  try {
    const config = await configOf(flags).catch((error: unknown) => {
      if (!(error instanceof MhoError) || flags.configMayFail !== true) throw error;
      output.say(`${error.message} The command goes on without it.`);
      return undefined;
    });
    const place = new Workplace({ ...flags, signal: stop.signal }, output.events, config);
    output.onEvent(
      typeof names === "function"
        ? names
        : tellEvents(output, {
            ...names,
            // The line goes without a time left where it cannot be known.
            expectedWork: (run) => expectedWorkOf(place, run).catch(() => undefined),
          }),
    );
    stop.onSecond(place);
    try {
      await work(new Bench(place), place);
    } finally {
      await place.close();
    }
  } finally {
    stop.release();
  }
}

async function expectedWorkOf(place: Workplace, run: RunId): Promise<ExpectedWork | undefined> {
  const store = await place.existingStore();
  return expectedWork(await store.plan(run), await store.description(run), place.registries.methods);
}
