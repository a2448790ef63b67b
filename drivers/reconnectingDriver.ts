import type { ChipDescription } from "../src/chip/description.ts";
import {
  blankReport,
  type BoardVerifyOrder,
  type ChipDriver,
  type ChipIdentity,
  type Environment,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
} from "../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../src/chip/geometry.ts";
import { type Log, loggedError, noLog } from "../src/log.ts";
import type { LinkEvent } from "../src/run/events.ts";
import type { RunNote } from "../src/run/journal.ts";
import { MhoError } from "../src/errors.ts";
import type { Microseconds } from "../src/units.ts";
import { lineMicroseconds, pulseMicroseconds, readMicroseconds } from "../src/chip/timing.ts";
import { calledOff, CutOff } from "./linkErrors.ts";
import {
  mergeReadings,
  mergeReports,
  reportOfUnsent,
  rowsFired,
  rowsLeft,
  rowsRead,
  withoutRows,
} from "./rows.ts";

/** A driver of one connection, which names its port. */
export interface ConnectedDriver extends ChipDriver {
  readonly port: string;
  /** What happened to the link since this was last asked. */
  linkNotes?(): readonly RunNote[];
  /** Names who is told when there are such notes. */
  onLinkNote?(listener: () => void): void;
}

export interface ReconnectOptions {
  /** Opens the chip anew, wherever it is found. */
  readonly open: () => Promise<ConnectedDriver>;
  /** How long a link may be gone before it is given up. */
  readonly patienceMilliseconds: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
  /** ISO 8601. */
  readonly wallTime: () => string;
  /** Whether somebody asked to stop: then the search for the chip ends. */
  readonly stopped: () => boolean;
  readonly onEvent: (event: LinkEvent) => void;
  readonly log?: Log;
  /** Told each time that the chip says who it is, by which connection. */
  readonly onIdentity?: (identity: ChipIdentity, by: ConnectedDriver) => void;
}

/**
 * Keeps on through a lost link: opens the chip anew, makes sure that it is the same one, and asks again. A pulse is sent
 * again under its own ticket, which the chip does not fire twice; where the chip has been reset meanwhile and forgot its
 * tickets, or keeps none, the pulse is uncertain, and nobody may assume either.
 */
