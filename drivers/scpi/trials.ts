import { randomInt } from "node:crypto";
import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import { nanosecondsText, rowText, secondsText } from "../../protocols/scpi/numbers.ts";
import { decodeTaggedReply, encodeTaggedRequest } from "../../protocols/scpi/taggedLine.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import {
  type Again,
  type BoardTrials,
  type CalledOff,
  type Refused,
  takesAMoment,
  trialAttempts,
  type Tried,
  type TriedFate,
  type TriedPulse,
  type TriedRow,
  type TrialOptions,
} from "../boardTrials.ts";
import { deadlineFor } from "../deadlines.ts";
import { plain } from "../linkErrors.ts";
import { gatherDescription, type SelfDescription } from "../selfDescription.ts";
import { after as hostAfter, systemClock } from "../systemClock.ts";
import type { Transport } from "../transport.ts";
import { blockOf, sizeOf } from "./describe.ts";

/** Lines one at a time, as the page has them, to a board that may be wrong in any way. */
export class ScpiTrials implements BoardTrials {
  readonly promises = {
    tickets: false,
    page: "protocols/scpi/README.md",
    sections: {
      check: "A line is carried out once",
      session: "A line is carried out once",
      repeat: "A line is carried out once",
    },
    usualSection: "Commands",
    session: "-221 and the words no such session",
  };
  takes = takesAMoment;
  readonly #transport: Transport;
  readonly #options: TrialOptions;
  readonly #deadlineMilliseconds: number;
  #part = "";
  #waiting: { session: number; tag: number; settle: (rest: string) => void } | undefined;
  #session = 0;
  #tag = 0;
  #damagedLines = 0;

  constructor(transport: Transport, options: TrialOptions = {}) {
    this.#transport = transport;
    this.#options = options;
    this.#deadlineMilliseconds = options.deadlineMilliseconds ?? 750;
    transport.onBytes((bytes) => this.#hear(textOf(bytes)));
    transport.onClosed(() => {});
  }

  async open(): Promise<Tried<ChipIdentity>> {
    this.#session = randomInt(1, 0xffffffff);
    this.#tag = 0;
    const line = "*IDN?;:SYST:BOOT?;:SYST:GEOM?;:SYST:CAP?;:OUTP ON";
    const tried = await this.#try(line, identityOf);
    if (tried.kind !== "silent" || this.#damagedLines === 0) return tried;
    return { kind: "strange", what: "lines without a tag or with a wrong check" };
  }

  async describe(): Promise<Tried<SelfDescription>> {
    const size = await this.#try("SYST:DESC:SIZE?", ([said = ""]) => sizeOf(said));
    if (size.kind !== "answered") return size;
    let failed: Exclude<Tried<never>, { kind: "answered" }> | undefined;
    try {
      const text = await gatherDescription(
        async (offset, most) => {
          const part = await this.#try(`SYST:DESC? ${offset},${most}`, (said) => blockOf(said.join(";")));
          if (part.kind === "answered") return { ...size.value, bytes: part.value };
          failed = part;
          throw new MhoError("chip-refused", "no part");
        },
        (wrong) => {
          failed = { kind: "strange", what: wrong };
          throw new MhoError("chip-refused", wrong);
        },
      );
      return { ...size, value: { text } };
    } catch (error) {
      if (failed === undefined) throw error;
      return failed;
    }
  }

  time(): Promise<Tried<Microseconds>> {
    return this.#try("SYST:TIME?", ([said]) => whole(said));
  }

  advance(duration: Microseconds): Promise<Tried<Microseconds>> {
    return this.#try(`SYST:TIME:ADV ${secondsText(duration)};:SYST:TIME?`, ([said]) => whole(said));
  }

  read(tile: number, row: number, averages: number): Promise<Tried<TriedRow>> {
    return this.#try(readLine(tile, row, averages), ([values = "", time]) => {
      const atMicroseconds = whole(time);
      const codes = values.split(",").map(whole);
      const fit = codes.every((code) => code !== undefined && code <= 0xffff);
      if (atMicroseconds === undefined || !fit) return undefined;
      return { codes: Uint16Array.from(codes as number[]), atMicroseconds };
    });
  }

  async readTwice(tile: number, row: number): Promise<Again> {
    const tag = ++this.#tag;
    const line = readLine(tile, row, 1);
    const first = await this.#ask(line, this.#session, tag);
    const second = await this.#ask(line, this.#session, tag);
    if (first === undefined || second === undefined) return "silent";
    return first === second ? "the same" : "otherwise";
  }

