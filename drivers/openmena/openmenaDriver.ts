import { amplitudePerCode } from "../../src/chip/description.ts";
import {
  type ChipIdentity,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
  unknownFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { averagesInParts } from "../../src/chip/timing.ts";
import { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import type { DriverOptions } from "../dialect.ts";
import { checkedHostTime } from "../hostTime.ts";
import { lacking, readsAndPulsesOnly } from "../lacking.ts";
import { decimal } from "../decimal.ts";
import {
  refuseFates,
  refuseOtherReadVolts,
  refuseOutsideLimits,
  refuseReadOutsideLimits,
} from "../limits.ts";
import { type IsLast, LineQuestions } from "../lineQuestions.ts";
import { CutOff } from "../linkErrors.ts";
import type { ConnectedDriver } from "../reconnectingDriver.ts";
import { blankConductances, enterConductances, reportOfUnsent } from "../rows.ts";
import type { Transport } from "../transport.ts";
import { deviceOrder, fullCount, groundVolts, vectorOf } from "./orders.ts";

/** A board of 8 × 8 devices that cannot say who it is, and does not answer a pulse. */
export class OpenmenaDriver implements ConnectedDriver {
  readonly address: string;
  readonly description: DriverOptions["description"];
  readonly chipTimeNow: () => Microseconds;
  readonly #options: DriverOptions;
  readonly #board: LineQuestions;
  #awake = false;
  /** What the columns count when no row has a voltage. */
  #zero: { readonly counts: readonly number[]; readonly at: Microseconds } | undefined;

  constructor(transport: Transport, options: DriverOptions) {
    this.address = options.address;
    this.description = options.description;
    this.chipTimeNow = checkedHostTime(options.hostTime);
    this.#options = options;
    this.#board = new LineQuestions(transport, options, {
      lastOfBanner: " - WEIGHTMODIFALL",
      refusal: /^(Error|Invalid)/,
    });
  }

  get port(): string {
    return this.#board.port;
  }

  /** The board cannot say who it is: that it answers is all there is to know. */
  async identify(): Promise<ChipIdentity> {
    await this.#board.begin();
    await this.#board.ask(barrier, isBarrier);
    this.#awake = true;
    return {
      name: this.description.name,
      firmware: "unknown",
      serialNumber: this.#options.serialNumber ?? "unknown",
      boot: this.#options.session,
      geometry: this.description.geometry,
      capabilities: readsAndPulsesOnly,
      newestTicket: 0,
    };
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    this.#refuseAsleep();
    refuseReadOutsideLimits(this.description, block, averages, undefined, wanted);
    refuseOtherReadVolts(this.description, readVolts);
    const reading = blankConductances(this.description, block);
    for (let row = 0; row < block.rowCount; row++) {
      if (wanted?.[row] === 0) continue;
      try {
        await this.#readRow(reading, row, block.rowStart + row, averages);
      } catch (error) {
        // Rows that were read are not read again after the link is back.
        throw error instanceof MhoError ? new CutOff(error, { reading }) : error;
      }
    }
    return reading;
  }

  async #readRow(reading: Reading, row: number, driven: number, averages: number): Promise<void> {
    const { converter, geometry } = this.description;
    const begun = this.chipTimeNow();
    const counts = new Float64Array(geometry.columns);
    // In parts, so that standby need not wait for all of them.
    for (const part of averagesInParts(this.description, averages)) {
      const now = this.chipTimeNow();
      const isZeroDue = this.#zero === undefined || now - this.#zero.at > zeroLasts;
      const vectors = [...(isZeroDue ? [undefined] : []), ...Array<number>(part).fill(driven)];
      const found = await this.#infer(vectors);
      if (isZeroDue) this.#zero = { counts: found.shift()!, at: now };
      for (const one of found) one.forEach((count, j) => (counts[j]! += count / averages));
    }
    const above = counts.map((count, j) => count - this.#zero!.counts[j]!);
    enterConductances(
      reading,
      row,
      above.map((count) => count * converter.microsiemensPerCode),
      (j) => counts[j]! >= fullCount - 1 || above[j]! >= converter.codes - 1,
      Math.floor((begun + this.chipTimeNow()) / 2),
    );
  }

  /** @param driven  the row that has the read voltage, one a vector. @returns what the columns count, for each vector. */
  async #infer(driven: readonly (number | undefined)[]): Promise<number[][]> {
    const { geometry, timing } = this.description;
    const vectors = driven.map((row) => vectorOf(this.description, row));
    const order = `INFEREMULTIPLE: ${driven.length} ${vectors.flat().join(" ")}`;
    const takes = driven.length * timing.readRowMicroseconds;
    const said = await this.#board.ask(order, (line) => line === "INFEREMULTIPLE complete.", takes);
    const counts = said.slice(2, -1).map((line) => line.split("\t").map(decimal));
    const isCount = (value: number): boolean => value >= 0 && value <= fullCount;
    const fits = counts.every((row) => row.length === geometry.columns && row.every(isCount));
    if (fits && counts.length === driven.length) return counts;
    throw this.#board.lose("it answered a read with something else than counts");
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    this.#refuseAsleep();
    refuseOutsideLimits(this.description, block, order);
    const perRow = devicesPerRow(this.description.geometry);
    const perCode = amplitudePerCode(this.description.pulses);
    // All of them, before the first leaves: an order is carried out as a whole or refused.
    const orders = Array.from(order.codes, (code, k) =>
      code === 0
        ? []
        : [deviceOrder(block.rowStart + Math.floor(k / perRow), k % perRow, order, code * perCode)],
    );
    const report = reportOfUnsent(order.codes, block.rowCount);
    for (let row = 0; row < block.rowCount; row++) {
      const due = orders.slice(row * perRow, (row + 1) * perRow).flat();
      if (due.length === 0) continue;
      if (this.#board.lost !== undefined || !this.#awake) continue;
      report.fates[row] = await this.#pulseRow(due, order.widthNanoseconds);
      if (report.fates[row] === rowFates.fired) report.rowTimesMicroseconds[row] = this.chipTimeNow();
    }
    // The rows that were not sent are sent when the link is back.
    if (this.#board.lost !== undefined) throw new CutOff(this.#board.lost, { report });
    return report;
  }

  /**
   * The board takes lines in turn, and does not answer a pulse. So each is followed by an order that it refuses at once and that moves
   * nothing: its refusal shows that the pulse was taken. Device by device, as the board's memory holds 128 bytes of what it has not read.
   */
  async #pulseRow(due: readonly string[], widthNanoseconds: number): Promise<number> {
    for (const order of due) {
      if (!this.#awake) return rowFates.uncertain;
      const takes = (2 * widthNanoseconds) / 1000;
      const taken = await this.#board.ask(`${order}\n${barrier}`, isBarrier, takes).then(
        () => true,
        () => false,
      );
      if (!taken) return rowFates.uncertain;
    }
    return rowFates.fired;
  }

  /** Every line at virtual ground. The switches are open between orders anyway. */
  async standby(): Promise<void> {
    this.#awake = false;
    const order = `SETVOLTAGES: ${Array<number>(9).fill(groundVolts).join(" ")}`;
    await this.#board.ask(order, (_, said) => said[0] === "Voltages updated:" && said.length === 2);
  }

  async fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    return Promise.resolve(unknownFates(rowCount));
  }

  chipTime = (): Promise<Microseconds> => Promise.resolve(this.chipTimeNow());
  heartbeat = (): Promise<Microseconds> =>
    this.#board.lost === undefined ? this.chipTime() : Promise.reject(this.#board.lost);
  close = (): Promise<void> => this.#board.close();
  verify = (): Promise<never> => lacking(this.address, "run a loop of its own");
  multiply = (): Promise<never> => lacking(this.address, "multiply");
  environment = (): Promise<never> => lacking(this.address, "measure its temperature");
  references = (): Promise<never> => lacking(this.address, "read references");
  advance = (): Promise<never> => lacking(this.address, "move time");

  #refuseAsleep(): void {
    if (!this.#awake) throw new MhoError("chip-refused", `The board at ${this.address} is in standby.`);
  }
}

const barrier = "INFEREMULTIPLE: 0";
const isBarrier: IsLast = (line) => line.startsWith("Error: INFEREMULTIPLE requires N");
/** How long the counts without a voltage are believed. */
const zeroLasts: Microseconds = 60e6;
