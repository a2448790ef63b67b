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
export async function tryTickets(
  trial: Trial,
  tickets: TicketSource,
  first: FirstTicket | undefined,
): Promise<boolean> {
  if (first === undefined) return false;
  const { say, identity } = trial;
  const { newestTicket: newest } = identity;
  if (!(await isKnownAgain(trial, first))) return false;
  const remembers = await remembersEnough(trial, first, tickets);
  const highest = Math.max(newest, tickets.highest);
  // Each of these would find the fault of the one before it once more.
  const told =
    remembers &&
    (await isNotFiredAbove(trial, tickets.unused())) &&
    (await refusalLeavesUnused(trial, await tickets.next()));
  const { isNewestSaid } = first;
  const saysNewest = isNewestSaid && (await helloSaysNewest(trial, highest));
  const sound = [told, saysNewest, await refusesStale(trial, highest)].every(Boolean);
  if (sound) {
    say("tickets", "good", "A ticket fires once, its fate can be asked for, and a stale one is refused.");
  }
  return sound;
}

export interface FirstTicket extends TriedFate {
  readonly ticket: number;
  /** Whether the hello after it counted it. */
  readonly isNewestSaid: boolean;
}

/**
 * Whether the newest ticket that the hello says lets a new one fire.
 *
 * @returns undefined in dialects without tickets.
 */
export async function tryFirstTicket(
  trial: Trial,
  tickets: TicketSource,
): Promise<FirstTicket | "cannot fire" | undefined> {
  const { board, say, identity } = trial;
  if (!board.promises.tickets) {
    say(
      "tickets",
      "not tried",
      "This dialect has no tickets; that a line is carried out once was tried above.",
    );
    return undefined;
  }
  const { newestTicket: newest } = identity;
  if (newest >= mostTicket) {
    const text = `The newest ticket is ${newest}, and from 2^52 on mho takes it for an error: begin at 0, and count only tickets that fired. Until then mho refuses every run.`;
    say("tickets", "fault", text);
    return "cannot fire";
  }
  const ticket = await tickets.next();
  const first = await board.pulse(zeroRow(trial, { ticket }));
  if (first.kind === "answered" && first.value.fate === "fired") {
    const isNewestSaid = await helloSaysNewest(trial, Math.max(newest, tickets.highest));
    return { ...first.value, ticket, isNewestSaid };
  }
  if (first.kind === "refused" && first.why === "stale ticket") {
    const text = `The hello says that ${newest} is the newest ticket, and ticket ${ticket} was refused as stale: ${sayNewest}.`;
    say("tickets", "fault", text);
  } else if (first.kind !== "answered") say("tickets", "fault", zerosRefused(first));
  else {
    const text = `A new ticket was answered as ${first.value.fate}: answer a row that was carried out as fired, with its time. In a run, mho counts no pulse as given and gives it again.`;
    say("tickets", "fault", text);
  }
  return "cannot fire";
}

type Fired = TriedFate & { readonly ticket: number };

