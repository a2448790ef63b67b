import type { BoardTrials } from "../../drivers/boardTrials.ts";

/** Tickets below the newest of which a board knows whether they fired. */
export const remembered = 1024;

/**
 * Tickets for tries. Of a chip that has used many, those below its newest that never fired: they may still fire, and leave the newest
 * as it is, by which workspaces know the chip. Else those above it.
 */
export class TicketSource {
  readonly #board: BoardTrials;
  readonly #newest: number;
  #back = 0;
  #above: number;
  #highest = 0;
  #fatesAreTrue = true;

  constructor(board: BoardTrials, newest: number) {
    this.#board = board;
    this.#newest = newest;
    this.#above = newest + 2 * remembered;
  }

  /** Whether the board's newest ticket is another by now. */
  get raised(): boolean {
    return this.#highest > 0;
  }

  /** The highest that tries have used so far; 0 for none. */
  get highest(): number {
    return this.#highest;
  }

  /** Fates that the board tells are not believed from here on: tickets are new ones. */
  believeNoFates(): void {
    this.#fatesAreTrue = false;
  }

  /** A ticket above all others for a pulse that must be refused: it stays unused. 0 in dialects without tickets. */
  unused(): number {
    return this.#board.promises.tickets ? this.#above++ : 0;
  }

  /** A ticket above all others has been used. */
  used(ticket: number): void {
    this.#highest = Math.max(this.#highest, ticket);
    this.#above = Math.max(this.#above, ticket + 1);
  }

  async next(): Promise<number> {
    if (!this.#board.promises.tickets) return 0;
    while (this.#fatesAreTrue && this.#newest >= 2 * remembered && this.#back < remembered - 16) {
      this.#back += 1 + Math.floor(this.#back / 2);
      const ticket = this.#newest - this.#back;
      const fate = await this.#board.fate(ticket);
      if (fate.kind === "answered" && fate.value.fate === "not fired") return ticket;
    }
    return this.above();
  }

  /** A ticket above all others: the board's newest rises by it. */
  above(): number {
    const ticket = this.#above;
    this.used(ticket);
    return ticket;
  }
}
