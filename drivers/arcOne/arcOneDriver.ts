import { jobs, localSession, mostLines, readModes, sneakPathThird } from "../../protocols/arcOne/jobs.ts";
import {
  acknowledged,
  decodeFloats,
  decodeVersion,
  isResistance,
  microsiemensOf,
} from "../../protocols/arcOne/replies.ts";
import { lineEnd, numberToken } from "../../protocols/arcOne/tokens.ts";
import { rowsOfCodes } from "../../src/chip/codes.ts";
import { amplitudePerCode, type ChipDescription } from "../../src/chip/description.ts";
import {
  type ChipIdentity,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
  unknownFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { pulseMicroseconds, readMicroseconds } from "../../src/chip/timing.ts";
import { MhoError } from "../../src/errors.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import type { Microseconds } from "../../src/units.ts";
import { deadlineFor } from "../deadlines.ts";
import type { DriverOptions } from "../dialect.ts";
import { checkedHostTime } from "../hostTime.ts";
import { lacking, readsAndPulsesOnly } from "../lacking.ts";
import {
  refuseFates,
  refuseOtherReadVolts,
  refuseOutsideLimits,
  refuseReadOutsideLimits,
} from "../limits.ts";
import { calledOff, CutOff } from "../linkErrors.ts";
import type { ConnectedDriver } from "../reconnectingDriver.ts";
import { blankConductances, enterConductances, reportOfUnsent } from "../rows.ts";
import type { Transport } from "../transport.ts";
import { type ArcOneRequest, pulse, readAll, readOne, seriesFor } from "./requests.ts";
import { ReplyLost, TokenLine } from "./tokenLine.ts";

/**
 * Drives a chip in the socket of an ArC ONE, a device at a time. The board checks nothing and keeps nothing, so this does:
 *
 * - A read whose reply is lost is asked again, after a reset. A reply that no resistance can be is lost as well.
 * - A pulse whose reply is lost may have fired: its row is uncertain, the board is reset, and nothing of that row is sent again.
 * - What comes unasked means that board and host are out of step: the board is reset before anything else is sent.
 */
export class ArcOneDriver implements ConnectedDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #transport: Transport;
  readonly #options: DriverOptions;
  readonly #line: TokenLine;
  readonly #time: () => Microseconds;
  readonly #log: Log;
  #firmware = "unknown";
  /** Whether the board was initialised, and has kept in step since. */
  #ready = false;
  #greeted = false;
  #cycles = 0;
  /** Tokens of the last request: so many of them a board may still wait for. */
  #tokensAsked = fewestFlushed;

  constructor(transport: Transport, options: DriverOptions) {
    this.address = options.address;
    this.description = options.description;
    this.#transport = transport;
    this.#options = options;
    this.#line = new TokenLine(transport, options.address, gapMilliseconds, options.after);
    this.#time = checkedHostTime(options.hostTime);
    this.#log = options.log ?? noLog;
  }

  get port(): string {
    return this.#transport.port;
  }

  async identify(): Promise<ChipIdentity> {
    refuseUnfit(this.address, this.description);
    if (!this.#greeted || !this.#ready) await this.#begin();
    const { name, geometry } = this.description;
    return {
      name,
      firmware: this.#firmware,
      serialNumber: this.#options.serialNumber ?? "unknown",
      boot: this.#options.session,
      geometry,
      capabilities: readsAndPulsesOnly,
      newestTicket: 0,
    };
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    this.#refuseAsleep();
    refuseReadOutsideLimits(this.description, block, averages, undefined, wanted);
    refuseOtherReadVolts(this.description, readVolts);
    const reading = blankConductances(this.description, block);
    const words = Array.from({ length: block.rowCount }, (_, row) => row).filter(
      (row) => wanted?.[row] !== 0,
    );
    if (words.length === 0) return reading;
    const bits = devicesPerRow(this.description.geometry);
    const highest = block.rowStart + words.at(-1)! + 1;
    const parts = readParts(averages);
    try {
      // A device that is read by itself costs three tokens.
      if (words.length * wordsOfARead >= highest) {
        const ohms = await this.#mean(readAll(highest, bits), parts, highest);
        for (const row of words)
          this.#enter(reading, row, ohms.subarray((block.rowStart + row) * bits), bits);
      } else {
        for (const row of words) {
          const word = new Float64Array(bits);
          for (let bit = 0; bit < bits; bit++)
            word[bit] = (await this.#mean(readOne(block.rowStart + row + 1, bit + 1), parts, 1))[0]!;
          this.#enter(reading, row, word, bits);
        }
      }
    } catch (error) {
      throw error instanceof MhoError ? new CutOff(error, { reading }) : error;
    }
    return reading;
  }

  #enter(reading: Reading, row: number, microsiemens: Float64Array, bits: number): void {
    enterConductances(reading, row, microsiemens.subarray(0, bits), () => false, this.#time());
  }

  /** The mean conductance over the parts of a read. */
  async #mean(request: ArcOneRequest, parts: readonly number[], rows: number): Promise<Float64Array> {
    const sum = new Float64Array(request.floats);
    for (const averages of parts) {
      await this.#setCycles(averages * cyclesOfARead);
      const ohms = await this.#ask(request, rows * readMicroseconds(this.description, averages));
      ohms.forEach(
        (one, k) => (sum[k]! += (averages * microsiemensOf(one)) / parts.reduce((a, b) => a + b, 0)),
      );
    }
    return sum;
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    this.#refuseAsleep();
    const bits = devicesPerRow(this.description.geometry);
    refuseOutsideLimits(this.description, block, order);
    const series = this.#seriesOf(order);
    if (order.burst !== undefined) return lacking(this.address, "give bursts");
    const perCode = amplitudePerCode(this.description.pulses);
    const sign = order.kind === "set" ? 1 : -1;
    const report = reportOfUnsent(order.codes, block.rowCount);
    for (const row of rowsOfCodes(order.codes, block.rowCount)) {
      const codes = order.codes.subarray(row * bits, (row + 1) * bits);
      const word = block.rowStart + row + 1;
      const place = { tile: 0, row: word - 1, ticket: order.firstTicket + row };
      let given = 0;
      try {
        for (let bit = 0; bit < bits; bit++) {
          if (codes[bit] === 0) continue;
          await this.#inStep();
          given++;
          const seconds = order.widthNanoseconds * 1e-9;
          const request = pulse(word, bit + 1, sign * codes[bit]! * perCode, seconds, series);
          await this.#once(request, pulseMicroseconds(this.description, order));
        }
        report.fates[row] = rowFates.fired;
        report.rowTimesMicroseconds[row] = this.#time();
      } catch (error) {
        if (!(error instanceof ReplyLost || (error instanceof MhoError && error.code === "link-lost")))
          throw error;
        // Before the first pulse of a row nothing of it has fired.
        report.fates[row] = given === 0 ? rowFates.notFired : rowFates.uncertain;
        const fields = { ...place, fate: "uncertain", error: loggedError(error) } as const;
        if (given > 0) this.#log.warn(fields, "whether a pulse fired is uncertain");
        // The rows after it were not sent, and may be.
        if (this.#line.lost !== undefined) throw new CutOff(this.#line.lost, { report });
      }
    }
    return report;
  }

  /** The series resistor that stands in for the gate of a transistor. */
  #seriesOf({ gateCode = 0 }: PulseOrder): number | undefined {
    const series = seriesFor(gateCode);
    if (series === "none") return undefined;
    if (series !== undefined) return series;
    throw new MhoError(
      "limit-exceeded",
      `Nothing was fired: no series resistor of an ArC ONE keeps a device to ${gateCode} µS. Give a compliance of 1 µS or more.`,
      { chip: this.description.name },
    );
  }

  async fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    return Promise.resolve(unknownFates(rowCount));
  }

  chipTime(): Promise<Microseconds> {
    return this.#line.lost === undefined ? Promise.resolve(this.#time()) : Promise.reject(this.#line.lost);
  }

  /** No question is put to the board: each is a job, and none is free of risk while nothing is to be done. */
  heartbeat(): Promise<Microseconds> {
    return this.chipTime();
  }

  /** The one word that the board has for it. It is answered by nothing. */
  async standby(): Promise<void> {
    this.#ready = false;
    this.#greeted = false;
    this.#line.callOff(calledOff(this.address, `the chip at ${this.address} was put in standby`));
    await this.#line.send(this.#flush);
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  verify = (): Promise<never> => lacking(this.address, "be told to verify within the limits of its chip");
  multiply = (): Promise<never> => lacking(this.address, "multiply");
  environment = (): Promise<never> => lacking(this.address, "measure its temperature");
  references = (): Promise<never> => lacking(this.address, "read references");
  advance = (): Promise<never> => lacking(this.address, "move time");

  #refuseAsleep(): void {
    if (this.#greeted) return;
    throw new MhoError(
      "chip-refused",
      `The board at ${this.address} is in standby, or was not greeted yet. Try again.`,
      {
        address: this.address,
      },
    );
  }

  /** Starts the board: a reset, its settings, its version. */
  async #begin(): Promise<void> {
    await this.#reset();
    this.#firmware = await this.#line
      .ask("question for its version", [jobs.version], 4, versionMilliseconds)
      .then(decodeVersion)
      .catch((error: unknown) => {
        if (!(error instanceof ReplyLost)) throw error;
        // Old firmware does not answer.
        return "unknown";
      });
    this.#greeted = true;
  }

  /** Brings board and host into step: a board in the middle of a job takes resets for its parameters, until it has them all. */
  async #reset(): Promise<void> {
    this.#ready = false;
    const { geometry, converter } = this.description;
    const settings = [
      cyclesOfARead,
      geometry.rows,
      devicesPerRow(geometry),
      readModes.tia4p,
      localSession,
      sneakPathThird,
      converter.readVolts ?? usualReadVolts,
    ].map(numberToken);
    for (let attempt = 1; ; attempt++) {
      await this.#line.send(this.#flush);
      await this.#line.wait(resetMilliseconds);
      this.#line.clear();
      try {
        const line = await this.#line.ask(
          "start",
          [jobs.init, ...settings],
          acknowledged.length,
          this.#replyMilliseconds,
        );
        if (line.every((byte, k) => byte === acknowledged[k])) break;
        throw new ReplyLost("start", line.length, 0);
      } catch (error) {
        if (!(error instanceof ReplyLost)) throw error;
        this.#log.warn({ attempt, error: loggedError(error) }, "the board did not start");
        if (attempt === mostResets) throw this.#silent(error);
      }
    }
    await this.#line.send([jobs.setRead, numberToken(readModes.tia4p), settings.at(-1)!]);
    this.#cycles = cyclesOfARead;
    this.#tokensAsked = fewestFlushed;
    this.#ready = true;
  }

  /** Before a request leaves: a board that is out of step is reset, unless it was put in standby. */
  async #inStep(): Promise<void> {
    if (!this.#greeted) throw calledOff(this.address, `the chip at ${this.address} was put in standby`);
    if (this.#ready && this.#line.unasked > 0) {
      this.#log.warn({ reason: `${this.#line.unasked} bytes` }, "the board sent what was not asked for");
      this.#ready = false;
    }
    if (!this.#ready) await this.#reset();
  }

  async #setCycles(cycles: number): Promise<void> {
    await this.#inStep();
    if (cycles === this.#cycles) return;
    await this.#line.send([jobs.updateHardware, numberToken(cycles), numberToken(sneakPathThird)]);
    this.#cycles = cycles;
  }

  /** Asks what may be asked again. */
  async #ask(request: ArcOneRequest, board: Microseconds): Promise<Float32Array> {
    const cycles = this.#cycles;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#inStep();
        await this.#setCycles(cycles);
        const values = await this.#once(request, board);
        // A lost token may have made a longer read of this one, which goes on where its reply ends.
        await this.#line.wait();
        if (this.#line.unasked === 0) return values;
        this.#ready = false;
        throw new ReplyLost(`${request.what}, and more,`, this.#line.unasked, 0);
      } catch (error) {
        if (!(error instanceof ReplyLost)) throw error;
        this.#log.warn(
          { request: request.what, attempt, error: loggedError(error) },
          "asked again after a reset",
        );
        if (attempt === mostAttempts) throw this.#silent(error);
      }
    }
  }

  /** Asks once; whatever is wrong with the reply, board and host are out of step. */
  async #once({ what, tokens, floats }: ArcOneRequest, board: Microseconds): Promise<Float32Array> {
    this.#tokensAsked = Math.max(fewestFlushed, tokens.length);
    try {
      const deadline = Math.max(this.#replyMilliseconds, deadlineFor(board / 1000, this.#replyMilliseconds));
      const values = decodeFloats(await this.#line.ask(what, tokens, 4 * floats, deadline));
      const odd = values.findIndex((value, k) =>
        floats === 6 && k > 0 ? k > 2 && value !== 0 : !isPlausible(value),
      );
      if (odd >= 0) throw new ReplyLost(`${what}, ${values[odd]}`, 4 * floats, 0);
      return values;
    } catch (error) {
      this.#ready = false;
      throw error;
    }
  }

  /** What ends any job that the board may be in the middle of, and resets it. */
  get #flush(): string[] {
    return [lineEnd, ...Array.from({ length: this.#tokensAsked }, () => jobs.reset)];
  }

  get #replyMilliseconds(): number {
    return this.#options.deadlineMilliseconds ?? replyMilliseconds;
  }

  /** The connection is given up: another one may find the board in its senses. */
  #silent(error: ReplyLost): MhoError {
    return this.#line.giveUp(`${error.message}, ${mostAttempts} times, with a reset before each`);
  }
}

