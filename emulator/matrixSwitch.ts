import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import type { ChannelMap } from "../src/chip/channels.ts";
import type { Place } from "./electrodes.ts";

/**
 * A switch matrix of the 707B kind, as far as a driver uses one: `channel.open("allslots")`, `channel.close("1A01,2B01")`, and
 * `print(channel.getclose("allslots"))`. Rows of devices are on row A of slot 1, their columns on row B of slot 2.
 */
export class MatrixSwitch {
  readonly channels: ChannelMap;
  readonly #closed = new Set<string>();
  #line = "";

  constructor(rows: number, columns: number) {
    const named = (crosspoint: string, count: number): string[][] =>
      Array.from({ length: count }, (_, n) => [`${crosspoint}${String(n + 1).padStart(2, "0")}`]);
    this.channels = { rows: named("1A", rows), columns: named("2B", columns) };
  }

  receive(bytes: Uint8Array): Uint8Array[] {
    const parts = (this.#line + textOf(bytes)).split("\n");
    this.#line = parts.pop()!.slice(-mostCharacters);
    return parts.flatMap((line) => {
      const answer = this.#answer(line.trim());
      return answer === undefined ? [] : [bytesOf(`${answer}\n`)];
    });
  }

  /** Devices between the terminals. */
  connected(): Place[] {
    const { rows, columns } = this.channels;
    const closed = (lines: ChannelMap["rows"]): number[] =>
      lines.flatMap((names, n) => (names.every((name) => this.#closed.has(name)) ? [n] : []));
    return closed(rows).flatMap((row) => closed(columns).map((device) => ({ row, device })));
  }

  #answer(line: string): string | undefined {
    if (line === "*IDN?") return "KEITHLEY INSTRUMENTS INC.,MODEL 707B,EMU-707B,01.41a";
    if (/^print\(channel\.getclose\("allslots"\)\)$/.test(line)) {
      return this.#closed.size === 0 ? "nil" : [...this.#closed].toSorted().join(";");
    }
    const [, act, list = ""] = /^channel\.(open|close)\("([\w,]*)"\)$/.exec(line) ?? [];
    if (act === "open" && list === "allslots") this.#closed.clear();
    else if (act === "open") for (const name of list.split(",")) this.#closed.delete(name);
    else if (act === "close") for (const name of list.split(",")) this.#close(name);
    return undefined;
  }

  #close(name: string): void {
    const { rows, columns } = this.channels;
    if ([...rows, ...columns].some((names) => names.includes(name))) this.#closed.add(name);
  }
}

const mostCharacters = 4096;
