import type { ChipAnswer, DriverOptions } from "../../drivers/dialect.ts";
import type { Message } from "../../drivers/heard.ts";
import { inTime } from "../../drivers/inTime.ts";
import {
  refuseAdvance,
  refuseFates,
  refuseOtherReadVolts,
  refuseOutsideLimits,
  refuseReadOutsideLimits,
} from "../../drivers/limits.ts";
import type { ConnectedDriver } from "../../drivers/reconnectingDriver.ts";
import { blankConductances, enterConductances, refuseOtherChip } from "../../drivers/rows.ts";
import type { Transport } from "../../drivers/transport.ts";
import type { BoardRefusal } from "../../emulator/board.ts";
import { Firmware } from "../../emulator/firmware.ts";
import type { LabDialect } from "../../lab/dialects.ts";
import {
  blankReport,
  type ChipIdentity,
  noCode,
  type PulseOrder,
  type PulseReport,
  type Reading,
  rowFates,
  unknownFates,
} from "../../src/chip/driver.ts";
import { type Block, devicesPerRow } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";

/**
 * A dialect in one file, as a lab would add it: words and numbers in lines, `NUMBER WORD ARGUMENTS…` answered by
 * `NUMBER VALUES…` or `NUMBER no REASON`. It knows no tickets, no loop of the board's own and no products.
 */
export const toy: LabDialect = {
  name: "toy",
  line: "text",
  open: (transport, options) => new ToyDriver(transport, options),
  probe: probeToy,
  readTranscript: readToyTranscript,
  emulate: (preset, seed) => new ToyFirmware(preset, seed),
};

class ToyDriver implements ConnectedDriver {
  readonly address: string;
  readonly description: DriverOptions["description"];
  readonly #transport: Transport;
  readonly #ask: (words: string) => Promise<string[]>;

  constructor(transport: Transport, { address, description }: DriverOptions) {
    this.address = address;
    this.description = description;
    this.#transport = transport;
    this.#ask = asker(transport, address);
  }

  get port(): string {
    return this.#transport.port;
  }

  async identify(): Promise<ChipIdentity> {
    const identity = identityOf(await this.#ask("who"));
    refuseOtherChip(this.address, this.description, identity);
    return identity;
  }

  async read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading> {
    refuseReadOutsideLimits(this.description, block, averages, undefined, wanted);
    refuseOtherReadVolts(this.description, readVolts);
    const reading = blankConductances(this.description, block);
    for (let row = 0; row < block.rowCount; row++) {
      if (wanted?.[row] === 0) continue;
      const [time, ...said] = await this.#ask(`read ${block.tile} ${block.rowStart + row} ${averages}`);
      const microsiemens = said.map((word) => Number(word.replace(">", "")));
      enterConductances(reading, row, microsiemens, (k) => said[k]!.startsWith(">"), Number(time));
    }
    return reading;
  }

  async pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    refuseOutsideLimits(this.description, block, order);
    const { kind = "reset", widthNanoseconds, trailingNanoseconds = 0 } = order;
    const perRow = devicesPerRow(this.description.geometry);
    const report = blankReport(block.rowCount);
    for (let row = 0; row < block.rowCount; row++) {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      if (codes.every((code) => code === 0)) continue;
      const place = `${block.tile} ${block.rowStart + row}`;
      const pulse = `${kind} ${widthNanoseconds} ${trailingNanoseconds} ${codes.join(" ")}`;
      const [time] = await this.#ask(`pulse ${place} ${pulse}`);
      report.rowTimesMicroseconds[row] = Number(time);
      report.fates[row] = rowFates.fired;
    }
    return report;
  }

