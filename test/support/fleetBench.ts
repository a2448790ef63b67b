import { EventStream, type StampedEvent } from "../../lab/events.ts";
import { type FleetParts, workFromServer } from "../../lab/fleet/workFromServer.ts";
import type { Worked } from "../../lab/queue/work.ts";
import { Workplace } from "../../lab/workplace.ts";
import { noConfig } from "../../files/config.ts";
import { MhoError } from "../../src/errors.ts";
import { emptyFolder } from "./folders.ts";

/** A bench that works from a server, in this process. Its chips say who they are at once, and its jobs do what the test says. */
export interface TestBench {
  readonly folder: string;
  readonly events: StampedEvent<{ type: string }>[];
  /** Resolves when its worker has ended; rejects as that does. */
  readonly ended: Promise<Worked>;
  /** Resolves when the server knows its chips. */
  ready(): Promise<void>;
  /** As Ctrl-C does. */
  stop(): Promise<void>;
  /** Resolves with the first event that fits, also where it was before. */
  heard(type: string, fits?: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
}

export interface TestBenchOptions extends FleetParts {
  readonly folder?: string;
  /** Addresses by nickname. */
  readonly chips: Readonly<Record<string, string>>;
  readonly keep?: boolean;
}

export function startBench(server: string, bench: string, options: TestBenchOptions): TestBench {
  const { folder = emptyFolder(), chips, keep = true, ...parts } = options;
  const stop = new AbortController();
  const events: StampedEvent<{ type: string }>[] = [];
  const waiting = new Set<() => void>();
  const stream = new EventStream(
    (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
    () => "2026-11-30T00:00:00.000Z",
  );
  const place = new Workplace({ workspace: folder, signal: stop.signal }, stream, { ...noConfig, chips });
  const work = async (): Promise<Worked> => {
    try {
      const usual = { identify: identified, heartbeatMilliseconds: 200 };
      return await workFromServer(place, { server, bench, keep }, () => undefined, { ...usual, ...parts });
    } finally {
      await place.close();
    }
  };
  const ended = work();
  // Whoever waits for it hears of it.
  ended.catch(() => {});
  return {
    folder,
    events,
    ended,
    async ready() {
      await this.heard("joined_server");
    },
    async stop() {
      stop.abort();
      await ended.catch(() => {});
    },
    heard(type, fits = () => true) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find((event) => event.type === type && fits(event as never));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found as never);
        };
        waiting.add(look);
        ended.catch((error: unknown) => reject(error as Error));
        look();
      });
    },
  };
}

/** A job that goes on until its worker is stopped. */
export function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new MhoError("interrupted", "Stopped."));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Every chip calls itself by its address's seed. */
const identified: FleetParts["identify"] = (_, address) =>
  Promise.resolve({
    chip: { name: "pcm-64", serialNumber: /seed=(\d+)/.exec(address)?.[1] ?? "7" },
    description: undefined,
  });
