import {
  decodeEnvironment,
  decodeIdentity,
  decodeProducts,
  decodeNumber,
  decodeRowCodes,
  decodeTicketFate,
  decodeVerifyReport,
  encodeHello,
  encodeMultiply,
  encodeNothing,
  encodeNumber,
  encodePulseRow,
  encodeReadReferences,
  encodeReadRow,
  encodeVerifyRow,
  invalidCode,
  kinds,
  protocolVersion,
  type TicketFate,
  ticketsRemembered,
} from "../../protocols/packet/messages.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import {
  type ChipDriver,
  type ChipIdentity,
  type PulseOrder,
  type PulseReport,
  type Reading,
  blankReport,
  type BoardVerifyOrder,
  type Environment,
  rowFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { assert, MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import type { DriverOptions } from "../dialect.ts";
import { refuseOutsideLimits, refuseReadOutsideLimits, refuseVerifyOutsideLimits } from "../limits.ts";
import { plain } from "../linkErrors.ts";
import { noReply, type PacketOptions, type Request, RequestQueue } from "./requests.ts";
import { blankReading, enterRow, isOneEach, refuseOtherChip } from "../rows.ts";
import type { Transport } from "../transport.ts";

/** Orders that the chip says it never had are sent again, this often. */
const fireAttempts = 10;

/** Drives a chip that speaks the packet dialect, over any transport. */
export class PacketDriver implements ChipDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #transport: Transport;
  readonly #requests: RequestQueue;
  readonly #log: Log;
  #boot = 0;

  constructor(transport: Transport, options: DriverOptions) {
    const { baud, bitsPerByte } = options.description.line;
    this.address = options.address;
    this.description = options.description;
    this.#transport = transport;
    this.#log = options.log ?? noLog;
    this.#requests = new RequestQueue(transport, options.address, options.session, {
      deadlineMilliseconds: options.deadlineMilliseconds ?? 750,
      windowBytes: Math.floor(0.05 * (baud / bitsPerByte)),
      attempts: options.attempts,
      after: options.after,
      log: options.log,
    });
  }

  /** The port as the system names it. */
  get port(): string {
    return this.#transport.port;
  }

  async identify(): Promise<ChipIdentity> {
    const request = { kind: kinds.hello, body: encodeHello(), what: "hello", replyBytes: 256 };
    const identity = await this.#ask(request, decodeIdentity);
    const named = {
      ...identity,
      name: plain(identity.name),
      firmware: plain(identity.firmware),
      serialNumber: plain(identity.serialNumber),
    };
    const { version } = identity;
    refuseOtherChip(
      this.address,
      this.description,
      named,
      version === protocolVersion
        ? undefined
        : `speaks version ${version} of the packet dialect, and this program version ${protocolVersion}`,
    );
    this.#boot = named.boot;
    return named;
  }

  async read(block: Block, averages: number, wanted?: Uint8Array): Promise<Reading> {
    const { converter, geometry } = this.description;
    refuseReadOutsideLimits(this.description, block, averages);
    const perRow = devicesPerRow(geometry);
    const reading = blankReading(this.description, block);
    await this.#eachRow(block, async (row) => {
      if (wanted?.[row] === 0) return;
      const request = {
        kind: kinds.read,
        body: encodeReadRow({ tile: block.tile, row: block.rowStart + row, averages }),
        what: `read of tile ${block.tile}, row ${block.rowStart + row}`,
        replyBytes: 10 + 2 * perRow,
        tile: block.tile,
        row: block.rowStart + row,
      };
      const reply = await this.#ask(request, decodeRowCodes);
      if (reply.codes.length !== perRow) throw this.#requests.malformed(request);
      enterRow(reading, row, reply.codes, converter, reply.chipTimeMicroseconds);
    });
    return reading;
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const perRow = devicesPerRow(this.description.geometry);
    assert(order.codes.length === block.rowCount * perRow, "an order has one code a device");
    assert(block.rowCount < ticketsRemembered, "a block's tickets fit the chip's memory");
    refuseOutsideLimits(this.description, block, order);
    const report = blankReport(block.rowCount);
    await this.#eachRow(block, async (row) => {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      if (codes.every((code) => code === 0)) return;
      const ticket = order.firstTicket + row;
      const { kind = "reset", widthNanoseconds, trailingNanoseconds = 0, gateCode = 0 } = order;
      const body = encodePulseRow({
        ticket,
        tile: block.tile,
        row: block.rowStart + row,
        kind,
        widthNanoseconds,
        trailingNanoseconds,
        gateCode,
        codes,
      });
      const what = `pulse of tile ${block.tile}, row ${block.rowStart + row} (ticket ${ticket})`;
      const { tile, rowStart } = block;
      const found = await this.#fire(ticket, {
        kind: kinds.pulse,
        body,
        what,
        replyBytes: 9,
        tile,
        row: rowStart + row,
        ticket,
      });
      enter(report, row, found);
      if (this.#log.isLevelEnabled("debug")) {
        const { fate, chipTimeMicroseconds: chip_time_microseconds } = found;
        this.#log.debug({ tile, row: rowStart + row, ticket, fate, chip_time_microseconds }, "pulse");
      }
    });
    return report;
  }

  async verify(block: Block, order: BoardVerifyOrder): Promise<PulseReport> {
    const { geometry, converter } = this.description;
    const perRow = devicesPerRow(geometry);
    const { iterations, widthNanoseconds, targetsMicrosiemens, marginMicrosiemens } = order;
    const { microsiemensPerCode, offsetCodes, codes: highest } = converter;
    refuseVerifyOutsideLimits(this.description, block, order);
    const report = blankReport(block.rowCount);
    const pulsesGiven = new Uint8Array(block.rowCount * perRow);
    await this.#eachRow(block, async (row) => {
      const targets = Uint16Array.from(targetsMicrosiemens.subarray(row * perRow, (row + 1) * perRow), (g) =>
        Number.isNaN(g)
          ? invalidCode
          : Math.min(highest - 2, Math.max(0, Math.round(g / microsiemensPerCode + offsetCodes))),
      );
      if (targets.every((target) => target === invalidCode)) return;
      const body = encodeVerifyRow({
        ticket: order.firstTicket + row,
        tile: block.tile,
        row: block.rowStart + row,
        marginCodes: Math.max(1, Math.round(marginMicrosiemens / microsiemensPerCode)),
        iterations,
        widthNanoseconds,
        targets,
      });
      const what = `verify of tile ${block.tile}, row ${block.rowStart + row}`;
      const request = {
        kind: kinds.verify,
        body,
        what,
        replyBytes: 11 + perRow,
        tile: block.tile,
        row: block.rowStart + row,
        ticket: order.firstTicket + row,
      };
      const found = await this.#ask(request, decodeVerifyReport);
      if (found.pulses.length !== perRow) throw this.#requests.malformed(request);
      enter(report, row, found);
      pulsesGiven.set(found.pulses, row * perRow);
    });
    return { ...report, pulsesGiven };
  }

  async multiply(tile: number, inputs: readonly Int8Array[]): Promise<Float32Array[]> {
    const step = this.description.multiply?.microsiemensPerCode;
    refuseReadOutsideLimits(this.description, { tile, rowStart: 0, rowCount: 1 }, 1);
    assert(step !== undefined, "products are asked of chips whose description says how they are measured");
    const perRow = devicesPerRow(this.description.geometry);
    return Promise.all(
      inputs.map(async (vector) => {
        const what = `product of tile ${tile}`;
        const body = encodeMultiply({ tile, inputs: vector });
        const request = { kind: kinds.multiply, body, what, replyBytes: 10 + 2 * perRow };
        const { codes } = await this.#ask(request, decodeProducts);
        if (codes.length !== perRow) throw this.#requests.malformed(request);
        return Float32Array.from(codes, (code) => code * step);
      }),
    );
  }

  async fates(firstTicket: number, rowCount: number, boot: number): Promise<PulseReport> {
    const report = blankReport(rowCount);
    await this.#eachRow({ rowCount }, async (row) => {
      const known = this.#boot === boot;
      const ticket = firstTicket + row;
      enter(report, row, known ? await this.#fateOf(ticket, "pulse") : forgotten);
    });
    return report;
  }

  async environment(): Promise<Environment> {
    const request = {
      kind: kinds.environment,
      body: encodeNothing(),
      what: "look at its sensors",
      replyBytes: 14,
    };
    const { milliCelsius, supplyMillivolts } = await this.#ask(request, decodeEnvironment);
    return { celsius: milliCelsius / 1000, supplyVolts: supplyMillivolts / 1000 };
  }

  async references(tile: number, averages: number): Promise<Uint16Array> {
    refuseReadOutsideLimits(this.description, { tile, rowStart: 0, rowCount: 1 }, averages);
    const what = `look at the references of tile ${tile}`;
    const body = encodeReadReferences({ tile, averages });
    const request = { kind: kinds.references, body, what, replyBytes: 64 };
    const { codes } = await this.#ask(request, decodeRowCodes);
    if (!isOneEach(codes, this.description)) throw this.#requests.malformed(request);
    return codes;
  }

  chipTime(): Promise<Microseconds> {
    const request = { kind: kinds.time, body: encodeNothing(), what: "question for the time", replyBytes: 8 };
    return this.#ask(request, decodeNumber);
  }

  heartbeat(): Promise<Microseconds> {
    const request = { kind: kinds.time, body: encodeNothing(), what: "heartbeat", replyBytes: 8 };
    return this.#ask(request, decodeNumber, { attempts: 4, deadlineMilliseconds: 200 });
  }

  advance(duration: Microseconds): Promise<Microseconds> {
    const request = { kind: kinds.advance, body: encodeNumber(duration), what: "advance", replyBytes: 8 };
    return this.#ask(request, decodeNumber);
  }

  async standby(): Promise<void> {
    this.#requests.callOff(`the chip at ${this.address} was put in standby`);
    const abort = { kind: kinds.abort, body: encodeNothing(), what: "abort", replyBytes: 0 };
    const standby = { kind: kinds.standby, body: encodeNothing(), what: "standby", replyBytes: 0 };
    // Both leave at once: an order that is under way to the chip must not fire between them.
    await Promise.all([abort, standby].map((request) => this.#ask(request, () => true, { urgent: true })));
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #ask<T>(
    request: Request,
    decode: (body: Uint8Array) => T | undefined,
    options: PacketOptions = {},
  ): Promise<T> {
    const body = await this.#requests.ask(request, options);
    const answer = body === noReply ? undefined : decode(body);
    if (answer === undefined) throw this.#requests.malformed(request);
    return answer;
  }

  /** Sends a pulse; on a lost reply asks what became of its ticket, and sends it again only if it never fired. */
  async #fire(ticket: number, request: Request): Promise<TicketFate> {
    for (let attempt = 0; attempt < fireAttempts; attempt++) {
      const body = await this.#requests.ask(request, { attempts: 1, mayStaySilent: true });
      const fate = body === noReply ? await this.#fateOf(ticket, request.what) : decodeTicketFate(body);
      if (fate === undefined) throw this.#requests.malformed(request);
      if (body === noReply) {
        const { tile, row } = request;
        const fields = { tile, row, ticket, attempt: attempt + 1, fate: fate.fate };
        this.#log.warn(fields, "no reply to a pulse; the chip was asked what became of it");
      }
      if (fate.fate !== "not fired") return fate;
    }
    throw new MhoError(
      "link-lost",
      `The ${request.what} never reached the chip at ${this.address}, in ${fireAttempts} attempts: it did not fire. ` +
        "Check the cable and the baud rate.",
      { address: this.address, ticket },
    );
  }

  /** Starts every row at once, the window pacing them, and waits for all: none is left behind when one fails. */
  async #eachRow(
    { tile, rowCount }: { readonly tile?: number; readonly rowCount: number },
    work: (row: number) => Promise<void>,
  ): Promise<void> {
    const rows = await Promise.allSettled(Array.from({ length: rowCount }, (_, row) => work(row)));
    const [first, ...others] = rows.filter((row) => row.status === "rejected");
    if (first === undefined) return;
    // They share a line, and mostly a reason.
    if (others.length > 0) {
      const error = loggedError(others[0]!.reason);
      this.#log.warn({ tile, rows: others.length, error }, "more rows of the block failed");
    }
    throw first.reason;
  }

  #fateOf(ticket: number, pulse: string): Promise<TicketFate> {
    const what = `question whether the ${pulse} fired`;
    return this.#ask(
      { kind: kinds.ticket, body: encodeNumber(ticket), what, replyBytes: 9, ticket },
      decodeTicketFate,
    );
  }
}

const forgotten: TicketFate = { fate: "unknown", chipTimeMicroseconds: 0 };
const fateOfTicket = { "not fired": rowFates.notFired, fired: rowFates.fired, unknown: rowFates.uncertain };

function enter(report: PulseReport, row: number, { fate, chipTimeMicroseconds }: TicketFate): void {
  report.fates[row] = fateOfTicket[fate];
  if (fate === "fired") report.rowTimesMicroseconds[row] = chipTimeMicroseconds;
}