  async fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    refuseFates(firstTicket, rowCount);
    return Promise.resolve(unknownFates(rowCount));
  }

  chipTime = async (): Promise<number> => Number((await this.#ask("time"))[0]);
  heartbeat = (): Promise<number> => this.chipTime();
  async advance(duration: number): Promise<number> {
    refuseAdvance(await this.chipTime(), duration);
    return Number((await this.#ask(`advance ${duration}`))[0]);
  }

  standby = async (): Promise<void> => void (await this.#ask("standby"));
  close = (): Promise<void> => this.#transport.close();

  verify = (): Promise<never> => this.#cannot("run a loop of its own");
  multiply = (): Promise<never> => this.#cannot("multiply");
  environment = (): Promise<never> => this.#cannot("measure its temperature");
  references = (): Promise<never> => this.#cannot("read references");

  #cannot(what: string): Promise<never> {
    return Promise.reject(new MhoError("chip-refused", `The chip at ${this.address} cannot ${what}.`));
  }
}

/** One question after the other: the next is sent when the answer to the one before is there. */
function asker(transport: Transport, address: string): (words: string) => Promise<string[]> {
  let settle: (line: string) => void = () => {};
  let number = 0;
  transport.onBytes(lines((line) => settle(line)));
  return async (words) => {
    const line = new Promise<string>((resolve) => (settle = resolve));
    await transport.write(bytesOf(`${++number} ${words}\n`));
    const [answered, ...values] = (await line).split(" ");
    if (answered === String(number) && values[0] !== "no") return values;
    throw new MhoError("chip-refused", `The chip at ${address} refused "${words.slice(0, 40)}".`);
  };
}

async function probeToy(transport: Transport, deadline: number): Promise<ChipAnswer | undefined> {
  const answer = asker(transport, transport.port)("who").then(identityOf);
  return inTime(
    answer.catch(() => undefined),
    deadline,
  );
}

function identityOf(values: readonly string[]): ChipIdentity {
  const [name = "", serialNumber = "", firmware = "", ...counts] = values;
  const [boot = 0, tiles = 0, rows = 0, columns = 0, devicesPerCell = 0] = counts.map(Number);
  if (!Number.isInteger(devicesPerCell)) throw new MhoError("chip-refused", "That is no identity.");
  return {
    name,
    serialNumber,
    firmware,
    boot,
    geometry: { tiles, rows, columns, devicesPerCell },
    capabilities: {
      virtualTime: true,
      multiply: false,
      onBoardVerify: false,
      environment: false,
      references: false,
      tickets: false,
      codes: false,
    },
    newestTicket: 0,
  };
}

function readToyTranscript(to: "chip" | "host") {
  const messages: Message[] = [];
  let at = 0;
  const push = lines((line) => {
    const [number = "", word = "", ...rest] = line.split(" ");
    const whole = `${word} ${rest.join(" ")}`;
    messages.push({
      key: number,
      name: `${word}, number ${number}`,
      shown: whole.slice(0, 40),
      whole,
      microseconds: at,
      understood: to === "host" || ["who", "read", "pulse", "time", "advance", "standby"].includes(word),
      ...(to === "host" && rest.length === 7
        ? {
            identity: { name: word, serialNumber: rest[0]!, boot: Number(rest[2]), tiles: Number(rest[3]) },
          }
        : {}),
    });
  });
  return {
    messages,
    damaged: 0,
    push(bytes: Uint8Array, microseconds: number) {
      at = microseconds;
      push(bytes);
    },
  };
}

/** A board that speaks it. It reckons conductances itself: `12.5`, `>40.92` beyond its range, `none`. */
class ToyFirmware extends Firmware {
  #push: ((bytes: Uint8Array) => void) | undefined;
  #replies: Uint8Array[] = [];

  protected override take(bytes: Uint8Array): Uint8Array[] {
    this.#push ??= lines((line) => {
      const [number = "", word = "", ...given] = line.split(" ");
      this.#replies.push(bytesOf(`${number} ${this.#answer(word, given)}\n`));
    });
    this.#push(bytes);
    return this.#replies.splice(0);
  }

  protected override forget(): void {
    this.#push = undefined;
  }

  #microsiemens(code: number): string {
    const { codes, microsiemensPerCode } = this.board.preset.readout;
    if (code === noCode) return "none";
    const value = code * microsiemensPerCode;
    return code >= codes - 1 ? `>${value}` : String(value);
  }

  #answer(word: string, given: readonly string[]): string {
    const { board } = this;
    const [tile = Number.NaN, row = Number.NaN, ...numbers] = given.map(Number);
    const { name, geometry } = board.preset;
    switch (word) {
      case "who": {
        board.armed = true;
        const { tiles, rows, columns, devicesPerCell } = geometry;
        const counts = [board.boot, tiles, rows, columns, devicesPerCell];
        return [name, board.serialNumber, "toy-1", ...counts].join(" ");
      }
      case "read":
        return answered(board.read(tile, row, numbers[0]!, 0), ({ chipTimeMicroseconds, codes }) =>
          [chipTimeMicroseconds, ...Array.from(codes, (code) => this.#microsiemens(code))].join(" "),
        );
      case "pulse": {
        const [, widthNanoseconds = 0, trailingNanoseconds = 0, ...codes] = numbers;
        const kind = given[2] === "set" ? "set" : "reset";
        const settings = { kind, widthNanoseconds, trailingNanoseconds, gateCode: 0 } as const;
        return answered(board.pulse(tile, row, { ...settings, codes: Uint16Array.from(codes) }, 0), String);
      }
      case "time":
        return String(board.clock);
      case "advance":
        return answered(board.advance(tile), String);
      case "standby":
        board.armed = false;
        return "done";
      default:
        return "no such word";
    }
  }
}

function answered<T>(result: T | BoardRefusal, said: (result: T) => string): string {
  const refused = typeof result === "object" && result !== null && "refused" in result;
  return refused ? `no ${result.text}` : said(result as T);
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
