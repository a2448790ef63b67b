import { type TicketFate, ticketsRemembered } from "../protocols/packet/messages.ts";
import type { Microseconds } from "../src/units.ts";

/**
 * What makes a pulse fire once: the chip keeps its highest ticket and which of the last K fired. An older one is
 * unknown and refused. A chip that merely remembered its last tickets would fire late duplicates twice.
 */
export class TicketBook {
  newest = 0;
  /** Chip time at which ticket t fired, at t mod K; NaN when it has not. */
  readonly #firedAt = new Float64Array(ticketsRemembered).fill(Number.NaN);

  fate(ticket: number): TicketFate {
    if (ticket > this.newest) return notFired;
    if (ticket + ticketsRemembered <= this.newest) return { fate: "unknown", chipTimeMicroseconds: 0 };
    const at = this.#firedAt[ticket % ticketsRemembered]!;
    return Number.isNaN(at) ? notFired : { fate: "fired", chipTimeMicroseconds: at };
  }

  /** Books a ticket whose fate was "not fired". */
  fired(ticket: number, at: Microseconds): void {
    const skipped = Math.min(ticket - this.newest - 1, ticketsRemembered);
    for (let k = 1; k <= skipped; k++) this.#firedAt[(ticket - k) % ticketsRemembered] = Number.NaN;
    this.newest = Math.max(this.newest, ticket);
    this.#firedAt[ticket % ticketsRemembered] = at;
  }
}

const notFired: TicketFate = { fate: "not fired", chipTimeMicroseconds: 0 };
