import type { DriverOptions } from "../../drivers/dialect.ts";
import { hostTime } from "../../drivers/hostTime.ts";
import { lacking } from "../../drivers/lacking.ts";
import {
  refuseFates,
  refuseOtherReadVolts,
  refuseOutsideLimits,
  refuseReadOutsideLimits,
} from "../../drivers/limits.ts";
import { CutOff, lineGone } from "../../drivers/linkErrors.ts";
import type { ConnectedDriver } from "../../drivers/reconnectingDriver.ts";
import { blankConductances, enterConductances, reportOfUnsent } from "../../drivers/rows.ts";
import { after } from "../../drivers/systemClock.ts";
import type { Transport } from "../../drivers/transport.ts";
import { Firmware } from "../../emulator/firmware.ts";
import type { LabDialect } from "../../lab/dialects.ts";
import {
  type ChipIdentity,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
  unknownFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";

/**
 * A board that has nothing but an array, as many on benches are: no tickets, no clock, no converter codes, no serial number, no
 * virtual time, no sensors, and no word for who it is. `r TILE ROW AVERAGES`, `p TILE ROW KIND WIDTH TRAILING CODES…` and `off`, each
 * answered by a line.
 */
export const bare: LabDialect = {
  name: "bare",
  line: "text",
  lacks: [
    "virtualTime",
    "multiply",
    "onBoardVerify",
    "environment",
    "references",
    "burst",
    "tickets",
    "clock",
    "codes",
    "serialNumber",
  ],
  usualChip: "pcm-64",
  perhaps: ({ vendorId }) => (vendorId === "ba4e" ? "a bare board" : undefined),
  open: (transport, options) => new BareDriver(transport, options),
  readTranscript: () => ({ messages: [], damaged: 0, push() {} }),
  emulate: (preset, seed) => new BareFirmware(preset, seed),
};

class BareDriver implements ConnectedDriver {
  readonly address: string;
  readonly description: DriverOptions["description"];
  readonly chipTimeNow: () => number;
  readonly #options: DriverOptions;
  readonly #transport: Transport;
  #answer: { resolve(line: string): void; reject(error: MhoError): void } | undefined;
  #lost: MhoError | undefined;
  #awake = false;

  constructor(transport: Transport, options: DriverOptions) {
    this.address = options.address;
    this.description = options.description;
    this.chipTimeNow = options.hostTime ?? hostTime();
    this.#options = options;
    this.#transport = transport;
    transport.onBytes(lines((line) => this.#answer?.resolve(line)));
    transport.onClosed((reason) => this.#lose(reason));
  }

  get port(): string {
    return this.#transport.port;
  }

  identify(): Promise<ChipIdentity> {
    this.#awake = true;
    const { name, geometry } = this.description;
    return Promise.resolve({
      name,
      firmware: "unknown",
      serialNumber: this.#options.serialNumber ?? "unknown",
      boot: this.#options.session,
      geometry,
      capabilities: {
        virtualTime: false,
        multiply: false,
        onBoardVerify: false,
        environment: false,
        references: false,
        tickets: false,
        clock: false,
        codes: false,
        serialNumber: false,
      },
      newestTicket: 0,
    });
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    this.#refuseAsleep();
    refuseReadOutsideLimits(this.description, block, averages, undefined, wanted);
    refuseOtherReadVolts(this.description, readVolts);
    const reading = blankConductances(this.description, block);
    for (let row = 0; row < block.rowCount; row++) {
      if (wanted?.[row] === 0) continue;
      const answer = this.#ask(`r ${block.tile} ${block.rowStart + row} ${averages}`);
      const said = (
        await answer.catch((error: MhoError) => Promise.reject(new CutOff(error, { reading })))
      ).split(" ");
      enterConductances(reading, row, said.map(Number), () => false, this.chipTimeNow());
    }
    return reading;
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    this.#refuseAsleep();
    refuseOutsideLimits(this.description, block, order);
    const { kind = "reset", widthNanoseconds, trailingNanoseconds = 0 } = order;
    const perRow = devicesPerRow(this.description.geometry);
    const report = reportOfUnsent(order.codes, block.rowCount);
    for (let row = 0; row < block.rowCount; row++) {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      if (codes.every((code) => code === 0)) continue;
      if (this.#lost !== undefined) continue;
      const place = `${block.tile} ${block.rowStart + row}`;
      const fired = this.#ask(
        `p ${place} ${kind} ${widthNanoseconds} ${trailingNanoseconds} ${codes.join(" ")}`,
      );
      // Nothing tells whether a pulse that was not answered fired.
      report.fates[row] = await fired.then(
        () => rowFates.fired,
        () => rowFates.uncertain,
      );
      if (report.fates[row] === rowFates.fired) report.rowTimesMicroseconds[row] = this.chipTimeNow();
    }
    if (this.#lost !== undefined) throw new CutOff(this.#lost, { report });
    return report;
  }

  async fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    return Promise.resolve(unknownFates(rowCount));
  }

  chipTime = (): Promise<number> => Promise.resolve(this.chipTimeNow());
  heartbeat = (): Promise<number> =>
    this.#lost === undefined ? this.chipTime() : Promise.reject(this.#lost);

  async standby(): Promise<void> {
    this.#awake = false;
    await this.#ask("off");
  }

  close = (): Promise<void> => this.#transport.close();
  verify = (): Promise<never> => lacking(this.address, "run a loop of its own");
  multiply = (): Promise<never> => lacking(this.address, "multiply");
  environment = (): Promise<never> => lacking(this.address, "measure its temperature");
  references = (): Promise<never> => lacking(this.address, "read references");
  advance = (): Promise<never> => lacking(this.address, "move time");

  #refuseAsleep(): void {
    if (!this.#awake) throw new MhoError("chip-refused", `The board at ${this.address} is in standby.`);
  }

  /** A line that came late would be taken for the answer to another question: after the first that is missing the link is lost. */
  async #ask(words: string): Promise<string> {
    if (this.#lost !== undefined) throw this.#lost;
    const answer = new Promise<string>((resolve, reject) => (this.#answer = { resolve, reject }));
    const cancel = (this.#options.after ?? after)(this.#options.deadlineMilliseconds ?? 750, () =>
      this.#lose("it did not answer"),
    );
    this.#transport
      .write(bytesOf(`${words}\n`))
      .catch((error: unknown) => this.#lose(error instanceof Error ? error.message : String(error)));
    return answer.finally(cancel);
  }

  #lose(reason: string): void {
    this.#lost ??= lineGone(this.address, reason);
    this.#answer?.reject(this.#lost);
  }
}

/** A board that speaks it, and begins with its lines on. */
class BareFirmware extends Firmware {
  #push: ((bytes: Uint8Array) => void) | undefined;
  #replies: Uint8Array[] = [];

  protected override take(bytes: Uint8Array): Uint8Array[] {
    this.#push ??= lines((line) => this.#replies.push(bytesOf(`${this.#answer(line.split(" "))}\n`)));
    this.#push(bytes);
    return this.#replies.splice(0);
  }

  protected override forget(): void {
    this.#push = undefined;
  }

  #answer([word, ...given]: string[]): string {
    const { board } = this;
    board.armed = word !== "off";
    const [tile = 0, row = 0, averages = 1] = given.map(Number);
    if (word === "r") {
      const read = board.read(tile, row, averages, 0);
      const { microsiemensPerCode } = board.preset.readout;
      return "codes" in read ? Array.from(read.codes, (code) => code * microsiemensPerCode).join(" ") : "no";
    }
    if (word === "p") {
      const [widthNanoseconds = 0, trailingNanoseconds = 0, ...codes] = given.slice(3).map(Number);
      const kind = given[2] === "set" ? "set" : "reset";
      const settings = { kind, widthNanoseconds, trailingNanoseconds, gateCode: 0 } as const;
      const fired = board.pulse(tile, row, { ...settings, codes: Uint16Array.from(codes) }, 0);
      return typeof fired === "number" ? "done" : "no";
    }
    return "done";
  }
}

/** Cuts bytes into lines, whatever the chunks. */
function lines(onLine: (line: string) => void): (bytes: Uint8Array) => void {
  let text = "";
  return (bytes) => {
    const parts = (text + Buffer.from(bytes).toString("latin1")).split("\n");
    text = parts.pop()!;
    parts.forEach(onLine);
  };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