  pulse(pulse: TriedPulse): Promise<Tried<TriedFate>> {
    const { tile, row, kind, widthNanoseconds, trailingNanoseconds, gateCode, codes } = pulse;
    const line =
      `PULS:KIND ${kind === "set" ? "SET" : "RES"};WIDT ${nanosecondsText(widthNanoseconds)};` +
      `TRA ${nanosecondsText(trailingNanoseconds)};GATE ${gateCode};IMM ${rowText(tile, row)},${codes.join(",")};:FETC:TIME?`;
    return this.#try(line, ([said]) => {
      const atMicroseconds = whole(said);
      return atMicroseconds === undefined ? undefined : { fate: "fired" as const, atMicroseconds };
    });
  }

  fate(): Promise<Tried<TriedFate>> {
    return Promise.resolve({ kind: "strange", what: "no tickets" });
  }

  async callOff(): Promise<CalledOff> {
    return { abort: await this.#try("ABOR", () => true), late: undefined };
  }

  async damaged(): Promise<"answered" | "silent"> {
    const [session, tag] = [this.#session, ++this.#tag];
    const line = encodeTaggedRequest({ session, tag, rest: "SYST:TIME?" }).replace(
      /#H([0-9A-F])/,
      (_, digit: string) => `#H${digit === "0" ? "1" : "0"}`,
    );
    return (await this.#exchange(line, session, tag)) === undefined ? "silent" : "answered";
  }

  foreign(): Promise<Tried<unknown>> {
    const session = this.#session === 0xfffffffe ? 1 : this.#session + 1;
    return this.#tried("SYST:TIME?", session, 2, ([said]) => whole(said));
  }

  standby(): Promise<Tried<unknown>> {
    // An abort is tried by itself.
    return this.#try("OUTP OFF", () => true);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #try<T>(line: string, read: (answers: readonly string[]) => T | undefined): Promise<Tried<T>> {
    return this.#tried(line, this.#session, ++this.#tag, read);
  }

  async #tried<T>(
    line: string,
    session: number,
    tag: number,
    read: (answers: readonly string[]) => T | undefined,
  ): Promise<Tried<T>> {
    const begun = this.#now();
    const reply = await this.#ask(line, session, tag);
    if (reply === undefined) return { kind: "silent" };
    const error = /(?:^|;)([+-]?\d+),"((?:[^"]|"")*)"$/.exec(reply);
    if (error === null)
      return { kind: "strange", what: 'a line that does not end with an error such as 0,"No error"' };
    const [number, text] = [Number(error[1]), plain(error[2]!)];
    if (number !== 0)
      return { kind: "refused", why: reasonOf(number, text), text: `error ${number}, ${text}` };
    const value = read(error.index === 0 ? [] : reply.slice(0, error.index).split(";"));
    if (value === undefined) return { kind: "strange", what: `"${plain(reply).slice(0, 60)}"` };
    return { kind: "answered", value, milliseconds: (this.#now() - begun) / 1000 };
  }

  async #ask(line: string, session: number, tag: number): Promise<string | undefined> {
    const text = encodeTaggedRequest({ session, tag, rest: `*CLS;${line};:SYST:ERR?` });
    for (let attempt = 1; attempt <= trialAttempts; attempt++) {
      const reply = await this.#exchange(text, session, tag);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  async #exchange(text: string, session: number, tag: number): Promise<string | undefined> {
    const { after = hostAfter } = this.#options;
    let cancel = (): void => {};
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        const waiting = { session, tag, settle: resolve };
        this.#waiting = waiting;
        this.#transport.write(bytesOf(`${text}\n`)).then(() => {
          if (this.#waiting === waiting) {
            cancel = after(this.#deadlineFor(text), () => resolve(undefined));
          }
        }, reject);
      });
    } finally {
      cancel();
      this.#waiting = undefined;
    }
  }

  #hear(text: string): void {
    const lines = (this.#part + text).split("\n");
    this.#part = lines.pop()!.slice(-mostCharacters);
    for (const line of lines) {
      const reply = decodeTaggedReply(line.replace(/\r$/, ""));
      if (reply === undefined) this.#damagedLines++;
      else if (reply.session === this.#waiting?.session && reply.tag === this.#waiting.tag) {
        this.#waiting.settle(reply.rest);
        this.#waiting = undefined;
      }
    }
  }

  #deadlineFor(text: string): number {
    const averages = /AVER:COUN (\d+);:MEAS/.exec(text)?.[1];
    const pulse = text.includes("PULS:KIND") ? this.takes.pulse() : 0;
    const reckoned = averages === undefined ? pulse : this.takes.read(Number(averages));
    return deadlineFor(reckoned / 1000, this.#deadlineMilliseconds);
  }

  #now(): Microseconds {
    return this.#options.now?.() ?? systemClock.nowMicroseconds();
  }
}

const mostCharacters = 65_536;

function readLine(tile: number, row: number, averages: number): string {
  return `FORM ASC;:AVER:COUN ${averages};:MEAS:CODE? ${rowText(tile, row)};:FETC:TIME?`;
}

function identityOf([idn = "", boot, geometry = "", capabilities = ""]: readonly string[]):
  ChipIdentity | undefined {
  const [, name = "", serialNumber = "", firmware = ""] = idn.split(",").map(plain);
  const [tiles, rows, columns, devicesPerCell] = geometry.split(",").map(whole);
  const boots = whole(boot);
  const declared = capabilities.replaceAll('"', "").split(",");
  if (tiles === undefined || rows === undefined || columns === undefined) return undefined;
  if (devicesPerCell === undefined || boots === undefined || name === "") return undefined;
  return {
    name,
    serialNumber,
    firmware,
    boot: boots,
    geometry: { tiles, rows, columns, devicesPerCell },
    capabilities: {
      virtualTime: declared.includes("VIRTUALTIME"),
      multiply: false,
      onBoardVerify: false,
      environment: declared.includes("ENVIRONMENT"),
      references: declared.includes("REFERENCES"),
      ...(declared.includes("DESCRIBE") && { describe: true }),
    },
    newestTicket: 0,
  };
}

function reasonOf(number: number, text: string): Refused {
  if (number === -221) return text.endsWith("no such session") ? "session" : "standby";
  if (number === -222) return "limit";
  return number === -113 || number === -241 ? "unsupported" : "other";
}

function whole(text: string | undefined): number | undefined {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
