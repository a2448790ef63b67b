import { decimal } from "../decimal.ts";
import {
  longestTime,
  nanosecondsText,
  rowText,
  secondsText,
  wholeText,
} from "../../protocols/scpi/numbers.ts";
import { rowsOfCodes } from "../../src/chip/codes.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import {
  type ChipDriver,
  type ChipIdentity,
  type Environment,
  mostBurstCycles,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
  unknownFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import type { DriverOptions } from "../dialect.ts";
import { refuseAdvance, refuseFates, refuseOutsideLimits, refuseReadOutsideLimits } from "../limits.ts";
import { converterAt } from "../../src/chip/conversion.ts";
import { averagesInParts, pulseMicroseconds, readMicroseconds } from "../../src/chip/timing.ts";
import { damagedAttempts, type Wrong, wrongEnvironment, wrongReferences, wrongRow } from "../answers.ts";
import { ChipTimes } from "../chipTimes.ts";
import { askDescription } from "./describe.ts";
import { type LineRequest, LineRequests } from "./lineRequests.ts";
import { CutOff, plain } from "../linkErrors.ts";
import { mergeParts, type RowPart } from "../parts.ts";
import type { RequestOptions } from "../requestOptions.ts";
import { blankReading, enterRow, refuseOtherChip, reportOfUnsent } from "../rows.ts";
import type { Transport } from "../transport.ts";

/**
 * Drives a chip that speaks SCPI, over any transport, a line at a time. The board knows a line that comes again while a
 * session lasts; it keeps no tickets beyond that, so a pulse whose answer is lost with the session is uncertain.
 */
