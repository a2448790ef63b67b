import type {
  BoardVerifyOrder,
  ChipDriver,
  ChipIdentity,
  Environment,
  PulseOrder,
  PulseReport,
  Reading,
} from "../src/chip/driver.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { Block } from "../src/chip/geometry.ts";
import type { Microseconds } from "../src/units.ts";
import { type Log, noLog } from "../src/log.ts";
import type { RunStore } from "../src/run/store.ts";

/**
 * A chip whose time never goes back. A board that was switched off may begin at zero again, while its devices went on ageing:
 * from the last mark of its clock on, the host's calendar then says how much time has passed.
 */
export class SteadyClock implements ChipDriver {
  readonly #driver: ChipDriver;
  readonly #store: RunStore;
  readonly #wallTime: () => string;
  readonly #log: Log;
  #identity: ChipIdentity | undefined;
  #offset: Microseconds = 0;
  /** The chip's own time when it was last asked, and what the wall showed, in milliseconds. */
  #lastOwn: Microseconds = 0;
  #lastWall = 0;

  /** @param wallTime  ISO 8601. */
  constructor(driver: ChipDriver, store: RunStore, wallTime: () => string, log: Log = noLog) {
    this.#driver = driver;
    this.#store = store;
    this.#wallTime = wallTime;
    this.#log = log;
  }

  get address(): string {
    return this.#driver.address;
  }

  get description(): ChipDescription {
    return this.#driver.description;
  }

  async identify(): Promise<ChipIdentity> {
    const identity = await this.#driver.identify();
    const own = await this.#driver.chipTime();
    if (this.#identity === undefined) {
      const mark = await this.#store.newestMark(identity);
      if (mark !== undefined) {
        this.#offset = mark.offsetMicroseconds;
        this.#lastOwn = mark.chipTimeMicroseconds - mark.offsetMicroseconds;
        this.#lastWall = Date.parse(mark.markedAt);
        // A clock that began anew while nobody looked may have overtaken what it showed; it cannot have kept up with the wall.
        const begunAnew = mark.boot !== identity.boot && !identity.capabilities.virtualTime;
        if (begunAnew && own - this.#lastOwn < this.#passed() - slack) this.#countByWall(own);
      }
    }
    this.#notice(own);
    this.#identity = identity;
    return identity;
  }

  async chipTime(): Promise<Microseconds> {
    return this.#notice(await this.#driver.chipTime());
  }

  async heartbeat(): Promise<Microseconds> {
    return this.#notice(await this.#driver.heartbeat());
  }

  async advance(duration: Microseconds): Promise<Microseconds> {
    return this.#notice(await this.#driver.advance(duration));
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    const reading = await this.#driver.read(block, averages, wanted, readVolts);
    this.#noticeRows(reading.rowTimesMicroseconds);
    return { ...reading, rowTimesMicroseconds: this.#shifted(reading.rowTimesMicroseconds) };
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const report = await this.#driver.pulse(block, order);
    this.#noticeRows(report.rowTimesMicroseconds);
    return this.#dated(report);
  }

  async verify(block: Block, order: BoardVerifyOrder): Promise<PulseReport> {
    return this.#dated(await this.#driver.verify(block, order));
  }

  async fates(firstTicket: number, rowCount: number, boot: number): Promise<PulseReport> {
    return this.#dated(await this.#driver.fates(firstTicket, rowCount, boot));
  }

  multiply(tile: number, inputs: readonly Int8Array[]): Promise<Float32Array[]> {
    return this.#driver.multiply(tile, inputs);
  }

  environment(): Promise<Environment> {
    return this.#driver.environment();
  }

  references(tile: number, averages: number): Promise<Uint16Array> {
    return this.#driver.references(tile, averages);
  }

  standby(): Promise<void> {
    return this.#driver.standby();
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  /** Writes down what both clocks show. */
  async mark(): Promise<void> {
    const chipTimeMicroseconds = await this.chipTime();
    const { name: chipName, serialNumber: chipSerialNumber, boot } = this.#identity!;
    const offsetMicroseconds = this.#offset;
    const markedAt = this.#wallTime();
    await this.#store.markClock({
      chipName,
      chipSerialNumber,
      boot,
      chipTimeMicroseconds,
      offsetMicroseconds,
      markedAt,
    });
  }

  /** Takes in what the chip's own clock shows. @returns the time as runs count it. */
  #notice(own: Microseconds): Microseconds {
    if (own < this.#lastOwn) this.#countByWall(own);
    this.#lastOwn = own;
    this.#lastWall = Date.parse(this.#wallTime());
    return own + this.#offset;
  }

  /** A chip that was reset in the middle of a call is found out by the rows that it did. */
  #noticeRows(times: Float64Array): void {
    let newest = Number.NaN;
    for (const time of times) if (!(time <= newest) && !Number.isNaN(time)) newest = time;
    if (newest < this.#lastOwn) this.#countByWall(newest);
  }

  /** The chip's own clock began anew since it was last asked. */
  #countByWall(own: Microseconds): void {
    const passed = this.#passed();
    this.#log.warn(
      { chip_time_microseconds: own, after_milliseconds: Math.round(passed / 1000) },
      "the chip's clock began anew; its time is counted on by the calendar",
    );
    this.#offset = this.#lastOwn + this.#offset + passed - own;
    this.#lastOwn = own;
  }

  /** On the wall, since the chip was last asked. */
  #passed(): Microseconds {
    return Math.max(0, 1000 * (Date.parse(this.#wallTime()) - this.#lastWall));
  }

  #dated(report: PulseReport): PulseReport {
    return { ...report, rowTimesMicroseconds: this.#shifted(report.rowTimesMicroseconds) };
  }

  #shifted(times: Float64Array): Float64Array {
    return this.#offset === 0 ? times : times.map((time) => time + this.#offset);
  }
}

/** How far the two clocks may come to differ otherwise. */
const slack: Microseconds = 2_000_000;