export class ReconnectingDriver implements ConnectedDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #options: ReconnectOptions;
  #driver: ConnectedDriver;
  #identity: ChipIdentity | undefined;
  #mending: Promise<void> | undefined;
  /** When the chip last answered, by the process's clock and by the wall's: the one stands still while the host sleeps. */
  #answered = { now: 0, wall: 0 };
  /** The longest that it was not asked anything, since it last did what it does not do in standby. */
  #longestSilence = 0;
  #closed = false;
  /** How often the link was lost in an order since a pulse was last confirmed. */
  #cutsInVain = 0;
  #givenUp = false;
  /** Why nothing may reach the chip any more but standby. */
  #halted: string | undefined;
  /** The standby that followed; nothing has reached the chip since. */
  #lastStandby: Promise<void> | undefined;
  #notes: RunNote[] = [];
  #onNote: () => void = () => {};

  constructor(first: ConnectedDriver, options: ReconnectOptions) {
    this.#driver = first;
    this.#options = options;
    this.address = first.address;
    this.description = first.description;
  }

  get port(): string {
    return this.#driver.port;
  }

  /** The first time, a link that fails is the caller's to hear of: there may never have been a chip. */
  async identify(): Promise<ChipIdentity> {
    this.#refuseHalted();
    if (this.#identity === undefined) {
      this.#know(await this.#driver.identify());
      this.#answered = this.#clocks();
    } else this.#know(await this.#through((driver) => driver.identify()));
    return this.#identity!;
  }

  /** Rows that were read before the link was lost are not read again, unless the chip was reset since. */
  read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    if (readVolts !== undefined && this.#identity?.capabilities.readVoltage !== true) {
      const refusal = `The board at ${this.address} reads with its usual voltage alone, and ${readVolts} V were asked for. Leave the voltage away.`;
      return Promise.reject(new MhoError("bad-argument", refusal, { address: this.address }));
    }
    let boot = this.#identity?.boot;
    let kept: Reading | undefined;
    const work = async (driver: ConnectedDriver): Promise<Reading> => {
      if (this.#identity?.boot !== boot) kept = undefined;
      boot = this.#identity?.boot;
      try {
        const left = kept === undefined ? wanted : rowsLeft(kept, wanted);
        return mergeReadings(kept, await driver.read(block, averages, left, readVolts));
      } catch (error) {
        if (error instanceof CutOff && error.reading) kept = mergeReadings(kept, error.reading);
        throw error;
      }
    };
    const rows = wanted === undefined ? block.rowCount : wanted.reduce((sum, row) => sum + row, 0);
    const reckonedMicroseconds = rows * this.#rowMicroseconds(readMicroseconds(this.description, averages));
    return this.#through(work, {
      wasAwake: always,
      rowsDone: () => (kept === undefined ? 0 : rowsRead(kept)),
      reckonedMicroseconds,
    });
  }

  environment(): Promise<Environment> {
    return this.#through((driver) => driver.environment());
  }

  references(tile: number, averages: number): Promise<Uint16Array> {
    return this.#through((driver) => driver.references(tile, averages));
  }

  chipTime(): Promise<Microseconds> {
    return this.#through((driver) => driver.chipTime());
  }

  async advance(duration: Microseconds): Promise<Microseconds> {
    // Not to be repeated blindly: time may have moved although the reply was lost.
    const before = await this.chipTime();
    return this.#through(async (driver) => {
      const left = before + duration - (await driver.chipTime());
      return left > 0 ? driver.advance(left) : driver.chipTime();
    });
  }

  heartbeat(): Promise<Microseconds> {
    return this.#through((driver) => driver.heartbeat());
  }

  /** Rows whose fate was known before the link was lost are not sent again. */
  pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const boot = this.#identity?.boot;
    const perRow = devicesPerRow(this.description.geometry);
    let left = order;
    let kept: PulseReport | undefined;
    let lost = false;
    const keepsTickets = this.#identity?.capabilities.tickets !== false;
    const work = async (driver: ConnectedDriver): Promise<PulseReport> => {
      // Without tickets nothing may be sent twice: only a driver that says which rows it never sent is given those again.
      const isNew = this.#identity?.boot !== boot;
      if (keepsTickets ? isNew : (lost || isNew) && kept === undefined) return this.#forgotten(block, order);
      // A board that is greeted anew after each row and confirms none would wear its devices row by row: the run counts such turns.
      if (!keepsTickets && lost && this.#cutsInVain > 1)
        return mergeReports(kept, reportOfUnsent(left.codes, block.rowCount));
      try {
        const report = await driver.pulse(block, left);
        if (report.fates.includes(rowFates.fired)) this.#cutsInVain = 0;
        return mergeReports(kept, report);
      } catch (error) {
        if (error instanceof CutOff && error.report) {
          this.#cutsInVain = error.report.fates.includes(rowFates.fired) ? 1 : this.#cutsInVain + 1;
          kept = mergeReports(kept, error.report);
        }
        const codes = kept === undefined ? order.codes : withoutRows(order.codes, kept, perRow);
        left = { ...order, codes, resent: true };
        lost = isLost(error);
        throw error;
      }
    };
    const reckonedMicroseconds =
      block.rowCount * this.#rowMicroseconds(pulseMicroseconds(this.description, order));
    return this.#through(work, {
      wasAwake: allFired,
      rowsDone: () => (kept === undefined ? 0 : rowsFired(kept)),
      reckonedMicroseconds,
    });
  }

  /** A row on the line and on the board, about. */
  #rowMicroseconds(board: Microseconds): Microseconds {
    const bytes = 4 * devicesPerRow(this.description.geometry) + 100;
    return board + lineMicroseconds(this.description, bytes);
  }

  verify(block: Block, order: BoardVerifyOrder): Promise<PulseReport> {
    const boot = this.#identity?.boot;
    const keepsTickets = this.#identity?.capabilities.tickets !== false;
    let resent = false;
    const work = (driver: ConnectedDriver): Promise<PulseReport> => {
      if (this.#identity?.boot === boot && (keepsTickets || !resent)) {
        const again = resent;
        resent = true;
        return driver.verify(block, { ...order, resent: again });
      }
      const codes = Uint16Array.from(order.targetsMicrosiemens, (g) => (Number.isNaN(g) ? 0 : 1));
      return Promise.resolve(this.#forgotten(block, { codes }));
    };
    return this.#through(work, { wasAwake: allFired });
  }

  multiply(tile: number, inputs: readonly Int8Array[]): Promise<Float32Array[]> {
    return this.#through((driver) => driver.multiply(tile, inputs), { wasAwake: always });
  }

  fates(firstTicket: number, rowCount: number, boot: number): Promise<PulseReport> {
    return this.#through((driver) => driver.fates(firstTicket, rowCount, boot));
  }

  linkNotes(): readonly RunNote[] {
    return this.#notes.splice(0);
  }

  onLinkNote(listener: () => void): void {
    this.#onNote = listener;
  }

  /** A link that was given up, or that somebody asked to leave, is not looked for again: the chip's watchdog sees to it. */
  standby(): Promise<void> {
    if (this.#halted !== undefined) return this.#standbyOfHalted();
    if (this.#givenUp || this.#options.stopped()) return this.#standbyAtOnce();
    return this.#through((driver) => driver.standby());
  }

  /**
   * From now on only standby reaches the chip: what is under way ends as `interrupted`, and is not sent again.
   *
   * @param reason  such as `standby was asked for`.
   */
  halt(reason: string): void {
    this.#halted = reason;
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#driver.close();
  }

  /** By the connection that there is. A chip that was reset meanwhile knows no session: it takes a new connection, and its hello. */
  async #standbyAtOnce(): Promise<void> {
    try {
      await this.#driver.standby();
    } catch (error) {
      if (!knowsNoSession(error) || this.#closed) throw error;
      await this.#driver.close();
      this.#driver = await this.#options.open();
      await this.#driver.identify();
      await this.#driver.standby();
    }
  }

  async #through<T>(
    work: (driver: ConnectedDriver) => Promise<T>,
    { wasAwake = () => false, rowsDone = () => 0, reckonedMicroseconds = 0 }: Through<T> = {},
  ): Promise<T> {
    let inVain = 0;
    let most = 0;
    const reckoned = (1.25 * reckonedMicroseconds) / 1000;
    for (;;) {
      this.#refuseHalted();
      const driver = this.#driver;
      const before = this.#silence();
      // What the call itself takes a slow board is no silence.
      const silent = (): number => before + Math.max(0, this.#silence() - before - reckoned);
      try {
        const done = await work(driver);
        // An answer may have waited in this host's memory while it slept: what took long tells nothing of the chip now.
        const silence = silent();
        const awake = wasAwake(done) && silence <= shortestSleepMilliseconds;
        this.#longestSilence = awake ? 0 : Math.max(this.#longestSilence, silence);
        this.#answered = this.#clocks();
        return done;
      } catch (error) {
        // A row that the chip refuses in standby is no failure of the chip's.
        this.#refuseHalted(error);
        const asleep = isAsleep(error);
        if (!(asleep || isLost(error)) || this.#closed || this.#identity === undefined) throw error;
        const rows = rowsDone();
        inVain = rows > most ? 1 : inVain + 1;
        most = Math.max(most, rows);
        if (inVain > mostInVain) {
          // The connection is as good as it gets: standby is tried on it once, and not looked for.
          this.#givenUp = true;
          throw noProgress(error, this.address);
        }
        if (asleep) {
          this.#mending ??= this.#wake(error, silent()).finally(() => (this.#mending = undefined));
          await this.#mending;
          continue;
        }
        // Several questions may fail at once; one of them mends the link for all.
        if (this.#driver === driver) {
          this.#mending ??= this.#mend(error).finally(() => (this.#mending = undefined));
        }
        await this.#mending;
      }
    }
  }

  #clocks(): { now: number; wall: number } {
    return { now: this.#options.now(), wall: Date.parse(this.#options.wallTime()) };
  }

  #silence(): number {
    const { now, wall } = this.#clocks();
    return Math.max(now - this.#answered.now, wall - this.#answered.wall);
  }

  /**
   * The chip's watchdog put it in standby, because this process was stopped or its host slept: it is greeted anew. A chip that was
   * put there while this process was awake was put there by another program, which must have had its reasons.
   */
  async #wake(asleep: MhoError, silentMilliseconds: number): Promise<void> {
    if (this.#options.stopped()) {
      throw new MhoError("interrupted", `Stopped; the chip at ${this.address} is in standby already.`, {
        address: this.address,
      });
    }
    const silent = Math.max(this.#longestSilence, silentMilliseconds);
    if (!(silent > shortestSleepMilliseconds)) {
      throw new MhoError(
        "chip-refused",
        `The chip at ${this.address} was put in standby by another program, and is left there. ` +
          "Make sure that nothing else speaks to it, and go on then.",
        asleep.facts,
        asleep,
      );
    }
    const identity = await this.#driver.identify();
    if (!this.#isSame(identity)) throw asleep;
    this.#know(identity);
    this.#longestSilence = 0;
    this.#answered = this.#clocks();
    this.#options.onEvent({ type: "woken", address: this.address, after_milliseconds: Math.round(silent) });
    const seconds = (silent / 1000).toFixed(0);
    const text = `The chip had heard nothing for ${seconds} s and was in standby; it was woken, boot ${identity.boot}.`;
    this.#note({ notedAt: this.#options.wallTime(), what: "woken", text });
  }

  #know(identity: ChipIdentity): void {
    this.#identity = identity;
    this.#options.onIdentity?.(identity, this.#driver);
  }

  async #standbyOfHalted(): Promise<void> {
    const standby = (this.#lastStandby ??= this.#standbyAtOnce());
    try {
      await standby;
    } catch (error) {
      // It may be asked for again.
      if (this.#lastStandby === standby) this.#lastStandby = undefined;
      throw error;
    }
  }

  #refuseHalted(cause?: unknown): void {
    if (this.#halted !== undefined) throw calledOff(this.address, this.#halted, cause);
  }

  async #mend(lost: MhoError): Promise<void> {
    const { open, now, sleep, patienceMilliseconds, stopped, onEvent, wallTime, log = noLog } = this.#options;
    const begun = now();
    log.warn({ error: loggedError(lost), patience_milliseconds: patienceMilliseconds }, "link lost");
    onEvent({
      type: "link_lost",
      address: this.address,
      reason: lost.message,
      patience_milliseconds: patienceMilliseconds,
    });
    this.#note({ notedAt: wallTime(), what: "link-lost", text: lost.message });
    await this.#driver.close();
    let attempt = 0;
    const inVain = (error: unknown): undefined => {
      log.warn({ attempt, error: loggedError(error) }, "the chip was not found again");
      return undefined;
    };
    for (let wait = 100; ; wait = Math.min(2 * wait, 2000)) {
      if (stopped()) {
        throw new MhoError("interrupted", `Stopped while the chip at ${this.address} was out of reach.`, {
          address: this.address,
        });
      }
      if (this.#closed || now() - begun + wait > patienceMilliseconds) {
        this.#givenUp = true;
        throw lost;
      }
      await sleep(wait);
      attempt++;
      const driver = await open().catch(inVain);
      const identity = await driver?.identify().catch(inVain);
      if (driver !== undefined && identity !== undefined && this.#isSame(identity)) {
        this.#driver = driver;
        this.#know(identity);
        const after_milliseconds = Math.round(now() - begun);
        log.warn({ attempt, after_milliseconds }, "link back");
        onEvent({ type: "link_back", address: this.address, port: driver.port, after_milliseconds });
        const text = `At ${driver.port}, boot ${identity.boot}.`;
        this.#note({ notedAt: wallTime(), what: "link-back", text });
        return;
      }
      if (driver !== undefined && identity !== undefined) {
        const { serialNumber: serial_number } = identity;
        log.warn({ attempt, port: driver.port, serial_number }, "another chip answered");
      }
      await driver?.close();
    }
  }

  #note(note: RunNote): void {
    this.#notes.push(note);
    this.#onNote();
  }

  #isSame({ name, serialNumber }: ChipIdentity): boolean {
    return name === this.#identity?.name && serialNumber === this.#identity.serialNumber;
  }

  /** The chip was reset while it was being pulsed: which rows fired is unknown. */
  #forgotten({ rowCount }: Block, { codes }: Pick<PulseOrder, "codes">): PulseReport {
    const report = blankReport(rowCount);
    const perRow = devicesPerRow(this.description.geometry);
    for (let row = 0; row < rowCount; row++) {
      const ordered = codes.subarray(row * perRow, (row + 1) * perRow).some((code) => code !== 0);
      if (ordered) report.fates[row] = rowFates.uncertain;
    }
    return report;
  }
}

