import type { Tried, TriedFate } from "../../drivers/boardTrials.ts";
import { did, mustRefuse, refusals, type Trial, zeroRow } from "./findings.ts";
import { leavesUnused } from "./refusedTickets.ts";
import { remembered, type TicketSource } from "./ticketSource.ts";

/**
 * Whether a ticket fires once. Rows of zeros use tickets and touch nothing. A chip that has used many already is tried by tickets below
 * its newest, which stays as it is: workspaces know it by that.
 *
 * @returns whether all was found as the page has it, so that other steps may lean on tickets.
 */
export async function tryTickets(trial: Trial, tickets: TicketSource): Promise<boolean> {
  const { board, say, identity } = trial;
  if (!board.promises.tickets) {
    say(
      "tickets",
      "not tried",
      "This dialect has no tickets; that a line is carried out once was tried above.",
    );
    return false;
  }
  const { newestTicket: newest } = identity;
  if (newest >= mostTicket) {
    const text = `The newest ticket is ${newest}, and from 2^52 on mho takes it for an error: begin at 0, and count only tickets that fired.`;
    say("tickets", "fault", text);
    return false;
  }
  const ticket = await tickets.next();
  const first = await board.pulse(zeroRow(trial, { ticket }));
  if (first.kind === "refused" && first.why === "stale ticket") {
    const text = `The hello says that ${newest} is the newest ticket, and ticket ${ticket} was refused as stale: ${sayNewest}.`;
    say("tickets", "fault", text);
    return false;
  }
  if (first.kind !== "answered") {
    say("tickets", "fault", zerosRefused(first));
    return false;
  }
  if (first.value.fate !== "fired") {
    const text = `A new ticket was answered as ${first.value.fate}: answer a row that was carried out as fired, with its time.`;
    say("tickets", "fault", text);
    return false;
  }
  const fired = { ticket, ...first.value };
  if (!(await isKnownAgain(trial, fired))) return false;
  const remembers = await remembersEnough(trial, fired, tickets);
  const highest = Math.max(newest, tickets.highest);
  // Each of these would find the fault of the one before it once more.
  const told =
    remembers &&
    (await isNotFiredAbove(trial, highest)) &&
    (await refusalLeavesUnused(trial, await tickets.next()));
  const sound = [told, await helloSaysNewest(trial, highest), await refusesStale(trial, highest)].every(
    Boolean,
  );
  if (sound) {
    say("tickets", "good", "A ticket fires once, its fate can be asked for, and a stale one is refused.");
  }
  return sound;
}

type Fired = TriedFate & { readonly ticket: number };

const sayNewest =
  "say the highest ticket that fired in every hello, or pulses of an earlier day are taken for new ones";

/** Whether a ticket that fired is told as fired, and does not fire again: one sentence, for both come of one memory. */
async function isKnownAgain(trial: Trial, { ticket, atMicroseconds: at }: Fired): Promise<boolean> {
  const { board, place, say } = trial;
  // Time has to pass, or a second shot would have the time of the first.
  await board.read(place.tile, place.row, 1);
  const told = await board.fate(ticket);
  const again = await board.pulse(zeroRow(trial, { ticket }));
  const isTold = isFiredAt(told, at);
  if (isTold && isFiredAt(again, at)) return true;
  const firedTwice =
    again.kind === "answered" && again.value.fate === "fired" && again.value.atMicroseconds !== at;
  const wrong = [
    isTold ? "" : `${fateSaid(told)} when its fate was asked for`,
    isFiredAt(again, at)
      ? ""
      : firedTwice
        ? `fired again, at ${again.value.atMicroseconds} µs, when it came again under another tag`
        : `${fateSaid(again)} when it came again under another tag`,
  ].filter((part) => part !== "");
  const mend = firedTwice
    ? "keep which tickets fired, and answer with the fate of the first time"
    : "tell it as fired, with the time at which it fired";
  say("tickets", "fault", `Ticket ${ticket} fired at ${at} µs, and ${wrong.join(", and ")}: ${mend}.`);
  return false;
}

function isFiredAt(tried: Tried<TriedFate>, at: number): boolean {
  return tried.kind === "answered" && tried.value.fate === "fired" && tried.value.atMicroseconds === at;
}

