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
  /** Of tickets before this one nothing is known: they may have fired before the chip lost its memory. */
  #knownFrom: number;

  /** @param forgetful  the chip has been running before, and remembers nothing of it. */
  constructor(forgetful = false) {
    this.#knownFrom = forgetful ? Infinity : 0;
  }

  fate(ticket: number): TicketFate {
    if (ticket < this.#knownFrom) return { fate: "unknown", chipTimeMicroseconds: 0 };
    if (ticket > this.newest) return notFired;
    if (ticket + ticketsRemembered <= this.newest) return { fate: "unknown", chipTimeMicroseconds: 0 };
    const at = this.#firedAt[ticket % ticketsRemembered]!;
    return Number.isNaN(at) ? notFired : { fate: "fired", chipTimeMicroseconds: at };
  }

  /** Whether an order may be carried out: it is newer than all that fired, or known not to have fired. */
  mayFire(ticket: number): boolean {
    return ticket > this.newest || this.fate(ticket).fate === "not fired";
  }

  /** Books a ticket that `mayFire`. */
  fired(ticket: number, at: Microseconds): void {
    this.#knownFrom = Math.min(this.#knownFrom, ticket);
    const skipped = Math.min(ticket - this.newest - 1, ticketsRemembered);
    for (let k = 1; k <= skipped; k++) this.#firedAt[(ticket - k) % ticketsRemembered] = Number.NaN;
    this.newest = Math.max(this.newest, ticket);
    this.#firedAt[ticket % ticketsRemembered] = at;
  }
}

const notFired: TicketFate = { fate: "not fired", chipTimeMicroseconds: 0 };
