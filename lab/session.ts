import { randomInt } from "node:crypto";
import type { ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import { SteadyClock } from "../drivers/steadyClock.ts";
import { systemClock } from "../drivers/systemClock.ts";
import type { StandbyAnswer } from "../locks/channel.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import type { StopRequest } from "../src/clock.ts";
import { MhoError } from "../src/errors.ts";
import { loggedError } from "../src/log.ts";
import type { ProgrammingMethod } from "../src/program/method.ts";
import type { RunContext } from "../src/run/context.ts";
import type { RunEvent } from "../src/run/events.ts";
import { endedWith, hasGreeted, tryStandby } from "../src/run/standby.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import type { ChipAddress } from "./address.ts";
import type { BenchEvent } from "./events.ts";
import type { ChipLogs } from "./logs/chipLogs.ts";
import type { ChipOptions } from "./openChip.ts";
import { openLasting } from "./openLasting.ts";
import { wallTime } from "./wallTime.ts";
import { warnOfNoTickets } from "./warnings.ts";

/** How long a link may be gone before work on its chip is given up. */
export const patience = {
  /** A device half programmed should not wait for long. */
  programMilliseconds: 30_000,
  /** Nothing is under way between two sweeps: a watch of weeks outlives a cable that is out for a while. */
  watchMilliseconds: 3_600_000,
} as const;

export interface SessionOptions {
  readonly opening: ChipOptions;
  readonly store: RunStore;
  readonly stop: StopRequest;
  readonly methods: readonly ProgrammingMethod[];
  readonly acceptUnknownWear: boolean;
  readonly emit: (event: BenchEvent) => void;
  readonly logs: ChipLogs;
  /**
   * Another process asked for standby, and what was under way has ended: the session is to be closed.
   *
   * @param told  whether that work ended with an error, so that its caller knows.
   */
  readonly onHalted?: ((session: Session, told: boolean) => Promise<void>) | undefined;
}

/** What a run's journal and a called-off pulse say of it. */
const halted = { text: "Stopped by mho standby.", reason: "mho standby was run for this chip" };

/** One chip of a bench, open, and the one place that puts together the world of a run. */
export class Session {
  readonly context: RunContext;
  readonly #link: ReconnectingDriver;
  readonly #driver: SteadyClock;
  readonly #options: SessionOptions;
  readonly #lasting: { patienceMilliseconds: number };
  readonly #dialect: string;
  /** Whether the work under way was told that its chip keeps no tickets. */
  #toldOfNoTickets = false;
  #underWay: RunId | undefined;
  /** The network that it holds a share of. */
  #network: string | undefined;
  /** The work under way; resolves with whether it ended with an error. */
  #working: Promise<boolean> | undefined;
  #identity: ChipIdentity | undefined;
  #halting: Promise<StandbyAnswer> | undefined;
  #left: Promise<void> | undefined;
  #watched: readonly RunId[] = [];

  private constructor(
    link: ReconnectingDriver,
    dialect: string,
    options: SessionOptions,
    lasting: { patienceMilliseconds: number },
  ) {
    const { store, methods, acceptUnknownWear, emit, logs } = options;
    const stop = stopOf(options.stop, () => this.#halting !== undefined);
    const driver = new SteadyClock(link, store, wallTime, options.logs.log);
    this.#link = link;
    this.#dialect = dialect;
    this.#driver = driver;
    this.#options = options;
    this.#lasting = lasting;
    this.context = {
      driver,
      store,
      clock: systemClock,
      stop,
      methods,
      ticketLeap: () => randomInt(0x1_0000_0000),
      acceptUnknownWear,
      wallTime,
      markClock: () => driver.mark(),
      linkNotes: () => link.linkNotes?.() ?? [],
      onLinkNote: (listener) => link.onLinkNote?.(listener),
      onEvent: (event) => {
        this.#follow(event);
        emit(event);
      },
      log: logs.log,
      onReading: (run) => logs.reading(run),
    };
  }

  static async open(address: ChipAddress, options: SessionOptions): Promise<Session> {
    const lasting = { patienceMilliseconds: patience.programMilliseconds };
    // A request may come before the chip is open.
    const onStandbyAsked = async (): Promise<StandbyAnswer> => (await session).halt();
    const opening = { ...options.opening, onStandbyAsked };
    const session = openLasting(address, { ...options, opening }, lasting).then(
      (link) => new Session(link, address.dialect.name, options, lasting),
    );
    return session;
  }

  get description(): ChipDescription {
    return this.#driver.description;
  }

  get port(): string {
    return this.#link.port;
  }

  /**
   * Greets the chip, lets work be done on it and marks its clock before and after: devices age from then on, whatever becomes of
   * the chip's own. Work that fails leaves the chip in standby, or says that it may not be.
   */
  work<T>(
    patienceMilliseconds: number,
    act: (context: RunContext, identity: ChipIdentity) => Promise<T>,
  ): Promise<T> {
    const work = this.#doWork(patienceMilliseconds, act);
    const ended = (failed: boolean) => (): boolean => {
      if (this.#working === working) this.#working = undefined;
      return failed;
    };
    const working = work.then(ended(false), ended(true));
    this.#working = working;
    return work;
  }

  async #doWork<T>(
    patienceMilliseconds: number,
    act: (context: RunContext, identity: ChipIdentity) => Promise<T>,
  ): Promise<T> {
    this.#lasting.patienceMilliseconds = patienceMilliseconds;
    this.#toldOfNoTickets = false;
    const { logs } = this.#options;
    let awake = false;
    try {
      const identity = await this.#driver.identify();
      awake = true;
      this.#identity = identity;
      await this.#driver.mark();
      this.#tell(identity);
      const done = await act(this.context, identity);
      // The work is done, with or without this mark.
      await this.#driver
        .mark()
        .catch((error: unknown) =>
          logs.log.warn({ error: loggedError(error) }, "the chip's clock was not marked after the work"),
        );
      return done;
    } catch (error) {
      const standby = await tryStandby(this.#driver, logs.log);
      // The engine has said already what became of standby.
      const said = !(error instanceof MhoError) || error.facts["standby"] === false;
      throw said || !(awake || hasGreeted(error)) ? error : endedWith(error, this.#driver.address, standby);
    } finally {
      this.#watched = [];
      logs.attend([]);
    }
  }

  /** For a process that is about to end: books what is under way, and makes the chip safe. Rejects when it is not known to be. */
  async standbyAtOnce(): Promise<void> {
    const { store, logs } = this.#options;
    const { log } = logs;
    if (this.#underWay !== undefined) {
      await store
        .endRun(this.#underWay, "interrupted")
        .catch((error: unknown) =>
          log.warn({ error: loggedError(error) }, "the end of the run was not written down"),
        );
    }
    const standby = await this.#driver.standby().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (standby !== undefined) {
      log.warn({ error: loggedError(standby.error) }, "the chip did not confirm standby");
      throw standby.error;
    }
    log.info({ outcome: "interrupted", standby: true }, "ended at once");
  }

  /**
   * Puts the chip in standby at once, whatever is under way: that ends as stopped, and nothing reaches the chip any more. Called
   * again it says what came of the first time.
   *
   * @param own  whether this process asked for it, and so knows of it.
   */
  halt(own = false): Promise<StandbyAnswer> {
    this.#halting ??= this.#halt(own);
    return this.#halting;
  }

  /** Resolves when a session that was halted is closed; undefined of one that goes on. */
  get left(): Promise<void> | undefined {
    return this.#left;
  }

  async #halt(own: boolean): Promise<StandbyAnswer> {
    const working = this.#working ?? Promise.resolve(own);
    this.#link.halt(halted.reason);
    const standby = tryStandby(this.#driver);
    this.#left = Promise.all([working, standby]).then(([told]) => this.#options.onHalted?.(this, told));
    const outcome = await standby;
    if (!outcome.safe) return outcome;
    const { name, serialNumber } = this.#identity ?? { name: this.description.name, serialNumber: "unknown" };
    return { safe: true, name, serialNumber };
  }

  /** The command that goes on with what is under way. */
  get goesOn(): string | undefined {
    if (this.#underWay !== undefined) return `mho resume ${this.#network ?? this.#underWay}`;
    return this.#watched.length > 0 ? `mho watch ${this.#watched.join(" ")}` : undefined;
  }

  async close(): Promise<void> {
    const { logs } = this.#options;
    try {
      await this.#driver.close();
      logs.log.info({}, "chip closed");
    } catch (error) {
      logs.log.warn({ error: loggedError(error) }, "the chip was not closed");
      throw error;
    } finally {
      logs.close();
    }
  }

  #tell({ name, serialNumber, firmware, boot }: ChipIdentity): void {
    const { emit, logs } = this.#options;
    logs.log.info({ address: this.#driver.address, firmware }, "chip opened");
    emit({ type: "chip", name, serial_number: serialNumber, firmware, boot, port: this.port });
  }

  /** What goes by the journal says so: once a command, whatever runs it begins. */
  tellOfNoTickets(): void {
    const { name, capabilities } = this.#identity ?? {};
    if (this.#toldOfNoTickets || name === undefined || capabilities?.tickets !== false) return;
    this.#toldOfNoTickets = true;
    warnOfNoTickets(this.#dialect, name, this.#options.emit);
  }

  #follow(event: RunEvent): void {
    const { logs } = this.#options;
    if (event.type === "started") {
      this.tellOfNoTickets();
      this.#underWay = event.run;
      this.#network = event.network ?? undefined;
      logs.attend([event.run]);
    } else if (event.type === "ended") {
      this.#underWay = undefined;
    } else if (event.type === "watching") {
      this.#watched = event.runs;
      logs.attend(event.runs);
    }
  }
}

/** The bench's request to stop, and this chip's own. */
function stopOf(bench: StopRequest, isHalted: () => boolean): StopRequest {
  return {
    get requested() {
      return bench.requested || isHalted();
    },
    get text() {
      return isHalted() ? halted.text : bench.text;
    },
  };
}
