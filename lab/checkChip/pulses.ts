import type { Tried, TriedFate } from "../../drivers/boardTrials.ts";
import { remembered, type TicketSource } from "./ticketSource.ts";
import { did, mustRefuse, refusals, type Trial, zeroRow } from "./findings.ts";

/** Whether widths outside the limits are refused. Rows of zeros touch no device. */
export async function tryLimits(trial: Trial): Promise<void> {
  const { board, say, description, identity } = trial;
  if (description === undefined) {
    say("limits", "not tried", "Limits could not be tried: nothing describes them.");
    return;
  }
  const {
    minWidthNanoseconds: least,
    maxWidthNanoseconds: most,
    maxTrailingNanoseconds,
  } = description.limits;
  const ticket = board.promises.tickets ? identity.newestTicket + 1 : 0;
  const usual = await usualPulse(trial, ticket);
  if (!usual) return;
  const outside = [
    ["width", { widthNanoseconds: Math.floor(most) + 1 }, `${Math.floor(most) + 1} ns`, "max_width"],
    ["width", { widthNanoseconds: Math.ceil(least) - 1 }, `${Math.ceil(least) - 1} ns`, "min_width"],
    [
      "trailing edge",
      { trailingNanoseconds: Math.floor(maxTrailingNanoseconds) + 1 },
      `${Math.floor(maxTrailingNanoseconds) + 1} ns`,
      "max_trailing",
    ],
  ] as const;
  let all = true;
  let tries = 0;
  for (const [of, change, value, key] of outside) {
    const nanoseconds = Object.values(change)[0]!;
    if (nanoseconds < 1 || nanoseconds > 0xffffffff) continue;
    const tried = await board.pulse(
      zeroRow(trial, { ...change, ticket: ticket === 0 ? 0 : ticket + ++tries }),
    );
    // A file may narrow what the board allows.
    if (!trial.isBoards && tried.kind === "answered") {
      const text = `A ${of} of ${value} is carried out, and limits.${key}_nanoseconds of the file is less: mho keeps the file's, the board does not.`;
      say("limits", "note", text);
      all = false;
      continue;
    }
    const kept = mustRefuse(trial, "limits", tried, {
      what: `A pulse with a ${of} of ${value}, outside limits.${key}_nanoseconds,`,
      why: "limit",
      by: refusals.limit,
      mend: `compare it with the limit before anything fires, and refuse it with ${refusals.limit}`,
    });
    all = kept && all;
  }
  if (all) say("limits", "good", "Widths and trailing edges outside the limits are refused.");
}

/** A row of zeros within the limits has to be carried out. With tickets it is tried where the tickets are. */
async function usualPulse(trial: Trial, ticket: number): Promise<boolean> {
  if (trial.board.promises.tickets) return true;
  const tried = await trial.board.pulse(zeroRow(trial, { ticket }));
  if (tried.kind === "answered") return true;
  trial.say("limits", "fault", zerosRefused(tried));
  return false;
}

function zerosRefused(tried: Tried<unknown>): string {
  const order =
    tried.kind === "refused" && tried.why === "limit"
      ? ", and read numbers least significant byte first"
      : "";
  return `A pulse within the limits whose codes are all 0 ${did(tried)}: carry it out as any other${order}.`;
}

/**
 * Whether a ticket fires once. Rows of zeros use tickets and touch nothing. A chip that has used many already is tried by tickets below
 * its newest, which stays as it is: workspaces know it by that.
 */
export async function tryTickets(trial: Trial, tickets: TicketSource): Promise<void> {
  const { board, say, identity } = trial;
  if (!board.promises.tickets) {
    say(
      "tickets",
      "not tried",
      "This dialect has no tickets; that a line is carried out once was tried above.",
    );
    return;
  }
  const { newestTicket: newest } = identity;
  if (newest >= mostTicket) {
    const text = `The newest ticket is ${newest}, and from 2^52 on mho takes it for an error: begin at 0, and count only tickets that fired.`;
    say("tickets", "fault", text);
    return;
  }
  const ticket = await tickets.next();
  const first = await board.pulse(zeroRow(trial, { ticket }));
  if (first.kind !== "answered") {
    say("tickets", "fault", zerosRefused(first));
    return;
  }
  if (first.value.fate !== "fired") {
    const text = `A new ticket was answered as ${first.value.fate}: answer a row that was carried out as fired, with its time.`;
    say("tickets", "fault", text);
    return;
  }
  const once = await firesOnce(trial, ticket, first.value);
  const fateIsTold = await tellsFate(trial, ticket, first.value);
  const stale = Math.max(ticket, newest) - remembered - 476;
  const old = await board.pulse(zeroRow(trial, { ticket: stale }));
  const staleRefused = mustRefuse(trial, "tickets", old, {
    what: `Ticket ${stale}, older than the ${remembered} that the board remembers,`,
    why: "stale ticket",
    by: refusals.stale,
    mend: `refuse with ${refusals.stale}, or a frame that comes late fires twice`,
  });
  if (once && fateIsTold && staleRefused) {
    say("tickets", "good", "A ticket fires once, its fate can be asked for, and a stale one is refused.");
  }
}

async function firesOnce(trial: Trial, ticket: number, first: TriedFate): Promise<boolean> {
  // Time has to pass, or a second shot would have the time of the first.
  const between = await trial.board.read(trial.place.tile, trial.place.row, 1);
  const again = await trial.board.pulse(zeroRow(trial, { ticket }));
  const same =
    between.kind === "answered" &&
    again.kind === "answered" &&
    again.value.fate === "fired" &&
    again.value.atMicroseconds === first.atMicroseconds;
  if (same) return true;
  trial.say(
    "tickets",
    "fault",
    again.kind === "answered"
      ? `Ticket ${ticket} came again under another tag and fired again, at ${again.value.atMicroseconds} µs after ${first.atMicroseconds} µs: keep which tickets fired, and answer with the first time.`
      : `Ticket ${ticket} came again under another tag and ${did(again)}: answer it as fired, with the first time.`,
  );
  return false;
}

async function tellsFate(trial: Trial, ticket: number, first: TriedFate): Promise<boolean> {
  const told = await trial.board.fate(ticket);
  const right =
    told.kind === "answered" &&
    told.value.fate === "fired" &&
    told.value.atMicroseconds === first.atMicroseconds;
  if (right) return true;
  const said =
    told.kind === "answered"
      ? `was told as ${told.value.fate} at ${told.value.atMicroseconds} µs`
      : did(told);
  trial.say(
    "tickets",
    "fault",
    `The fate of ticket ${ticket}, which fired at ${first.atMicroseconds} µs, ${said}: tell it with the time at which it fired.`,
  );
  return false;
}

const mostTicket = 2 ** 52;
