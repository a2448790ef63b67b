import type { ChannelMap } from "../src/chip/channels.ts";
import type { Celsius, Microseconds } from "../src/units.ts";
import { Board, type BoardHistory, type BoardRefusal } from "./board.ts";
import type { EmulatedChip } from "./chip.ts";
import type { DumbTo, LieAbout } from "./faults.ts";
import type { Preset } from "./presets.ts";

/**
 * A board and the language that it speaks: bytes in, bytes out. Heartbeats and repeats never move the chip's time.
 */
export abstract class Firmware {
  protected readonly board: Board;
  /** What it says of itself, in printable ASCII; it describes itself only where this is given. */
  selfDescription: Uint8Array | undefined;
  #heardAt: Microseconds = 0;
  #dumb: { readonly to: DumbTo; requestsLeft: number } | undefined;

  constructor(preset: Preset, seed: number) {
    this.board = new Board(preset, seed);
  }

  /** Takes what came, and returns what goes back, a message an entry. */
  protected abstract take(bytes: Uint8Array): Uint8Array[];

  /** Forgets everything that stands in memory only: sessions, replies, tickets, settings. */
  protected abstract forget(): void;

  /** What its array has been busy for. */
  get workedMicroseconds(): Microseconds {
    return this.board.workedMicroseconds;
  }

  /** From here on it leaves requests of a sort alone, so many of them. */
  fallDumb(to: DumbTo, requests: number): void {
    this.#dumb = { to, requestsLeft: requests };
  }

  /** From here on it says what is not so, in so many answers. */
  lie(about: LieAbout, answers: number): void {
    this.board.lie(about, answers);
  }

  /** Whether it leaves the request at hand alone. */
  protected isDumbTo(...sorts: DumbTo[]): boolean {
    const dumb = this.#dumb;
    if (dumb === undefined || !sorts.includes(dumb.to) || dumb.requestsLeft <= 0) return false;
    dumb.requestsLeft--;
    return true;
  }

  /** The highest ticket that it remembers, as it says when it is greeted; 0 of a language without tickets. */
  get newestTicket(): number {
    return 0;
  }

  /** The byte that stands after each request, and in none; undefined of a language that has no such byte. */
  get endOfRequest(): number | undefined {
    return undefined;
  }

  /** What answers on another line than the board's own: a switch between instrument and devices. */
  get beside(): Beside | undefined {
    return undefined;
  }

  get chip(): EmulatedChip {
    return this.board.chip;
  }

  get serialNumber(): string {
    return this.board.serialNumber;
  }

  /** Whether pulses and reads are refused because every line is in its safe state. */
  get inStandby(): boolean {
    return !this.board.armed;
  }

  /** @param linkTime real and monotonic, for the watchdog alone. */
  receive(bytes: Uint8Array, linkTime: Microseconds): Uint8Array[] {
    this.#heardAt = linkTime;
    return this.take(bytes);
  }

  /** The watchdog: a host that has gone quiet leaves the chip in standby. */
  tick(linkTime: Microseconds): void {
    const quiet = linkTime - this.#heardAt > this.chip.preset.firmware.watchdogMicroseconds;
    if (quiet) this.board.armed = false;
  }

  /** Chip time goes with the host's from here on, and cannot be moved. */
  follow(at: Microseconds): void {
    this.board.follow(at);
  }

  /** Puts the chip into an oven: Board.bake. */
  bake(celsius: Celsius, duration: Microseconds): Microseconds | BoardRefusal {
    return this.board.bake(celsius, duration);
  }

  get history(): BoardHistory {
    return this.board.history;
  }

  /** Goes on as a board that was switched off: what stood in memory is gone. */
  relive(history: BoardHistory): void {
    this.board.relive(history);
    this.forget();
  }

  /** Which boot it says it is: a process that starts a chip anew must not pass for the one before. */
  get boot(): number {
    return this.board.boot;
  }

  set boot(boot: number) {
    this.board.boot = boot;
  }

  /** How fast the chip's clock runs against the truth. */
  set clockPartsPerMillion(rate: number) {
    this.board.clockPartsPerMillion = rate;
  }

  /** Starts anew: what stood in memory is forgotten, the lines are safe, the devices are as they are. */
  restart(): void {
    this.board.restart();
    this.forget();
  }

  /** Takes bytes while the supply fails: what they order is half done, and nothing is answered. */
  sag(bytes: Uint8Array, linkTime: Microseconds): void {
    this.board.sagging = true;
    this.receive(bytes, linkTime);
  }
}

/** A switch matrix on a line of its own. */
export interface Beside {
  receive(bytes: Uint8Array): Uint8Array[];
  /** Channels that reach the devices. */
  readonly channels: ChannelMap;
}