export class ScpiDriver implements ChipDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #transport: Transport;
  readonly #lines: LineRequests;
  readonly #log: Log;
  readonly #times: ChipTimes;
  readonly #onDescribed: DriverOptions["onDescribed"];
  /** Pulses on end whose time could not be. */
  #wrongTimes = 0;

  constructor(transport: Transport, options: DriverOptions) {
    this.address = options.address;
    this.description = options.description;
    this.#transport = transport;
    this.#log = options.log ?? noLog;
    const { baud, bitsPerByte } = options.description.line;
    this.#times = new ChipTimes(options.now);
    this.#onDescribed = options.onDescribed;
    this.#lines = new LineRequests(transport, options.address, options.session, {
      marginMilliseconds: options.deadlineMilliseconds ?? 750,
      bytesPerSecond: baud / bitsPerByte,
      attempts: options.attempts,
      after: options.after,
      log: options.log,
    });
  }

  get port(): string {
    return this.#transport.port;
  }

  async identify(): Promise<ChipIdentity> {
    const line = "*IDN?;:SYST:BOOT?;:SYST:GEOM?;:SYST:CAP?;:OUTP ON";
    const request = { line, what: "*IDN?", replyBytes: 256 };
    const [idn = "", boot, geometry = "", capabilities = ""] = await this.#lines.ask(request);
    const [, name = "", serialNumber = "", firmware = ""] = idn.split(",").map(plain);
    const [tiles, rows, columns, devicesPerCell] = geometry.split(",").map(decimal);
    const declared = capabilities.replaceAll('"', "").split(",");
    const identity: ChipIdentity = {
      name,
      serialNumber,
      firmware,
      boot: this.#whole(boot, "SYST:BOOT?"),
      geometry: {
        tiles: this.#whole(tiles, "SYST:GEOM?"),
        rows: this.#whole(rows, "SYST:GEOM?"),
        columns: this.#whole(columns, "SYST:GEOM?"),
        devicesPerCell: this.#whole(devicesPerCell, "SYST:GEOM?"),
      },
      capabilities: {
        virtualTime: declared.includes("VIRTUALTIME"),
        // The dialect has no word for products, and no ticket for a loop of the board's own.
        multiply: false,
        onBoardVerify: false,
        environment: declared.includes("ENVIRONMENT"),
        references: declared.includes("REFERENCES"),
        ...(declared.includes("BURST") && { burst: true }),
        ...(declared.includes("READVOLTAGE") && { readVoltage: true }),
        ...(declared.includes("DESCRIBE") && { describe: true }),
        tickets: false,
      },
      newestTicket: 0,
    };
    if (identity.capabilities.describe) this.#onDescribed?.(await askDescription(this.#lines));
    refuseOtherChip(this.address, this.description, identity);
    this.#times.begin(identity.boot, identity.capabilities.virtualTime);
    return identity;
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    refuseReadOutsideLimits(this.description, block, averages, readVolts, wanted);
    const converter = converterAt(this.description.converter, readVolts);
    const reading = blankReading(this.description, block);
    const parts = averagesInParts(this.description, averages);
    try {
      for (let row = 0; row < block.rowCount; row++) {
        if (wanted?.[row] === 0) continue;
        const read: RowPart[] = [];
        for (const part of parts) read.push(await this.#readRow(block, row, part, readVolts));
        const { codes, chipTimeMicroseconds } = mergeParts(read, converter);
        enterRow(reading, row, codes, converter, chipTimeMicroseconds);
      }
    } catch (error) {
      throw error instanceof MhoError ? new CutOff(error, { reading }) : error;
    }
    return reading;
  }

  #readRow(block: Block, row: number, averages: number, readVolts?: number): Promise<RowPart> {
    const place = { tile: block.tile, row: block.rowStart + row };
    // One line sets it and takes it back: whatever comes between two lines reads with the usual voltage.
    const [before, after] = readVolts === undefined ? ["", ""] : [`:VOLT ${readVolts};`, ":VOLT DEF;"];
    const request = {
      ...place,
      what: `read of tile ${place.tile}, row ${place.row}`,
      line: `${averaged(averages)}${before}:MEAS:CODE? ${this.#list(block, row)};${after}:FETC:TIME?`,
      replyBytes: charactersPerCode * devicesPerRow(this.description.geometry),
      boardMicroseconds: readMicroseconds(this.description, averages),
    };
    return this.#ask(request, ([values = "", time], floor) => {
      const codes = codesOf(values);
      const chipTimeMicroseconds = whole(time);
      if (codes === undefined || chipTimeMicroseconds === undefined) return undefined;
      const wrong = wrongRow(codes, this.description) ?? this.#times.wrong(chipTimeMicroseconds, floor);
      return wrong ?? { averages, codes, chipTimeMicroseconds };
    });
  }

  /** A row whose answer is lost is uncertain, and those after it have not been sent. */
  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const perRow = devicesPerRow(this.description.geometry);
    refuseOutsideLimits(this.description, block, order);
    const { kind = "reset", widthNanoseconds, trailingNanoseconds = 0, gateCode = 0, burst } = order;
    const fires =
      burst === undefined
        ? "IMM "
        : `BURS ${wholeText(burst.cycles, mostBurstCycles, 1)},${burst.kind === "set" ? "SET" : "RES"},` +
          `${wholeText(burst.code, 0xffff, 1)},${nanosecondsText(burst.widthNanoseconds)},${wholeText(burst.gateCode, 0xffff)},`;
    const settings =
      `PULS:KIND ${kind === "set" ? "SET" : "RES"};WIDT ${nanosecondsText(widthNanoseconds)};` +
      `TRA ${nanosecondsText(trailingNanoseconds)};GATE ${wholeText(gateCode, 0xffff)}`;
    const report = reportOfUnsent(order.codes, block.rowCount);
    for (const row of rowsOfCodes(order.codes, block.rowCount)) {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      const place = { tile: block.tile, row: block.rowStart + row, ticket: order.firstTicket + row };
      const request = {
        ...place,
        what: `pulse of tile ${place.tile}, row ${place.row}`,
        line: `${settings};${fires}${this.#list(block, row)},${codes.join(",")};:FETC:TIME?`,
        boardMicroseconds: pulseMicroseconds(this.description, order),
      };
      try {
        report.rowTimesMicroseconds[row] = await this.#fire(request);
        report.fates[row] = rowFates.fired;
        if (this.#log.isLevelEnabled("debug")) {
          const chip_time_microseconds = report.rowTimesMicroseconds[row];
          this.#log.debug({ ...place, fate: "fired", chip_time_microseconds }, "pulse");
        }
      } catch (error) {
        if (!(error instanceof MhoError)) throw error;
        // One that knows no session was reset: before it fired, or after it
        // and before the line came again. What a board refuses, it does not fire.
        if (error.facts["noSession"] === true || error.code === "link-lost") {
          report.fates[row] = rowFates.uncertain;
          const fields = { ...place, fate: "uncertain", error: loggedError(error) } as const;
          this.#log.warn(fields, "whether a pulse fired is uncertain");
        }
        throw new CutOff(error, { report });
      }
    }
    return report;
  }

  /**
   * A pulse is not ordered again when its time cannot be: it is then held to have fired just now, as it did at the latest. A board
   * that has only wrong times is refused.
   */
  async #fire(request: LineRequest): Promise<Microseconds> {
    const { floor } = this.#times;
    const [time] = await this.#lines.ask(request);
    const firedAt = whole(time);
    if (firedAt === undefined) throw this.#lines.malformed(request.what);
    const reason = this.#times.wrong(firedAt, floor);
    if (reason === undefined) {
      this.#wrongTimes = 0;
      return firedAt;
    }
    const { what, tile, row } = request;
    this.#log.warn(
      { request: what, tile, row, attempt: ++this.#wrongTimes, reason },
      "an answer that cannot be",
    );
    if (this.#wrongTimes >= damagedAttempts) throw this.#lines.malformed(what, reason);
    return this.chipTime();
  }

  verify(): Promise<PulseReport> {
    return Promise.reject(
      new MhoError(
        "chip-refused",
        `The chip at ${this.address} speaks SCPI, in which its own loop says nothing of the pulses it gave. ` +
          "Use --method verify.",
        { address: this.address },
      ),
    );
  }

  multiply(): Promise<Float32Array[]> {
    return Promise.reject(
      new MhoError(
        "chip-refused",
        `The chip at ${this.address} speaks SCPI, which has no word for products here.`,
        {
          address: this.address,
        },
      ),
    );
  }

  async fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    return Promise.resolve(unknownFates(rowCount));
  }

  async environment(): Promise<Environment> {
    const request = { line: "MEAS:TEMP?;:MEAS:SUPP?", what: "look at its sensors" };
    return this.#ask(request, (answers) => {
      const [celsius = Number.NaN, supplyVolts = Number.NaN] = answers.map(decimal);
      return wrongEnvironment({ celsius, supplyVolts }) ?? { celsius, supplyVolts };
    });
  }

  async references(tile: number, averages: number): Promise<Uint16Array> {
    refuseReadOutsideLimits(this.description, { tile, rowStart: 0, rowCount: 1 }, averages);
    const read: RowPart[] = [];
    for (const part of averagesInParts(this.description, averages)) {
      const request = {
        what: `look at the references of tile ${tile}`,
        line: `${averaged(part)}:MEAS:REF? ${wholeText(tile, 0xffff)}`,
        replyBytes: 256,
        boardMicroseconds: readMicroseconds(this.description, part),
        tile,
      };
      const codes = await this.#ask(request, ([values = ""]) => {
        const found = codesOf(values);
        return found && (wrongReferences(found, this.description) ?? found);
      });
      read.push({ averages: part, codes, chipTimeMicroseconds: 0 });
    }
    return mergeParts(read, this.description.converter).codes;
  }

  async chipTime(): Promise<Microseconds> {
    return this.#askTime({ line: "SYST:TIME?", what: "question for the time" });
  }

  heartbeat(): Promise<Microseconds> {
    const request = { line: "SYST:TIME?", what: "heartbeat" };
    return this.#askTime(request, { attempts: 4, marginMilliseconds: 200 });
  }

  /** A wrong answer is not asked for again, as time would move twice: the chip is asked where it is. */
  async advance(duration: Microseconds): Promise<Microseconds> {
    refuseAdvance(this.#times.floor, duration);
    const now = Math.min(duration, longestTime);
    // A clock may run a little slower than time.
    const floor = this.#times.floor + Math.floor(0.9 * now);
    this.#times.advancing(now);
    const what = "advance";
    const [said] = await this.#lines.ask({ line: `SYST:TIME:ADV ${secondsText(now)};:SYST:TIME?`, what });
    let time = whole(said);
    if (time === undefined || this.#times.wrong(time, floor) !== undefined) {
      time = await this.chipTime();
      if (time < floor) {
        throw this.#lines.malformed(what, `its time is ${time} µs, and was to be ${floor} µs`);
      }
    }
    return duration > now ? this.advance(duration - now) : time;
  }

  async standby(): Promise<void> {
    this.#lines.callOff(`the chip at ${this.address} was put in standby`);
    await this.#lines.ask({ line: "ABOR;:OUTP OFF", what: "standby" }, { urgent: true });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #askTime(request: LineRequest, options?: RequestOptions): Promise<Microseconds> {
    const read = ([said]: readonly string[], floor: Microseconds): number | string | undefined => {
      const time = whole(said);
      return time === undefined ? undefined : (this.#times.wrong(time, floor) ?? time);
    };
    return this.#ask(request, read, options);
  }

  /**
   * Asks, and again under another tag when the answer cannot be.
   *
   * @param read  the answer, or what is wrong with it; undefined where it cannot be read. `floor` is the chip time that the
   *   request left after.
   */
  async #ask<T extends object | number>(
    request: LineRequest,
    read: (answers: readonly string[], floor: Microseconds) => T | Wrong,
    options?: RequestOptions,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const { floor } = this.#times;
      const answer = read(await this.#lines.ask(request, options), floor);
      const { what, tile, row } = request;
      // Words of another form, with a right check, are another language: they would come again.
      if (answer === undefined) throw this.#lines.malformed(what);
      if (typeof answer !== "string") return answer;
      const fields = { request: what, tile, row, attempt, reason: answer };
      this.#log.warn(fields, "an answer that cannot be");
      if (attempt === damagedAttempts) throw this.#lines.malformed(what, answer);
    }
  }

  #list({ tile, rowStart }: Block, row: number): string {
    return rowText(tile, rowStart + row);
  }

  #whole(text: string | number | undefined, what: string): number {
    const value = whole(text);
    if (value === undefined) throw this.#lines.malformed(what);
    return value;
  }
}

/** A code and its comma, at most. */
const charactersPerCode = 6;

/** What is no code must not become one by being cut to 16 bits. */
function codesOf(values: string): Uint16Array | undefined {
  const codes = values.split(",").map((text) => whole(text));
  return codes.every((code) => code !== undefined && code <= 0xffff)
    ? Uint16Array.from(codes as number[])
    : undefined;
}

function whole(text: string | number | undefined): number | undefined {
  const value = typeof text === "number" ? text : decimal(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function averaged(averages: number): string {
  return `FORM ASC;:AVER:COUN ${wholeText(averages, 0xffff, 1)};`;
}
