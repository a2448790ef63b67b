import { rowsOfCodes } from "../../src/chip/codes.ts";
import { converterAt } from "../../src/chip/conversion.ts";
import {
  type BoardEnvironment,
  decodeEnvironment,
  decodeIdentity,
  decodeProducts,
  decodeNumber,
  decodeRowCodes,
  decodeVerifyReport,
  encodeBurstRow,
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
import { type Log, noLog } from "../../src/log.ts";
import type { DriverOptions } from "../dialect.ts";
import {
  refuseAdvance,
  refuseFates,
  refuseInputs,
  refuseOutsideLimits,
  refuseReadOutsideLimits,
  refuseVerifyOutsideLimits,
} from "../limits.ts";
import {
  averagesInParts,
  multiplyMicroseconds,
  pulseMicroseconds,
  readMicroseconds,
  verifyMicroseconds,
} from "../../src/chip/timing.ts";
import { wrongEnvironment, wrongProducts, wrongPulses, wrongReferences, wrongRow } from "../answers.ts";
import { ChipTimes } from "../chipTimes.ts";
import { CutOff, plain } from "../linkErrors.ts";
import { mergeParts, type RowPart } from "../parts.ts";
import { CheckedRequests, fine } from "./checkedRequests.ts";
import { askDescription } from "./describe.ts";
import { allOf, eachRow } from "./eachRow.ts";
import { PulseFates } from "./pulseFates.ts";
import { noReply, RequestQueue } from "./requests.ts";
import { blankReading, enterRow, refuseOtherChip, rowsToRead } from "../rows.ts";
import type { Transport } from "../transport.ts";

/** Drives a chip that speaks the packet dialect, over any transport. */
export class PacketDriver implements ChipDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #transport: Transport;
  readonly #requests: RequestQueue;
  readonly #checked: CheckedRequests;
  readonly #pulses: PulseFates;
  readonly #log: Log;
  readonly #times: ChipTimes;
  readonly #onDescribed: DriverOptions["onDescribed"];
  #boot = 0;

  constructor(transport: Transport, options: DriverOptions) {
    const { baud, bitsPerByte } = options.description.line;
    this.address = options.address;
    this.description = options.description;
    this.#transport = transport;
    this.#log = options.log ?? noLog;
    this.#times = new ChipTimes(options.now);
    this.#onDescribed = options.onDescribed;
    this.#requests = new RequestQueue(transport, options.address, options.session, {
      marginMilliseconds: options.deadlineMilliseconds ?? 750,
      windowBytes: Math.floor(0.05 * (baud / bitsPerByte)),
      bytesPerSecond: baud / bitsPerByte,
      attempts: options.attempts,
      after: options.after,
      log: options.log,
    });
    this.#checked = new CheckedRequests(this.#requests, this.#times, this.#log);
    this.#pulses = new PulseFates(this.#requests, this.#checked, this.#times, this.#log, options.address);
  }

  /** The port as the system names it. */
  get port(): string {
    return this.#transport.port;
  }

  async identify(): Promise<ChipIdentity> {
    const request = { kind: kinds.hello, body: encodeHello(), what: "hello", replyBytes: 256 };
    const identity = await this.#checked.ask(request, decodeIdentity, fine);
    const { version, answersKept, ...declared } = identity;
    const named = {
      ...declared,
      name: plain(identity.name),
      firmware: plain(identity.firmware),
      serialNumber: plain(identity.serialNumber),
    };
    // One place is left for what is urgent. A board that says it in its description has one request in flight until then.
    this.#requests.mostTagsAhead = named.capabilities.describe ? 1 : Math.max(1, answersKept - 1);
    if (named.capabilities.describe && version === protocolVersion && this.#onDescribed !== undefined) {
      const said = await askDescription(this.#requests);
      this.#requests.mostTagsAhead = Math.max(1, said.answersKept - 1);
      this.#onDescribed(said);
    }
    refuseOtherChip(
      this.address,
      this.description,
      named,
      version === protocolVersion
        ? undefined
        : `speaks version ${version} of the packet dialect, and this program version ${protocolVersion}`,
    );
    this.#boot = named.boot;
    this.#times.begin(named.boot, named.capabilities.virtualTime);
    return named;
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    refuseReadOutsideLimits(this.description, block, averages, readVolts, wanted);
    const converter = converterAt(this.description.converter, readVolts);
    const reading = blankReading(this.description, block);
    const parts = averagesInParts(this.description, averages);
    try {
      const rows = rowsToRead(block.rowCount, wanted);
      await eachRow(this.#requests, this.#log, block.tile, rows, async (row) => {
        // All parts of a row are asked for before the next row: a row is read at one time, as far as can be.
        const read = await allOf(
          parts.map((part) => this.#readRow(block.tile, block.rowStart + row, part, readVolts)),
        );
        const { codes, chipTimeMicroseconds } = mergeParts(read, converter);
        enterRow(reading, row, codes, converter, chipTimeMicroseconds);
      });
    } catch (error) {
      throw error instanceof MhoError ? new CutOff(error, { reading }) : error;
    }
    return reading;
  }

  async #readRow(tile: number, row: number, averages: number, readVolts?: number): Promise<RowPart> {
    const request = {
      kind: kinds.read,
      body: encodeReadRow({ tile, row, averages, readVolts }),
      what: `read of tile ${tile}, row ${row}`,
      replyBytes: 10 + 2 * devicesPerRow(this.description.geometry),
      boardMicroseconds: readMicroseconds(this.description, averages),
      tile,
      row,
    };
    const reply = await this.#checked.ask(
      request,
      decodeRowCodes,
      ({ codes, chipTimeMicroseconds }, floor) =>
        wrongRow(codes, this.description) ?? this.#times.wrong(chipTimeMicroseconds, floor),
    );
    return { averages, ...reply };
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const perRow = devicesPerRow(this.description.geometry);
    refuseOutsideLimits(this.description, block, order);
    assert(block.rowCount < ticketsRemembered, "a block's tickets fit the chip's memory");
    const report = blankReport(block.rowCount);
    const fired = async (row: number): Promise<void> => {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      const ticket = order.firstTicket + row;
      const { kind = "reset", widthNanoseconds, trailingNanoseconds = 0, gateCode = 0, burst } = order;
      const pulse = {
        ticket,
        tile: block.tile,
        row: block.rowStart + row,
        kind,
        widthNanoseconds,
        trailingNanoseconds,
        gateCode,
        codes,
      };
      const body =
        burst === undefined
          ? encodePulseRow(pulse)
          : encodeBurstRow({ ...pulse, cycles: burst.cycles, second: burst });
      const what = `pulse of tile ${block.tile}, row ${block.rowStart + row} (ticket ${ticket})`;
      const { tile, rowStart } = block;
      const found = await this.#pulses.fire(
        ticket,
        {
          kind: burst === undefined ? kinds.pulse : kinds.burst,
          body,
          what,
          replyBytes: 9,
          boardMicroseconds: pulseMicroseconds(this.description, order),
          tile,
          row: rowStart + row,
          ticket,
        },
        this.#pulses.floorOf(ticket, order.resent),
      );
      enter(report, row, found);
      if (this.#log.isLevelEnabled("debug")) {
        const { fate, chipTimeMicroseconds: chip_time_microseconds } = found;
        this.#log.debug({ tile, row: rowStart + row, ticket, fate, chip_time_microseconds }, "pulse");
      }
    };
    try {
      const rows = rowsOfCodes(order.codes, block.rowCount);
      await eachRow(this.#requests, this.#log, block.tile, rows, fired);
    } catch (error) {
      throw error instanceof MhoError ? new CutOff(error, { report }) : error;
    }
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
    const rows = rowsToRead(block.rowCount, undefined);
    await eachRow(this.#requests, this.#log, block.tile, rows, async (row) => {
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
        boardMicroseconds: verifyMicroseconds(this.description, iterations),
        tile: block.tile,
        row: block.rowStart + row,
        ticket: order.firstTicket + row,
      };
      const floor = this.#pulses.floorOf(request.ticket, order.resent);
      const isTarget = (k: number): boolean => targets[k] !== invalidCode;
      const found = await this.#checked.ask(
        request,
        decodeVerifyReport,
        ({ pulses, ...fate }) =>
          wrongPulses(pulses, iterations, isTarget, this.description) ?? this.#pulses.wrong(fate, floor),
      );
      enter(report, row, found);
      pulsesGiven.set(found.pulses, row * perRow);
    });
    return { ...report, pulsesGiven };
  }

  async multiply(tile: number, inputs: readonly Int8Array[]): Promise<Float32Array[]> {
    const step = this.description.multiply?.microsiemensPerCode;
    refuseReadOutsideLimits(this.description, { tile, rowStart: 0, rowCount: 1 }, 1);
    refuseInputs(this.description, inputs);
    assert(step !== undefined, "products are asked of chips whose description says how they are measured");
    const perRow = devicesPerRow(this.description.geometry);
    return allOf(
      inputs.map(async (vector) => {
        const what = `product of tile ${tile}`;
        const body = encodeMultiply({ tile, inputs: vector });
        const boardMicroseconds = multiplyMicroseconds(this.description);
        const request = {
          kind: kinds.multiply,
          body,
          what,
          replyBytes: 10 + 2 * perRow,
          boardMicroseconds,
          tile,
        };
        const { codes } = await this.#checked.ask(
          request,
          decodeProducts,
          (reply, floor) =>
            wrongProducts(reply.codes, this.description) ??
            this.#times.wrong(reply.chipTimeMicroseconds, floor),
        );
        return Float32Array.from(codes, (code) => code * step);
      }),
    );
  }

  async fates(firstTicket: number, rowCount: number, boot: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    const report = blankReport(rowCount);
    await eachRow(this.#requests, this.#log, undefined, rowsToRead(rowCount, undefined), async (row) => {
      const known = this.#boot === boot;
      const ticket = firstTicket + row;
      enter(report, row, known ? await this.#pulses.fateOf(ticket, "pulse") : forgotten);
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
    const { milliCelsius, supplyMillivolts } = await this.#checked.ask(
      request,
      decodeEnvironment,
      (said, floor) =>
        wrongEnvironment(environmentOf(said)) ?? this.#times.wrong(said.chipTimeMicroseconds, floor),
    );
    return environmentOf({ milliCelsius, supplyMillivolts });
  }

  async references(tile: number, averages: number): Promise<Uint16Array> {
    const { converter } = this.description;
    refuseReadOutsideLimits(this.description, { tile, rowStart: 0, rowCount: 1 }, averages);
    const parts = averagesInParts(this.description, averages).map(async (part): Promise<RowPart> => {
      const request = {
        kind: kinds.references,
        body: encodeReadReferences({ tile, averages: part }),
        what: `look at the references of tile ${tile}`,
        replyBytes: 64,
        boardMicroseconds: readMicroseconds(this.description, part),
        tile,
      };
      const reply = await this.#checked.ask(
        request,
        decodeRowCodes,
        ({ codes, chipTimeMicroseconds }, floor) =>
          wrongReferences(codes, this.description) ?? this.#times.wrong(chipTimeMicroseconds, floor),
      );
      return { averages: part, ...reply };
    });
    // They are kept with a sweep, and would keep what lies beside them.
    return mergeParts(await allOf(parts), converter).codes.slice();
  }

  chipTime(): Promise<Microseconds> {
    return this.#checked.time("question for the time");
  }

  heartbeat(): Promise<Microseconds> {
    return this.#checked.time("heartbeat", { attempts: 4, marginMilliseconds: 200 });
  }

  /** A wrong answer is not asked for again, as time would move twice: the chip is asked where it is. */
  async advance(duration: Microseconds): Promise<Microseconds> {
    refuseAdvance(this.#times.floor, duration);
    const request = { kind: kinds.advance, body: encodeNumber(duration), what: "advance", replyBytes: 8 };
    // A clock may run a little slower than time.
    const floor = this.#times.floor + Math.floor(0.9 * duration);
    this.#times.advancing(duration);
    const body = await this.#requests.ask(request);
    const time = body === noReply ? undefined : decodeNumber(body);
    if (time !== undefined && this.#times.wrong(time, floor) === undefined) return time;
    const now = await this.chipTime();
    if (now < floor)
      throw this.#requests.malformed(request, `its time is ${now} µs, and was to be ${floor} µs`);
    return now;
  }

  async standby(): Promise<void> {
    this.#requests.callOff(`the chip at ${this.address} was put in standby`);
    const abort = { kind: kinds.abort, body: encodeNothing(), what: "abort", replyBytes: 0 };
    const standby = { kind: kinds.standby, body: encodeNothing(), what: "standby", replyBytes: 0 };
    // Both leave at once: an order that is under way to the chip must not fire between them.
    await Promise.all(
      [abort, standby].map((request) => this.#checked.ask(request, () => true, fine, { urgent: true })),
    );
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

function environmentOf(said: Pick<BoardEnvironment, "milliCelsius" | "supplyMillivolts">): Environment {
  return { celsius: said.milliCelsius / 1000, supplyVolts: said.supplyMillivolts / 1000 };
}

const forgotten: TicketFate = { fate: "unknown", chipTimeMicroseconds: 0 };
const fateOfTicket = { "not fired": rowFates.notFired, fired: rowFates.fired, unknown: rowFates.uncertain };

function enter(report: PulseReport, row: number, { fate, chipTimeMicroseconds }: TicketFate): void {
  report.fates[row] = fateOfTicket[fate];
  if (fate === "fired") report.rowTimesMicroseconds[row] = chipTimeMicroseconds;
}
