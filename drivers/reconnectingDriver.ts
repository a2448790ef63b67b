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
import type { LinkEvent } from "../src/run/events.ts";
import type { RunNote } from "../src/run/journal.ts";
import { MhoError } from "../src/errors.ts";
import type { Microseconds } from "../src/units.ts";
import { calledOff } from "./linkErrors.ts";

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
}

/**
 * Keeps on through a lost link: opens the chip anew, makes sure that it is the same one, and asks again. A pulse is sent
 * again under its own ticket, which the chip does not fire twice; where the chip has been reset meanwhile and forgot its
 * tickets, the pulse is uncertain, and nobody may assume either.
 */
export class ReconnectingDriver implements ConnectedDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #options: ReconnectOptions;
  #driver: ConnectedDriver;
  #identity: ChipIdentity | undefined;
  #mending: Promise<void> | undefined;
  #closed = false;
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
    if (this.#identity === undefined) this.#identity = await this.#driver.identify();
    else this.#identity = await this.#through((driver) => driver.identify());
    return this.#identity;
  }

  read(block: Block, averages: number, wanted?: Uint8Array): Promise<Reading> {
    return this.#through((driver) => driver.read(block, averages, wanted));
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

  pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const boot = this.#identity?.boot;
    return this.#through((driver) =>
      this.#identity?.boot === boot
        ? driver.pulse(block, order)
        : Promise.resolve(this.#forgotten(block, order)),
    );
  }

  verify(block: Block, order: BoardVerifyOrder): Promise<PulseReport> {
    const boot = this.#identity?.boot;
    return this.#through((driver) => {
      if (this.#identity?.boot === boot) return driver.verify(block, order);
      const codes = Uint16Array.from(order.targetsMicrosiemens, (g) => (Number.isNaN(g) ? 0 : 1));
      return Promise.resolve(this.#forgotten(block, { codes }));
    });
  }

  multiply(tile: number, inputs: readonly Int8Array[]): Promise<Float32Array[]> {
    return this.#through((driver) => driver.multiply(tile, inputs));
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
    if (this.#givenUp || this.#options.stopped()) return this.#driver.standby();
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

  async #through<T>(work: (driver: ConnectedDriver) => Promise<T>): Promise<T> {
    for (;;) {
      this.#refuseHalted();
      const driver = this.#driver;
      try {
        return await work(driver);
      } catch (error) {
        // A row that the chip refuses in standby is no failure of the chip's.
        this.#refuseHalted(error);
        if (!isLost(error) || this.#closed || this.#identity === undefined) throw error;
        // Several questions may fail at once; one of them mends the link for all.
        if (this.#driver === driver) {
          this.#mending ??= this.#mend(error).finally(() => (this.#mending = undefined));
        }
        await this.#mending;
      }
    }
  }

  async #standbyOfHalted(): Promise<void> {
    const standby = (this.#lastStandby ??= this.#driver.standby());
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
    const { open, now, sleep, patienceMilliseconds, stopped, onEvent, wallTime } = this.#options;
    const begun = now();
    onEvent({ type: "link_lost", reason: lost.message, patience_milliseconds: patienceMilliseconds });
    this.#note({ notedAt: wallTime(), what: "link-lost", text: lost.message });
    await this.#driver.close();
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
      const driver = await open().catch(() => undefined);
      const identity = await driver?.identify().catch(() => undefined);
      if (driver !== undefined && identity !== undefined && this.#isSame(identity)) {
        this.#driver = driver;
        this.#identity = identity;
        onEvent({ type: "link_back", port: driver.port, after_milliseconds: Math.round(now() - begun) });
        const text = `At ${driver.port}, boot ${identity.boot}.`;
        this.#note({ notedAt: wallTime(), what: "link-back", text });
        return;
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

function isLost(error: unknown): error is MhoError {
  if (!(error instanceof MhoError)) return false;
  // A chip that was reset knows no session, and says so.
  return error.code === "link-lost" || (error.code === "chip-refused" && error.facts["noSession"] === true);
}