function fateSaid(tried: Tried<TriedFate>): string {
  if (tried.kind !== "answered") return did(tried);
  const { fate, atMicroseconds } = tried.value;
  return fate === "fired" ? `was told as fired at ${atMicroseconds} µs` : `was told as ${fate}`;
}

/** Whether fates are kept as far back as the host may ask: of tickets that fired and of those between that never did. */
async function remembersEnough(trial: Trial, first: Fired, tickets: TicketSource): Promise<boolean> {
  const { board, say } = trial;
  // Without the newest rising only what is near it can be tried.
  if (first.ticket < trial.identity.newestTicket) return true;
  const newest = first.ticket + remembered - 1;
  const fired = await board.pulse(zeroRow(trial, { ticket: newest }));
  if (fired.kind !== "answered" || fired.value.fate !== "fired") {
    say("tickets", "fault", `Ticket ${newest}, above the newest, ${fateSaid(fired)}: carry it out.`);
    return false;
  }
  tickets.used(newest);
  const never = first.ticket + remembered / 2;
  const [old, between] = [await board.fate(first.ticket), await board.fate(never)];
  const isKept = isFiredAt(old, first.atMicroseconds);
  if (!isKept) {
    const text = `Ticket ${first.ticket} fired at ${first.atMicroseconds} µs, and ${fateSaid(old)} once ticket ${newest} had fired: keep for the ${remembered} newest tickets whether and when each fired.`;
    say("tickets", "fault", text);
  }
  const isNotFired = between.kind === "answered" && between.value.fate === "not fired";
  // A memory that is too short has forgotten this one as well.
  const isForgotten = !isKept && between.kind === "answered" && between.value.fate === "unknown";
  if (!isNotFired && !isForgotten) sayNeverFired(trial, never, between);
  return isKept && isNotFired;
}

async function isNotFiredAbove(trial: Trial, newest: number): Promise<boolean> {
  const never = newest + 7;
  const told = await trial.board.fate(never);
  if (told.kind === "answered" && told.value.fate === "not fired") return true;
  sayNeverFired(trial, never, told);
  return false;
}

function sayNeverFired({ say }: Trial, ticket: number, told: Tried<TriedFate>): void {
  const text = `Ticket ${ticket} never fired, and ${fateSaid(told)} when its fate was asked for: tell it as not fired, or pulses that were lost on the line are counted as given.`;
  say("tickets", "fault", text);
}

/** A pulse beyond the geometry is refused by every board that passes the step before. */
async function refusalLeavesUnused(trial: Trial, ticket: number): Promise<boolean> {
  const { rows } = trial.identity.geometry;
  const refused = await trial.board.pulse(zeroRow(trial, { row: rows, ticket }));
  if (refused.kind !== "refused") return true;
  return leavesUnused(trial, "tickets", ticket, "refused because the chip does not have its row");
}

async function helloSaysNewest(trial: Trial, newest: number): Promise<boolean> {
  const hello = await trial.board.open();
  if (hello.kind !== "answered" || hello.value.newestTicket >= newest) return true;
  const text = `Ticket ${newest} has fired, and the hello after it says that ${hello.value.newestTicket} is the newest: ${sayNewest}.`;
  trial.say("tickets", "fault", text);
  return false;
}

async function refusesStale(trial: Trial, newest: number): Promise<boolean> {
  const stale = newest - remembered - 476;
  if (stale < 1) return true;
  const old = await trial.board.pulse(zeroRow(trial, { ticket: stale }));
  return mustRefuse(trial, "tickets", old, {
    what: `Ticket ${stale}, older than the ${remembered} that the board remembers,`,
    why: "stale ticket",
    by: refusals.stale,
    mend: `refuse with ${refusals.stale}, or a frame that comes late fires twice`,
  });
}

export function zerosRefused(tried: Tried<unknown>): string {
  const order =
    tried.kind === "refused" && tried.why === "limit"
      ? ", and read numbers least significant byte first"
      : "";
  return `A pulse within the limits whose codes are all 0 ${did(tried)}: carry it out as any other${order}.`;
}

const mostTicket = 2 ** 52;
