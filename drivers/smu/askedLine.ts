import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import { type Log, loggedError, noLog } from "../../src/log.ts";
import type { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import { deadlineFor } from "../deadlines.ts";
import { lineGone, plain } from "../linkErrors.ts";
import { type After, after } from "../systemClock.ts";
import type { Transport } from "../transport.ts";

/**
 * Lines of text to an instrument that knows no tags: one question at a time, one line for an answer. After the first answer that
 * does not come the line is lost, as a late one would be taken for that to another question.
 */
export class AskedLine {
  readonly #transport: Transport;
  readonly #options: AskedLineOptions;
  #waiting:
    { wanted: RegExp; resolve: (line: string) => void; reject: (error: MhoError) => void } | undefined;
  #hasHeard = false;
  #part = "";
  #lost: MhoError | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(transport: Transport, options: AskedLineOptions) {
    this.#transport = transport;
    this.#options = options;
    transport.onBytes((bytes) => this.#hear(bytes));
    transport.onClosed((reason) => this.#lose(reason));
  }

  get lost(): MhoError | undefined {
    return this.#lost;
  }

  /**
   * @param still   throws where the question is not to be asked any more, when its turn comes.
   * @param wanted  answers of another form are passed over.
   */
  ask(
    text: string,
    {
      boardMicroseconds = 0,
      still = () => {},
      wanted = /^/,
    }: { boardMicroseconds?: Microseconds; still?: () => void; wanted?: RegExp } = {},
  ): Promise<string> {
    const asked = this.#tail.then(() => {
      still();
      return this.#exchange(text, boardMicroseconds, wanted);
    });
    // The next one has its turn, whatever becomes of this.
    this.#tail = asked.catch(() => {});
    return asked;
  }

  /** Writes a line, and waits for nothing. What cannot be written is gone with the line. */
  async tell(text: string): Promise<void> {
    await this.#transport.write(bytesOf(`${text}\n`)).catch((error: unknown) => {
      this.#log.warn(
        { port: this.#transport.port, error: loggedError(error) },
        "a line could not be written",
      );
    });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  get #log(): Log {
    return this.#options.log ?? noLog;
  }

  async #exchange(text: string, boardMicroseconds: Microseconds, wanted: RegExp): Promise<string> {
    if (this.#lost !== undefined) throw this.#lost;
    const { marginMilliseconds, bytesPerSecond, address } = this.#options;
    const line = (1e6 * (text.length + answerBytes)) / bytesPerSecond;
    const deadline = deadlineFor((line + boardMicroseconds) / 1000, marginMilliseconds);
    const answer = new Promise<string>((resolve, reject) => (this.#waiting = { wanted, resolve, reject }));
    this.#log.debug({ request: text }, "sent");
    const cancel = (this.#options.after ?? after)(deadline, () =>
      this.#lose(`${plain(text.split("\n").at(-1)!)} was not answered within ${deadline / 1000} s`),
    );
    this.#transport.write(bytesOf(`${text}\n`)).catch((error: unknown) => {
      this.#log.warn({ port: this.#transport.port, error: loggedError(error) }, "the port took no line");
      this.#lose(error instanceof Error ? error.message : String(error));
    });
    try {
      return this.#options.understood(await answer, text, address);
    } finally {
      cancel();
      this.#waiting = undefined;
    }
  }

  #hear(bytes: Uint8Array): void {
    this.#hasHeard = true;
    const parts = (this.#part + textOf(bytes)).split(/[\r\n]+/);
    this.#part = parts.pop()!.slice(-mostCharacters);
    for (const line of parts) {
      if (line.trim() === "" || line.length > mostCharacters) continue;
      const waiting = this.#waiting;
      if (waiting === undefined || !waiting.wanted.test(line)) {
        this.#log.warn({ reason: plain(line) }, "a line that nothing waited for");
        continue;
      }
      this.#waiting = undefined;
      waiting.resolve(line);
    }
  }

  #lose(reason: string): void {
    this.#lost ??= lineGone(this.#options.address, reason, !this.#hasHeard);
    this.#waiting?.reject(this.#lost);
  }
}

export interface AskedLineOptions {
  readonly address: string;
  /** Of an answer, at least. */
  readonly marginMilliseconds: number;
  readonly bytesPerSecond: number;
  readonly after?: After | undefined;
  readonly log?: Log | undefined;
  /** An answer as it is, or the error that it means. */
  readonly understood: (answer: string, asked: string, address: string) => string;
}

const answerBytes = 100;
const mostCharacters = 4096;
