import type { ChipDriver, ChipIdentity } from "../chip/driver.ts";
import { MhoError } from "../errors.ts";
import type { RunContext } from "./context.ts";
import type { RunId } from "./store.ts";

/** What is known of a chip's tickets when a run begins or goes on. */
export interface Tickets {
  /** The first that the run may use. */
  readonly next: number;
  /** The chip's newest where this workspace did not book it: another workspace fired, or this one is an older copy. */
  readonly foreign: number | undefined;
}

/**
 * The tickets that a run may use. They begin at a place that no other workspace will take (a leap by chance beyond all that the chip
 * remembers), so the fate of another workspace's ticket is never told as the fate of this one's: the chip says "unknown".
 *
 * Throws `unknown-wear` where the chip has fired what this workspace did not book, unless that was accepted, and `chip-refused` for
 * a ticket that cannot be.
 */
export async function ticketsFor(
  context: Pick<RunContext, "store" | "ticketLeap" | "acceptUnknownWear"> & {
    readonly driver: Pick<ChipDriver, "address">;
  },
  identity: ChipIdentity,
): Promise<Tickets> {
  const { store, driver, ticketLeap, acceptUnknownWear = false } = context;
  const booked = await store.newestTicket(identity);
  const { newestTicket: onChip, name, serialNumber } = identity;
  if (!Number.isSafeInteger(onChip) || onChip < 0 || onChip >= mostTickets) {
    throw new MhoError(
      "chip-refused",
      `The chip at ${driver.address} says that its newest ticket is ${onChip}, which cannot be. ` +
        "Check its firmware; nothing was fired and nothing was written down.",
      { address: driver.address, newestTicket: onChip },
    );
  }
  const foreign = onChip > booked ? onChip : undefined;
  // A workspace that knows nothing of the chip promises nothing of its wear.
  if (foreign !== undefined && booked > 0 && !acceptUnknownWear) {
    throw new MhoError(
      "unknown-wear",
      `The chip ${name} number ${serialNumber} has fired pulses that this workspace did not book (ticket ${onChip}, ` +
        `and ${booked} is the newest here): another workspace used it, or this one is an older copy. ` +
        "What its devices felt meanwhile is unknown, and no budget counts it. " +
        "Use the workspace that was used last, or go on with --accept-unknown-wear.",
      { booked, newestTicket: onChip },
    );
  }
  const leap = ticketLeap === undefined ? 0 : mostRemembered + ticketLeap();
  return { next: Math.max(booked, onChip) + 1 + leap, foreign };
}

/** On every unfinished run of a chip: it was used elsewhere, so what stands in their journals is not what its devices hold. */
export async function noteUnknownWear(
  { store, wallTime }: Pick<RunContext, "store" | "wallTime">,
  identity: ChipIdentity,
  text: string,
  except?: RunId,
): Promise<void> {
  const { name, serialNumber } = identity;
  for (const { id, chipName, chipSerialNumber, outcome } of await store.runs()) {
    const isOther = chipName !== name || chipSerialNumber !== serialNumber;
    if (isOther || id === except || outcome === "done") continue;
    await store.appendNote(id, { notedAt: wallTime(), what: "unknown-wear", text });
  }
}

/** More than any chip remembers. */
const mostRemembered = 65_536;
/** A million sessions of the widest leap stay below. */
const mostTickets = 4_503_599_627_370_496;
