import { ScpiError } from "./errors.ts";

/** One command or query of a message. */
export interface Unit {
  /** Upper case, from the root, without a leading colon: `SOUR:PULS:WIDT`, `*IDN`. */
  readonly header: string;
  readonly query: boolean;
  readonly parameters: readonly Parameter[];
}

export type Parameter =
  | { readonly kind: "number"; readonly value: number; readonly suffix: string }
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "block"; readonly data: string }
  | { readonly kind: "expression"; readonly text: string };

/**
 * Takes a message apart (IEEE 488.2, chapter 7; header paths by SCPI-99, volume 1, 6.2.4). The units before a mistake
 * are given, and then the mistake.
 *
 * @param message  one character a byte, without its terminator.
 */
export function* parseMessage(message: string): Generator<Unit> {
  const scanner = new Scanner(message);
  let path = "";
  for (;;) {
    scanner.skipSpace();
    if (scanner.ended) return;
    const typed = scanner.take(/^(\*[A-Z]+|:?[A-Z]\w*(:[A-Z]\w*)*)\??/i);
    if (typed === "") throw new ScpiError(-102, scanner.rest(12));
    const query = typed.endsWith("?");
    const name = (query ? typed.slice(0, -1) : typed).toUpperCase();
    const header = name.startsWith("*") ? name : name.startsWith(":") ? name.slice(1) : path + name;
    if (!name.startsWith("*")) path = header.slice(0, header.lastIndexOf(":") + 1);
    yield { header, query, parameters: parametersOf(scanner) };
  }
}

function parametersOf(scanner: Scanner): Parameter[] {
  const parameters: Parameter[] = [];
  const spaced = scanner.skipSpace();
  if (scanner.endOfUnit()) return parameters;
  if (!spaced) throw new ScpiError(-102, scanner.rest(12));
  for (;;) {
    scanner.skipSpace();
    parameters.push(parameterOf(scanner));
    scanner.skipSpace();
    if (scanner.endOfUnit()) return parameters;
    if (scanner.take(/^,/) === "") throw new ScpiError(-102, scanner.rest(12));
  }
}

function parameterOf(scanner: Scanner): Parameter {
  const number = scanner.take(/^[+-]?(\d+\.?\d*|\.\d+)(\s*E\s*[+-]?\d+)?/i);
  if (number !== "") {
    const suffix = scanner.take(/^\s*[A-Z/][A-Z0-9/.-]*/i).trim();
    return { kind: "number", value: Number(number.replace(/\s/g, "")), suffix: suffix.toUpperCase() };
  }
  const other = scanner.take(/^#(H[0-9A-F]+|Q[0-7]+|B[01]+)/i);
  if (other !== "") return { kind: "number", value: nonDecimal(other), suffix: "" };
  if (scanner.take(/^#(?=[1-9])/) !== "") return { kind: "block", data: scanner.block() };
  const text = scanner.take(/^("([^"]|"")*"|'([^']|'')*')/);
  if (text !== "") {
    const quote = text[0]!;
    return { kind: "text", text: text.slice(1, -1).replaceAll(quote + quote, quote) };
  }
  const expression = scanner.take(/^\([^()]*\)/);
  if (expression !== "") return { kind: "expression", text: expression.slice(1, -1) };
  const word = scanner.take(/^[A-Z]\w*/i);
  if (word !== "") return { kind: "word", word: word.toUpperCase() };
  throw new ScpiError(-102, scanner.rest(12));
}

function nonDecimal(text: string): number {
  const base = { H: 16, Q: 8, B: 2 }[text[1]!.toUpperCase() as "H" | "Q" | "B"];
  return Number.parseInt(text.slice(2), base);
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What matches here; the expression begins with ^. */
  take(pattern: RegExp): string {
    // Nothing but a block is long, and blocks are not looked for by patterns.
    const found = pattern.exec(this.#text.slice(this.#at, this.#at + longestToken))?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  /** White space is every control character but the line feed (IEEE 488.2, 7.4.1.2). */
  skipSpace(): boolean {
    const before = this.#at;
    while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) <= 32) this.#at++;
    return this.#at > before;
  }

  endOfUnit(): boolean {
    if (this.ended) return true;
    if (this.#text[this.#at] !== ";") return false;
    this.#at++;
    return true;
  }

  /** A definite-length block, after its #. */
  block(): string {
    const digits = Number(this.#text[this.#at]);
    const length = this.#text.slice(this.#at + 1, this.#at + 1 + digits);
    const start = this.#at + 1 + digits;
    if (!/^\d+$/.test(length) || length.length < digits || start + Number(length) > this.#text.length) {
      throw new ScpiError(-161);
    }
    this.#at = start + Number(length);
    return this.#text.slice(start, this.#at);
  }

  rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length).replace(/[^\x20-\x7e]|"/g, "?");
  }
}

/** Strings, words and channel lists end well before this. */
const longestToken = 4096;
