import {
  longestTime,
  nanosecondsText,
  rowText,
  secondsText,
  wholeText,
} from "../../protocols/scpi/numbers.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import {
  blankReport,
  type ChipDriver,
  type ChipIdentity,
  type Environment,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { assert, MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import type { DriverOptions } from "../dialect.ts";
import { refuseOutsideLimits, refuseReadOutsideLimits } from "../limits.ts";
import { LineRequests } from "./lineRequests.ts";
import { plain } from "../linkErrors.ts";
import type { RequestOptions } from "../requestOptions.ts";
import { blankReading, enterRow, isOneEach, refuseOtherChip } from "../rows.ts";
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

  constructor(transport: Transport, options: DriverOptions) {
    this.address = options.address;
    this.description = options.description;
    this.#transport = transport;
    this.#log = options.log ?? noLog;
    this.#lines = new LineRequests(transport, options.address, options.session, {
      deadlineMilliseconds: options.deadlineMilliseconds ?? 750,
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
    const [idn = "", boot, geometry = "", capabilities = ""] = await this.#lines.ask(line, "*IDN?");
    const [, name = "", serialNumber = "", firmware = ""] = idn.split(",").map(plain);
    const [tiles, rows, columns, devicesPerCell] = geometry.split(",").map(Number);
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
      },
      newestTicket: 0,
    };
    refuseOtherChip(this.address, this.description, identity);
    return identity;
  }

  async read(block: Block, averages: number, wanted?: Uint8Array): Promise<Reading> {
    const { converter, geometry } = this.description;
    refuseReadOutsideLimits(this.description, block, averages);
    const reading = blankReading(this.description, block);
    for (let row = 0; row < block.rowCount; row++) {
      if (wanted?.[row] === 0) continue;
      const what = `read of tile ${block.tile}, row ${block.rowStart + row}`;
      const line = `${averaged(averages)}:MEAS:CODE? ${this.#list(block, row)};:FETC:TIME?`;
      const [values = "", time] = await this.#lines.ask(line, what);
      const codes = this.#codes(values, what);
      if (codes.length !== devicesPerRow(geometry)) throw this.#lines.malformed(what);
      enterRow(reading, row, codes, converter, this.#whole(time, what));
    }
    return reading;
  }

  /** A row whose answer is lost is uncertain, and those after it have not been sent. */
  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const perRow = devicesPerRow(this.description.geometry);
    assert(order.codes.length === block.rowCount * perRow, "an order has one code a device");
    refuseOutsideLimits(this.description, block, order);
    const { kind = "reset", widthNanoseconds, trailingNanoseconds = 0, gateCode = 0 } = order;
    const settings =
      `PULS:KIND ${kind === "set" ? "SET" : "RES"};WIDT ${nanosecondsText(widthNanoseconds)};` +
      `TRA ${nanosecondsText(trailingNanoseconds)};GATE ${wholeText(gateCode, 0xffff)}`;
    const report = blankReport(block.rowCount);
    let lost = false;
    for (let row = 0; row < block.rowCount; row++) {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      if (codes.every((code) => code === 0)) continue;
      report.fates[row] = rowFates.notFired;
      if (lost) continue;
      const what = `pulse of tile ${block.tile}, row ${block.rowStart + row}`;
      const line = `${settings};IMM ${this.#list(block, row)},${codes.join(",")};:FETC:TIME?`;
      try {
        const [time] = await this.#lines.ask(line, what);
        report.rowTimesMicroseconds[row] = this.#whole(time, what);
        report.fates[row] = rowFates.fired;
        if (this.#log.isLevelEnabled("debug")) {
          const chip_time_microseconds = report.rowTimesMicroseconds[row];
          const place = { tile: block.tile, row: block.rowStart + row, ticket: order.firstTicket + row };
          this.#log.debug({ ...place, fate: "fired", chip_time_microseconds }, "pulse");
        }
      } catch (error) {
        // The next question will find the link lost, and say so; what is known must not be lost with it.
        if (!(error instanceof MhoError)) throw error;
        const { noSession, asleep } = error.facts;
        // A board in standby refused the row, so it did not fire; what went before it did, and must not be sent again.
        const some = asleep === true && report.fates.includes(rowFates.fired);
        if (noSession !== true && !some && error.code !== "link-lost") throw error;
        // One that knows no session was reset: before it fired, or after it
        // and before the line came again.
        report.fates[row] = some ? rowFates.notFired : rowFates.uncertain;
        lost = true;
        const place = { tile: block.tile, row: block.rowStart + row };
        const fields = { ...place, fate: "uncertain", error: loggedError(error) } as const;
        this.#log.warn(fields, "whether a pulse fired is uncertain");
      }
    }
    return report;
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

  fates(_firstTicket: number, rowCount: number): Promise<PulseReport> {
    const report = blankReport(rowCount);
    report.fates.fill(rowFates.uncertain);
    return Promise.resolve(report);
  }

  async environment(): Promise<Environment> {
    const what = "look at its sensors";
    const answers = await this.#lines.ask("MEAS:TEMP?;:MEAS:SUPP?", what);
    const [celsius = Number.NaN, supplyVolts = Number.NaN] = answers.map(Number);
    if (!Number.isFinite(celsius) || !Number.isFinite(supplyVolts)) throw this.#lines.malformed(what);
    return { celsius, supplyVolts };
  }

  async references(tile: number, averages: number): Promise<Uint16Array> {
    refuseReadOutsideLimits(this.description, { tile, rowStart: 0, rowCount: 1 }, averages);
    const what = `look at the references of tile ${tile}`;
    const line = `${averaged(averages)}:MEAS:REF? ${wholeText(tile, 0xffff)}`;
    const [values = ""] = await this.#lines.ask(line, what);
    const codes = this.#codes(values, what);
    if (!isOneEach(codes, this.description)) throw this.#lines.malformed(what);
    return codes;
  }

  async chipTime(): Promise<Microseconds> {
    return this.#time("question for the time");
  }

  heartbeat(): Promise<Microseconds> {
    return this.#time("heartbeat", { attempts: 4, deadlineMilliseconds: 200 });
  }

  async advance(duration: Microseconds): Promise<Microseconds> {
    const now = Math.min(duration, longestTime);
    const [time] = await this.#lines.ask(`SYST:TIME:ADV ${secondsText(now)};:SYST:TIME?`, "advance");
    return duration > now ? this.advance(duration - now) : this.#whole(time, "advance");
  }

  async standby(): Promise<void> {
    this.#lines.callOff(`the chip at ${this.address} was put in standby`);
    await this.#lines.ask("ABOR;:OUTP OFF", "standby", { urgent: true });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #time(what: string, options?: RequestOptions): Promise<Microseconds> {
    const [time] = await this.#lines.ask("SYST:TIME?", what, options);
    return this.#whole(time, what);
  }

  #list({ tile, rowStart }: Block, row: number): string {
    return rowText(tile, rowStart + row);
  }

  /** What is no code must not become one by being cut to 16 bits. */
  #codes(values: string, what: string): Uint16Array {
    return Uint16Array.from(values.split(","), (text) => {
      const code = this.#whole(text, what);
      if (code > 0xffff) throw this.#lines.malformed(what);
      return code;
    });
  }

  #whole(text: string | number | undefined, what: string): number {
    const value = text === undefined || text === "" ? Number.NaN : Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw this.#lines.malformed(what);
    return value;
  }
}

function averaged(averages: number): string {
  return `FORM ASC;:AVER:COUN ${wholeText(averages, 0xffff, 1)};`;
}