/** How a call goes through losses of the link. */
interface Through<T> {
  /** Whether an answer shows that the chip is not in standby: there it refuses reads and pulses. */
  readonly wasAwake?: (done: T) => boolean;
  /** Rows that were read or fired so far: a link that is lost again and again is given up when there are no more of them. */
  readonly rowsDone?: () => number;
  /** How long the call takes by the chip's description: that long is no silence. */
  readonly reckonedMicroseconds?: Microseconds;
}

/** So often the chip is found again or woken for one call without a row more that was read or fired. */
const mostInVain = 5;

function noProgress(error: MhoError, address: string): MhoError {
  const text =
    `${error.message} The chip at ${address} was greeted anew ${mostInVain} times and answered, but no row more was ` +
    "read or fired. Check that its firmware carries out what it was asked; --transcript FILE records what passes.";
  return new MhoError(error.code, text, { ...error.facts, greetings: mostInVain }, error);
}

const always = (): boolean => true;

function allFired({ fates }: PulseReport): boolean {
  return !fates.includes(rowFates.notFired);
}

function isAsleep(error: unknown): error is MhoError {
  return error instanceof MhoError && error.code === "chip-refused" && error.facts["asleep"] === true;
}

/** Shorter than any watchdog: a chip asks to be heard of at least this often. */
const shortestSleepMilliseconds = 1000;

function isLost(error: unknown): error is MhoError {
  return (error instanceof MhoError && error.code === "link-lost") || knowsNoSession(error);
}

/** A chip that was reset knows no session, and says so. */
function knowsNoSession(error: unknown): error is MhoError {
  return error instanceof MhoError && error.code === "chip-refused" && error.facts["noSession"] === true;
}
