import { lineMicroseconds } from "../src/chip/timing.ts";
import type { MhoError } from "../src/errors.ts";
import type { Microseconds } from "../src/units.ts";
import { deadlineFor } from "./deadlines.ts";
import type { DriverOptions } from "./dialect.ts";
import { lineGone, plain } from "./linkErrors.ts";
import { after } from "./systemClock.ts";
import { linesOf } from "./textLines.ts";
import type { Transport } from "./transport.ts";

/** How a board that answers in lines is understood. */
export interface LineLanguage {
  /** The last line of what it prints when it was reset, where it prints something. */
  readonly lastOfBanner: string;
  /** Lines by which it refuses an order. */
  readonly refusal: RegExp;
}

/** Whether an answer is whole with this line; `said` is all of it so far. */
export type IsLast = (line: string, said: readonly string[]) => boolean;

/**
 * Questions to a board whose lines do not say what they answer. So there is one at a time, and after an answer that is missing, wrong
 * or not asked for the link is lost: no later line can then be taken for it.
 */
export class LineQuestions {
  readonly #transport: Transport;
  readonly #options: DriverOptions;
  readonly #language: LineLanguage;
  #question: Question | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #begun = false;
  #lost: MhoError | undefined;

  constructor(transport: Transport, options: DriverOptions, language: LineLanguage) {
    this.#transport = transport;
    this.#options = options;
    this.#language = language;
    transport.onBytes(linesOf((line) => this.#hear(line)));
    transport.onClosed((reason) => this.lose(reason));
  }

  get port(): string {
    return this.#transport.port;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Why nothing can be asked any more. */
  get lost(): MhoError | undefined {
    return this.#lost;
  }

  /** Lets a board that was reset by its port being opened start: to its banner, or for four deadlines. */
  async begin(): Promise<void> {
    if (this.#begun) return;
    await this.#inTurn("", { isLast: (line) => line === this.#language.lastOfBanner, isBanner: true });
    this.#begun = true;
  }

  /**
   * @param order  without its line end.
   * @param takes  how long the board is busy with it.
   * @returns the lines of the answer. Rejects with `link-lost`.
   */
  ask(order: string, isLast: IsLast, takes: Microseconds = 0): Promise<string[]> {
    return this.#inTurn(order, { isLast, isBanner: false }, takes);
  }

  lose(reason: string): MhoError {
    this.#lost ??= lineGone(this.#options.address, reason);
    this.#question?.reject(this.#lost);
    return this.#lost;
  }

  #inTurn(order: string, asked: Asked, takes: Microseconds = 0): Promise<string[]> {
    const answer = this.#turn.then(() => this.#askNow(order, asked, takes));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async #askNow(order: string, asked: Asked, takes: Microseconds): Promise<string[]> {
    if (this.#lost !== undefined) throw this.#lost;
    const { deadlineMilliseconds: margin = 750, after: wait = after, description } = this.#options;
    const reckoned = (takes + lineMicroseconds(description, 4 * order.length + 200)) / 1000;
    const deadline = asked.isBanner ? 4 * margin : deadlineFor(reckoned, margin);
    const answer = new Promise<string[]>((resolve, reject) => {
      this.#question = { ...asked, said: [], resolve, reject };
    });
    const cancel = wait(deadline, () => {
      if (asked.isBanner) this.#question?.resolve([]);
      else this.lose(`it did not answer "${order.slice(0, 40)}" within ${deadline / 1000} s`);
    });
    this.#transport
      .write(Uint8Array.from(Buffer.from(`${order}\n`, "latin1")))
      .catch((error: unknown) => this.lose(error instanceof Error ? error.message : String(error)));
    return answer.finally(() => {
      cancel();
      this.#question = undefined;
    });
  }

  #hear(line: string): void {
    const question = this.#question;
    // Before the first question a board says what it likes.
    if (line === "" || (question === undefined && !this.#begun)) return;
    if (question?.isBanner === true) {
      if (question.isLast(line, [])) question.resolve([]);
      return;
    }
    question?.said.push(line);
    if (line === this.#language.lastOfBanner) this.lose("it was reset, and said its banner again");
    else if (question?.isLast(line, question.said) === true) question.resolve(question.said);
    else if (question === undefined || this.#language.refusal.test(line) || question.said.length > mostLines)
      this.lose(`it said "${plain(line)}", which is no answer`);
  }
}

const mostLines = 10_000;

interface Asked {
  readonly isLast: IsLast;
  /** Whether it is the wait for the banner, which need not come. */
  readonly isBanner: boolean;
}

interface Question extends Asked {
  readonly said: string[];
  resolve(said: string[]): void;
  reject(error: MhoError): void;
}
