import { rowsOfCodes } from "../../src/chip/codes.ts";
import { amplitudePerCode, type ChipDescription } from "../../src/chip/description.ts";
import {
  type ChipDriver,
  type ChipIdentity,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
  unknownFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import type { Microseconds } from "../../src/units.ts";
import type { DriverOptions } from "../dialect.ts";
import { checkedHostTime } from "../hostTime.ts";
import { lacking } from "../lacking.ts";
import { refuseFates, refuseOutsideLimits, refuseReadOutsideLimits } from "../limits.ts";
import { calledOff, CutOff, plain } from "../linkErrors.ts";
import { blankConductances, enterConductances, reportOfUnsent } from "../rows.ts";
import type { Transport } from "../transport.ts";
import { AskedLine } from "./askedLine.ts";
import { microsiemensOf, pulseLimitAmperes, readLimitAmperes, readVoltsOf } from "./levels.ts";
import type { Measured, SmuModel } from "./models.ts";
import { identified, refuseError, smuCapabilities, understood } from "./answers.ts";
import { refuseUnreachable, SwitchMatrix } from "./switchMatrix.ts";
import { refuseShape } from "./widths.ts";

/**
 * Drives one device, or an array behind a switch, by a source-measure unit: a read sources the read voltage and measures the current, a
 * pulse is a list sweep of one level and 0 V. Between both the source is at 0 V. It keeps no tickets: a pulse whose answer is lost
 * is uncertain, and is not sent again.
 */
export class SmuDriver implements ChipDriver {
  readonly address: string;
  readonly description: ChipDescription;
  readonly #options: DriverOptions;
  readonly #port: string;
  readonly #line: AskedLine;
  readonly #switchLine: AskedLine | undefined;
  readonly #matrix: SwitchMatrix | undefined;
  readonly #time: () => Microseconds;
  readonly #log: Log;
  #model: SmuModel | undefined;
  #isAwake = false;
  /** Counts standbys: what was asked for before one is not carried on after it. */
  #standbys = 0;
  /** The last settings of what is measured; they are sent when they change. */
  #settings = "";

  constructor(transport: Transport, options: DriverOptions) {
    this.address = options.address;
    this.description = options.description;
    this.#options = options;
    this.#port = transport.port;
    this.#time = checkedHostTime(options.hostTime);
    this.#log = options.log ?? noLog;
    const { baud, bitsPerByte } = options.description.line;
    const lineOptions = {
      address: options.address,
      marginMilliseconds: options.deadlineMilliseconds ?? 2000,
      bytesPerSecond: baud / bitsPerByte,
      after: options.after,
      log: options.log,
      understood,
    };
    this.#line = new AskedLine(transport, lineOptions);
    const { switchLine, channels } = options;
    this.#switchLine = switchLine && new AskedLine(switchLine, lineOptions);
    this.#matrix =
      this.#switchLine && channels && new SwitchMatrix(this.#switchLine, channels, options.address);
  }

  get port(): string {
    return this.#port;
  }

  async identify(): Promise<ChipIdentity> {
    const { name, geometry, limits } = this.description;
    refuseUnreachable(this.address, this.description, this.#switchLine !== undefined, this.#options.channels);
    const { model, firmware } = await identified(this.#line, this.address);
    this.#settings = "";
    for (const text of model.setUp(limits.maxAmplitude)) await this.#set(text);
    await this.#matrix?.openAll();
    this.#model = model;
    this.#isAwake = true;
    return {
      name,
      firmware,
      serialNumber: this.#options.serialNumber ?? "unknown",
      boot: this.#options.session,
      geometry,
      capabilities: smuCapabilities,
      newestTicket: 0,
    };
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    const model = this.#awake();
    refuseReadOutsideLimits(this.description, block, averages, readVolts, wanted);
    const how = { volts: readVolts ?? readVoltsOf(this.description), averages };
    const still = this.#notPutInStandby();
    const perRow = devicesPerRow(this.description.geometry);
    const reading = blankConductances(this.description, block);
    try {
      for (let row = 0; row < block.rowCount; row++) {
        if (wanted?.[row] === 0) continue;
        const measured: Measured[] = [];
        for (let k = 0; k < perRow; k++)
          measured.push(await this.#measure(model, block.rowStart + row, k, how, still));
        const conductances = measured.map(microsiemensOf);
        enterConductances(reading, row, conductances, (k) => measured[k]!.isLimited, this.#time());
      }
    } catch (error) {
      throw error instanceof MhoError ? new CutOff(error, { reading }) : error;
    }
    return reading;
  }

  async #measure(
    model: SmuModel,
    row: number,
    device: number,
    { volts, averages }: { readonly volts: number; readonly averages: number },
    still: () => void,
  ): Promise<Measured> {
    await this.#matrix?.select(row, device, still);
    const parts: Measured[] = [];
    for (let left = averages; left > 0; left -= model.mostAverages) {
      const count = Math.min(left, model.mostAverages);
      const { powerLineCycles = 1 } = this.#options;
      await this.#measureBy(model.forReads(count, powerLineCycles), still);
      await this.#set(model.hold(volts, readLimitAmperes(this.description, volts)), still);
      const boardMicroseconds = count * powerLineCycles * longestCycleMicroseconds + rangingMicroseconds;
      const answers: string[] = [];
      for (const question of model.readQuestions)
        answers.push(await this.#line.ask(question, { still, boardMicroseconds }));
      const measured = model.reading(answers, volts);
      if (measured === undefined) throw this.#strange(model.readQuestions.join(" "), answers.join(" "));
      for (let n = 0; n < count; n++) parts.push(measured);
    }
    await this.#set(model.rest, still);
    const mean = (of: (part: Measured) => number): number =>
      parts.reduce((sum, part) => sum + of(part), 0) / parts.length;
    return {
      volts: mean((part) => part.volts),
      amperes: mean((part) => part.amperes),
      isLimited: parts.some((part) => part.isLimited),
    };
  }

  /** A row whose answer is lost is uncertain, and those after it have not been sent. */
  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    const model = this.#awake();
    const perRow = devicesPerRow(this.description.geometry);
    refuseOutsideLimits(this.description, block, order);
    refuseShape(model, order, this.description);
    const still = this.#notPutInStandby();
    const report = reportOfUnsent(order.codes, block.rowCount);
    let cut: MhoError | undefined;
    for (const row of rowsOfCodes(order.codes, block.rowCount)) {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      if (cut !== undefined) continue;
      const done = { fired: 0, mayHaveFired: false };
      try {
        for (let k = 0; k < perRow; k++)
          if (codes[k] !== 0)
            await this.#fire(model, block.rowStart + row, k, { ...order, code: codes[k]! }, done, still);
        report.fates[row] = rowFates.fired;
        report.rowTimesMicroseconds[row] = this.#time();
      } catch (error) {
        if (!(error instanceof MhoError)) throw error;
        cut = error;
        // Part of a row is not a row, and nothing tells whether a sweep that was not answered ran.
        if (done.fired > 0 || done.mayHaveFired) report.fates[row] = rowFates.uncertain;
        const place = { tile: block.tile, row: block.rowStart + row, ticket: order.firstTicket + row };
        this.#log.warn({ ...place, error: loggedError(error) }, "a row was not pulsed as ordered");
      }
    }
    const some = report.fates.some((fate) => fate === rowFates.fired || fate === rowFates.uncertain);
    if (cut !== undefined && (!some || cut.code === "link-lost")) throw new CutOff(cut, { report });
    return report;
  }

  async #fire(
    model: SmuModel,
    row: number,
    device: number,
    order: Pick<PulseOrder, "kind" | "widthNanoseconds" | "gateCode"> & { readonly code: number },
    done: { fired: number; mayHaveFired: boolean },
    still: () => void,
  ): Promise<void> {
    const { kind = "reset", widthNanoseconds, gateCode = 0, code } = order;
    await this.#matrix?.select(row, device, still);
    const height = code * amplitudePerCode(this.description.pulses);
    const limit = pulseLimitAmperes(this.description, height, gateCode, this.#options.mostMicroamperes);
    const delaySeconds = (widthNanoseconds - model.cycleNanoseconds) / 1e9;
    await this.#measureBy(model.forPulses, still);
    for (const text of model.arm(kind === "set" ? height : -height, limit, delaySeconds))
      await this.#set(text, still);
    const boardMicroseconds = (2 * widthNanoseconds) / 1000 + rangingMicroseconds;
    const begins = (): void => {
      still();
      done.mayHaveFired = true;
    };
    const answer = await this.#line.ask(model.fire, { still: begins, boardMicroseconds });
    if (!model.hasFired(answer)) throw this.#strange(model.fire, answer);
    done.fired++;
    done.mayHaveFired = false;
    await this.#set(model.rest, still);
  }

  async #measureBy(settings: string, still: () => void): Promise<void> {
    if (this.#settings === settings) return;
    await this.#set(settings, still);
    this.#settings = settings;
  }

  /** A message that ends by asking for its error. */
  async #set(text: string, still: () => void = () => {}): Promise<void> {
    refuseError(await this.#line.ask(text, { still }), text, this.address);
  }

  async standby(): Promise<void> {
    this.#isAwake = false;
    this.#standbys++;
    // Of an instrument that has not said yet which it is, or says nothing any more: these words are common to all.
    if (this.#model === undefined || this.#line.lost !== undefined)
      await this.#line.tell(":OUTP OFF\n:SOUR:VOLT 0");
    this.#model ??= (await identified(this.#line, this.address)).model;
    const answer = await this.#line.ask(this.#model.off);
    if (answer.trim() !== "0") throw this.#strange("OUTP?", answer);
    await this.#matrix?.openAll();
  }

  /** Throws where the chip was put in standby since. */
  #notPutInStandby(): () => void {
    const begun = this.#standbys;
    return () => {
      if (this.#standbys !== begun) throw calledOff(this.address, "the chip was put in standby");
    };
  }

  #awake(): SmuModel {
    if (this.#isAwake && this.#model !== undefined) return this.#model;
    throw new MhoError(
      "chip-refused",
      `The instrument at ${this.address} is in standby: its output is off. Identify the chip first.`,
      { address: this.address, asleep: true },
    );
  }

  #strange(asked: string, answer: string): MhoError {
    return new MhoError(
      "chip-refused",
      `The instrument at ${this.address} answered ${asked} with "${plain(answer)}", which is no measurement. ` +
        "Check that no other program uses it, then try again.",
      { address: this.address },
    );
  }

  async fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    return Promise.resolve(unknownFates(rowCount));
  }
  chipTime = (): Promise<Microseconds> => Promise.resolve(this.#time());

  async heartbeat(): Promise<Microseconds> {
    await this.#line.ask("*OPC?");
    return this.#time();
  }

  async close(): Promise<void> {
    await this.#line.close();
    await this.#switchLine?.close();
  }

  verify = (): Promise<never> => lacking(this.address, "run a loop of its own");
  multiply = (): Promise<never> => lacking(this.address, "multiply");
  environment = (): Promise<never> => lacking(this.address, "measure the chip's temperature");
  references = (): Promise<never> => lacking(this.address, "read references");
  advance = (): Promise<never> => lacking(this.address, "move time");
}

/** Of a mains of 50 Hz, with the auto zero that goes before: three measurements. */
const longestCycleMicroseconds: Microseconds = 60_000;
/** An instrument that looks for its range, or moves its output relay. */
const rangingMicroseconds: Microseconds = 1_000_000;
