import { FrameDecoder } from "../../protocols/packet/frame.ts";
import {
  decodeReadReferences,
  decodeReadRow,
  decodeVerifyRow,
  kinds,
} from "../../protocols/packet/messages.ts";
import { textOf } from "../../protocols/scpi/bytes.ts";
import type { Microseconds } from "../../src/units.ts";

/** How many times a board that is slow must go over a row for what was sent: it answers when it has, one order after the other. */
export function rowTimesOf(bytes: Uint8Array, dialect: string): number {
  return dialect === "scpi" ? rowTimesOfLine(textOf(bytes)) : rowTimesOfFrames(bytes);
}

function rowTimesOfLine(line: string): number {
  const averages = Number(/AVER:COUN (\d+)/.exec(line)?.[1] ?? 1);
  if (/MEAS:(CODE|REF)\?/.test(line)) return averages;
  return /;IMM /.test(line) ? 1 : 0;
}

function rowTimesOfFrames(bytes: Uint8Array): number {
  let rows = 0;
  new FrameDecoder().push(
    bytes,
    ({ kind, body }) => {
      if (kind === kinds.read) rows += decodeReadRow(body)?.averages ?? 0;
      else if (kind === kinds.references) rows += decodeReadReferences(body)?.averages ?? 0;
      else if (kind === kinds.verify) rows += 2 * (decodeVerifyRow(body)?.iterations ?? 0);
      else if (kind === kinds.pulse || kind === kinds.multiply) rows++;
    },
    () => {},
  );
  return rows;
}

/** When a board that is busy with one order after the other has carried each of them out. */
export class SlowBoard {
  readonly #dialect: string;
  readonly #rowMicroseconds: Microseconds;
  #busyUntil: Microseconds = 0;

  constructor(dialect: string, rowMicroseconds: Microseconds) {
    this.#dialect = dialect;
    this.#rowMicroseconds = rowMicroseconds;
  }

  /** @returns milliseconds from now to the answer of what is sent now. */
  answersAfter(bytes: Uint8Array, now: Microseconds): number {
    const takes = rowTimesOf(bytes, this.#dialect) * this.#rowMicroseconds;
    this.#busyUntil = Math.max(now, this.#busyUntil) + takes;
    return (this.#busyUntil - now) / 1000;
  }
}