const sayNewest =
  "say the highest ticket that fired in every hello. In a run, tickets of an earlier day are used again, and their pulses do not fire";

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
  const harm = firedTwice
    ? "a pulse whose answer was lost is given twice"
    : "a pulse that fired is taken for one that did not, or for an uncertain one, and its device is pulsed too often or read again";
  const text = `Ticket ${ticket} fired at ${at} µs, and ${wrong.join(", and ")}: ${mend}. In a run, ${harm}.`;
  say("tickets", "fault", text);
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
async function remembersEnough(trial: Trial, near: Fired, tickets: TicketSource): Promise<boolean> {
  const { board, say } = trial;
  let first = near;
  if (near.ticket < trial.identity.newestTicket) {
    const kept = await remembersFarBelow(trial);
    if (kept !== undefined) return kept;
    const ticket = tickets.above();
    const fired = await board.pulse(zeroRow(trial, { ticket }));
    if (fired.kind !== "answered" || fired.value.fate !== "fired") {
      say("tickets", "fault", aboveNotFired(ticket, fired));
      return false;
    }
    first = { ticket, ...fired.value };
  }
  const newest = first.ticket + remembered - 1;
  const fired = await board.pulse(zeroRow(trial, { ticket: newest }));
  if (fired.kind !== "answered" || fired.value.fate !== "fired") {
    say("tickets", "fault", aboveNotFired(newest, fired));
    return false;
  }
  tickets.used(newest);
  const never = first.ticket + remembered / 2;
  const [old, between] = [await board.fate(first.ticket), await board.fate(never)];
  const isKept = isFiredAt(old, first.atMicroseconds);
  if (!isKept) {
    const text = `Ticket ${first.ticket} fired at ${first.atMicroseconds} µs, and ${fateSaid(old)} once ticket ${newest} had fired: ${keepFates}.`;
    say("tickets", "fault", text);
  }
  const isNotFired = between.kind === "answered" && between.value.fate === "not fired";
  // A memory that is too short has forgotten this one as well.
  const isForgotten = !isKept && between.kind === "answered" && between.value.fate === "unknown";
  if (!isNotFired && !isForgotten) sayNeverFired(trial, never, between);
  return isKept && isNotFired;
}

/**
 * Whether a ticket far below the newest of a used chip is kept, without the newest rising.
 *
 * @returns undefined where the board knows nothing of tickets so old: its memory may be short, or no older than its last start.
 */
async function remembersFarBelow(trial: Trial): Promise<boolean | undefined> {
  const { board, place, say, identity } = trial;
  const oldest = identity.newestTicket - remembered + 1;
  for (let ticket = oldest; ticket < oldest + 16; ticket++) {
    const told = await board.fate(ticket);
    if (told.kind !== "answered" || told.value.fate === "unknown") return undefined;
    if (told.value.fate === "fired") continue;
    const fired = await board.pulse(zeroRow(trial, { ticket }));
    await board.read(place.tile, place.row, 1);
    const again = await board.fate(ticket);
    if (fired.kind === "answered" && isFiredAt(again, fired.value.atMicroseconds)) return true;
    const became =
      fired.kind === "answered"
        ? `fired at ${fired.value.atMicroseconds} µs, and ${fateSaid(again)} then`
        : did(fired);
    const text = `Ticket ${ticket}, ${remembered - 1} below the newest and told as not fired, ${became}: ${keepFates}.`;
    say("tickets", "fault", text);
    return false;
  }
  return true;
}

const keepFates =
  `keep for the ${remembered} newest tickets whether and when each fired. In a run, a pulse whose answer was lost ` +
  "is forgotten before mho asks for it, and is given twice or stays uncertain";

const aboveNotFired = (ticket: number, tried: Tried<TriedFate>): string =>
  `Ticket ${ticket}, above the newest, ${fateSaid(tried)}: carry it out. In a run, its pulse is missing.`;

async function isNotFiredAbove(trial: Trial, never: number): Promise<boolean> {
  const told = await trial.board.fate(never);
  if (told.kind === "answered" && told.value.fate === "not fired") return true;
  sayNeverFired(trial, never, told);
  return false;
}

function sayNeverFired({ say }: Trial, ticket: number, told: Tried<TriedFate>): void {
  const isFired = told.kind === "answered" && told.value.fate === "fired";
  const harm = isFired
    ? "a pulse that was lost on the line is counted as given, and its device misses it"
    : "a pulse that was lost on the line stays uncertain, and its device is read before it is pulsed again";
  const text = `Ticket ${ticket} never fired, and ${fateSaid(told)} when its fate was asked for: tell it as not fired. In a run, ${harm}.`;
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
    mend: `refuse with ${refusals.stale}. In a run, a frame that comes late fires a second time`,
  });
}

export function zerosRefused(tried: Tried<unknown>): string {
  const order =
    tried.kind === "refused" && tried.why === "limit"
      ? ", and read numbers least significant byte first"
      : "";
  return `A pulse within the limits whose codes are all 0 ${did(tried)}: carry it out as any other${order}. In a run, rows fail that have nothing to do.`;
}

const mostTicket = 2 ** 52;
