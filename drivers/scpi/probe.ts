import { randomInt } from "node:crypto";
import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import { decodeTaggedReply, encodeTaggedRequest } from "../../protocols/scpi/taggedLine.ts";
import type { ProbeAnswer } from "../dialect.ts";
import { inTime } from "../inTime.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import { plain } from "../linkErrors.ts";
import type { Transport } from "../transport.ts";

/**
 * Asks `*IDN?`: any instrument that speaks SCPI says who made it, what it is, its number and its firmware. What answers a tagged line
 * under its session and tag, with a check of its own, is a chip that speaks this dialect. What does not, and answers `*STB?` with a
 * number, is an instrument; a board that has one answer to everything is neither. Only questions are asked, which set nothing.
 *
 * A GPS receiver or a boot log says lines of that form unasked. So a line is believed only if it comes back twice when it is asked
 * for again, each time sooner than the line was quiet before; and it is quiet twice as long the second time. What repeats by
 * itself fails at one of the two, whatever its period.
 */
export async function probeScpi(
  transport: Transport,
  deadlineMilliseconds: number,
  log: Log = noLog,
): Promise<ProbeAnswer | undefined> {
  const lines = new Lines(transport);
  const ask = (text: string): Promise<void> =>
    transport
      .write(bytesOf(text))
      .catch((error: unknown) =>
        log.warn({ port: transport.port, error: loggedError(error) }, "the port took no *IDN?"),
      );
  let over = false;
  const asking = async (): Promise<ProbeAnswer | undefined> => {
    const quiet = deadlineMilliseconds / 8;
    while (!over) {
      const said = await asked(lines, ask, deadlineMilliseconds / 2);
      if (said === undefined) return undefined;
      if (!(await comesBack(said, lines, ask, [quiet, 2 * quiet]))) continue;
      if (await knowsTags(said, lines, ask, quiet)) return answerOf(said);
      return (await tellsItsStatus(lines, ask, quiet))
        ? { ...answerOf(said), instrument: plain(said) }
        : undefined;
    }
    return undefined;
  };
  const answer = await inTime(asking(), deadlineMilliseconds);
  over = true;
  return answer;
}

function answerOf(line: string): ProbeAnswer {
  const [, name = "", serialNumber = "", firmware = ""] = line.split(",").map((part) => plain(part.trim()));
  return { name, firmware, serialNumber };
}

/** Whether it carries out a tagged line: no other instrument knows the header, and its question sets nothing. */
async function knowsTags(said: string, lines: Lines, ask: Ask, milliseconds: number): Promise<boolean> {
  const session = randomInt(1, 0xffffffff);
  lines.forget();
  await ask(`${encodeTaggedRequest({ session, tag: 1, rest: "*IDN?" })}\n`);
  const answer = await lines.next(milliseconds, (line) => {
    const reply = decodeTaggedReply(line);
    return reply?.session === session && reply.tag === 1 && reply.rest === said;
  });
  return answer !== undefined;
}

/** Whether it answers another question otherwise: IEEE 488.2 has every instrument answer `*STB?` with a byte. */
async function tellsItsStatus(lines: Lines, ask: Ask, milliseconds: number): Promise<boolean> {
  lines.forget();
  await ask("*STB?\n");
  const isByte = (line: string): boolean => /^\s*\+?\d{1,3}\s*$/.test(line) && Number(line) <= 255;
  return (await lines.next(milliseconds, isByte)) !== undefined;
}

/** Writes a question; one that cannot be written is not answered either. */
type Ask = (text: string) => Promise<void>;

/** The first line of the right form, whatever stands before it: a question in another dialect may have left something behind. */
async function asked(lines: Lines, ask: Ask, milliseconds: number): Promise<string | undefined> {
  lines.forget();
  // The line ends whatever the question before left behind.
  await ask("\n*IDN?\n");
  return lines.next(milliseconds, isIdentification);
}

async function comesBack(
  said: string,
  lines: Lines,
  ask: Ask,
  quietMilliseconds: readonly number[],
): Promise<boolean> {
  for (const milliseconds of quietMilliseconds) {
    if ((await lines.next(milliseconds)) !== undefined) return false;
    await ask("*IDN?\n");
    if ((await lines.next(milliseconds)) !== said) return false;
  }
  return true;
}

/**
 * Four parts or more, parted by commas, of a line that a person could read, and that begins with a maker's name: sentences of
 * receivers begin with `$` or `!`, and lines of a log with a bracket.
 */
export function isIdentification(line: string): boolean {
  return line.length <= mostCharacters && line.split(",").length >= 4 && /^[\p{L}\d"]/u.test(line);
}

/** What comes in, line by line. */
class Lines {
  #part = "";
  #whole: string[] = [];
  #came: (() => void) | undefined;

  constructor(transport: Transport) {
    transport.onBytes((bytes) => {
      const parts = (this.#part + textOf(bytes)).split(/[\r\n]+/);
      // Of what never ends a line, and of lines that nothing waits for, the newest is kept.
      this.#part = parts.pop()!.slice(-mostCharacters);
      this.#whole = [...this.#whole, ...parts.filter((line) => line !== "")].slice(-mostLines);
      this.#came?.();
    });
  }

  /** Lines that have come so far are not given any more. */
  forget(): void {
    this.#whole = [];
  }

  /** The next line that is wanted; those before it are passed over. Undefined when none comes in time. */
  async next(
    milliseconds: number,
    wanted: (line: string) => boolean = () => true,
  ): Promise<string | undefined> {
    const found = await inTime(
      new Promise<string>((resolve) => {
        this.#came = () => {
          for (let line = this.#whole.shift(); line !== undefined; line = this.#whole.shift()) {
            if (!wanted(line)) continue;
            this.#came = undefined;
            return resolve(line);
          }
        };
        this.#came();
      }),
      milliseconds,
    );
    this.#came = undefined;
    return found;
  }
}

const mostCharacters = 1024;
const mostLines = 64;