/** A device that is open may read as endless; nothing else that is no resistance is one. */
function isPlausible(ohms: number): boolean {
  return isResistance(ohms) || ohms === Infinity;
}

/** Throws `bad-argument` for a chip that no ArC ONE can hold. */
function refuseUnfit(address: string, { name, geometry, pulses }: ChipDescription): void {
  const unit = pulses.technology.amplitudeUnit;
  const fits = geometry.tiles === 1 && geometry.rows <= mostLines && devicesPerRow(geometry) <= mostLines;
  if (fits && unit === "V") return;
  const reason = fits
    ? `its amplitudes are in ${unit}`
    : `it has more than ${mostLines} × ${mostLines} devices`;
  throw new MhoError(
    "bad-argument",
    `The chip ${name} cannot be in the ArC ONE at ${address}: ${reason}. Name the description of the chip with ?chip=FILE.json.`,
    { address, chip: name },
  );
}

/** The reads that the board averages at once, and so often one after the other. */
function readParts(averages: number): number[] {
  const parts = Array<number>(Math.floor(averages / mostAveraged)).fill(mostAveraged);
  const rest = averages % mostAveraged;
  return rest === 0 ? parts : [...parts, rest];
}

/** What the board's own clients average for one reading. */
const cyclesOfARead = 30;
const mostAveraged = 8;
/** So many words of a whole read cost what one word costs that is read device by device. */
const wordsOfARead = 4;
/** Below 0.5 ms between tokens the board may drop them, as its client says. */
const gapMilliseconds = 0.6;
const resetMilliseconds = 2000;
const replyMilliseconds = 7000;
const versionMilliseconds = 1900;
const usualReadVolts = 0.5;
const mostResets = 3;
const mostAttempts = 3;
/** A token that is lost may have made the board begin another job, and wait for its parameters. */
const fewestFlushed = 16;
