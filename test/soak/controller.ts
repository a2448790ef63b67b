import { type ConnectedDriver, ReconnectingDriver } from "../../drivers/reconnectingDriver.ts";
import { SteadyClock } from "../../drivers/steadyClock.ts";
import type { Transport } from "../../drivers/transport.ts";
import { builtInDialects, dialectNamed } from "../../lab/dialects.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import type { RunContext } from "../../src/run/context.ts";
import type { RunStore } from "../../src/run/store.ts";
import type { Cable } from "./cable.ts";
import { Draws } from "./draws.ts";
import type { VirtualTime } from "./virtualTime.ts";

/** What a controller's process does to the world: each write to the line, each call of the store. */
export interface Crossing {
  readonly kind: "line" | "store";
  /** Of the store: the method. */
  readonly what: string;
}

/** What is done to a process at one of its crossings; `before` and `after` say whether the act itself still happens. */
export type Interference = "none" | "die before" | "die after";

/** Starts a process for a store; asked at every crossing what is done to it. */
export type ProcessMaker = (
  store: RunStore,
  interfere: (crossing: Crossing) => Promise<Interference>,
) => Promise<Controller>;

export interface ControllerOptions {
  readonly time: VirtualTime;
  readonly cable: Cable;
  readonly description: ChipDescription;
  readonly dialect: string;
  readonly address: string;
  readonly session: number;
  readonly store: RunStore;
  /** Asked at every crossing; it may throw what the crossing then throws. */
  readonly interfere: (crossing: Crossing) => Promise<Interference>;
}

/**
 * A controller's process on one machine: a driver, a store and a wish to stop. When it dies, whatever it was doing stops
 * there: nothing it does reaches the world any more, and nothing is told to it.
 */
export class Controller {
  readonly driver: SteadyClock;
  readonly store: RunStore;
  readonly link: ReconnectingDriver;
  readonly stop = { requested: false };
  readonly died: Promise<"died">;
  readonly #options: ControllerOptions;
  #alive = true;
  #die: () => void = () => {};

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.died = new Promise((resolve) => (this.#die = () => resolve("died")));
    this.store = this.#guarded(options.store);
    const { time, description, dialect, address } = options;
    let session = options.session;
    const connect = (): ConnectedDriver => {
      const transport = this.#wire(options.cable.open());
      const settings = { address, description, session: session++, after: time.after };
      return dialectNamed(builtInDialects, dialect).open(transport, settings);
    };
    this.link = new ReconnectingDriver(connect(), {
      open: () => Promise.resolve().then(connect),
      patienceMilliseconds: 60_000,
      stopped: () => this.stop.requested,
      now: () => time.awakeMicroseconds() / 1000,
      sleep: (milliseconds) => time.sleep(1000 * milliseconds),
      wallTime: this.wallTime,
      onEvent: () => {},
    });
    this.driver = new SteadyClock(this.link, this.store, this.wallTime);
  }

  readonly wallTime = (): string =>
    new Date(Date.UTC(2026, 0, 1) + this.#options.time.nowMicroseconds() / 1000).toISOString();

  /** The world as its runs see it. */
  context(acceptUnknownWear: boolean): RunContext {
    const { driver, store, stop, wallTime, link } = this;
    const { time, session } = this.#options;
    const leaps = new Draws(session, "leaps");
    return {
      driver,
      store,
      stop,
      wallTime,
      acceptUnknownWear,
      clock: time,
      ticketLeap: () => leaps.whole(0x1_0000_0000),
      linkNotes: () => link.linkNotes(),
      onLinkNote: (listener) => link.onLinkNote(listener),
      onEvent: () => {},
    };
  }

  /** Ends it where it is. */
  kill(): void {
    this.#alive = false;
    this.#die();
  }

  async #cross<T>(crossing: Crossing, act: () => Promise<T>): Promise<T> {
    if (!this.#alive) return forNobody();
    const interference = await this.#options.interfere(crossing);
    if (!this.#alive) return forNobody();
    if (interference === "die before") {
      this.kill();
      return forNobody();
    }
    const result = await act();
    if (interference === "die after") this.kill();
    return this.#alive ? result : forNobody();
  }

  #wire(transport: Transport): Transport {
    return {
      ...transport,
      onBytes: (listener) => transport.onBytes((bytes) => this.#alive && listener(bytes)),
      onClosed: (listener) => transport.onClosed((reason) => this.#alive && listener(reason)),
      write: (bytes) => this.#cross({ kind: "line", what: "write" }, () => transport.write(bytes)),
    };
  }

  #guarded(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name, target) as unknown;
        if (typeof method !== "function") return method;
        const call = (...given: unknown[]): unknown => Reflect.apply(method, target, given) as unknown;
        // Iteration only reads, and is let through as it is.
        if (name === "turns" || name === "sweeps") return call;
        return (...given: unknown[]) =>
          this.#cross({ kind: "store", what: String(name) }, () => call(...given) as Promise<unknown>);
      },
    });
  }
}

/** Nobody is there any more to hear of it. */
function forNobody(): Promise<never> {
  // One for each: a shared one would remember all who wait for it.
  return new Promise<never>(() => {});
}
