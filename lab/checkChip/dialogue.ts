import { did, mustRefuse, refusals, type Trial, zeroRow } from "./findings.ts";
import { leavesUnused } from "./refusedTickets.ts";
import type { TicketSource } from "./ticketSource.ts";

/** Whether the board keeps what the dialect asks of every request: session, check, and once only. */
export async function tryDialogue(trial: Trial): Promise<void> {
  const { board, say, place, answersKept = 2 } = trial;
  const foreign = await board.foreign();
  const refused = mustRefuse(trial, "session", foreign, {
    what: "A request of a session that was never opened",
    why: "session",
    by: board.promises.session,
    mend: `refuse it with ${board.promises.session}`,
  });
  if (refused) say("session", "good", "A request of a session that was never opened was refused.");

  const damaged = await board.damaged();
  say(
    "check",
    damaged === "answered" ? "fault" : "good",
    damaged === "answered"
      ? "A request whose check is wrong was answered: compare the CRC-32C of every request before anything else, and stay silent where it differs."
      : "A request whose check is wrong was not answered.",
  );

  const again = await board.readTwice(place.tile, place.row, 1);
  const texts = {
    "the same": "A request that came again was answered from memory.",
    otherwise:
      "A request that came again under its tag was carried out again: keep the last answers by their tags, and send the kept one, byte for byte.",
    silent:
      "A request that came again under its tag was not answered: keep the last answers by their tags, and send the kept one.",
  } as const;
  say("repeat", again === "the same" ? "good" : "fault", texts[again]);
  if (again !== "the same" || answersKept <= 2) return;
  const late = await board.readTwice(place.tile, place.row, answersKept - 1);
  if (late === "the same") return;
  say(
    "repeat",
    "fault",
    `The board says that it keeps ${answersKept} answers, and one that ${answersKept - 1} others came after was ${late === "silent" ? "gone" : "made anew"}: keep so many, or say fewer.`,
  );
}

/** Whether errors are addressed to their requests: said once, for it would be found at every refusal. */
export function tellStrayErrors({ board, say }: Pick<Trial, "board" | "say">): void {
  if (board.strayErrors === undefined) return;
  const text = `An error came ${board.strayErrors}, and mho takes no such frame for an answer: give every error the session and the tag of its request.`;
  say("errors", "fault", text);
}

/** Whether an abort is known, and calls off what was sent before it. */
export async function tryAbort(trial: Trial, tickets: TicketSource, firesOnce: boolean): Promise<void> {
  const { board, say, answersKept } = trial;
  const ticket = await tickets.next();
  const { abort, late } = await board.callOff(zeroRow(trial, { ticket }));
  if (abort.kind !== "answered") {
    say("abort", "fault", `An abort ${did(abort)}: carry it out at any time, and answer it.`);
    return;
  }
  if (late === undefined) {
    say(
      "abort",
      "good",
      "An abort is answered. Whether it ends a loop of the board was not tried: a loop pulses devices.",
    );
    return;
  }
  if (!firesOnce) {
    say("abort", "not tried", "What an abort calls off was not tried: mend the tickets first.");
    return;
  }
  // A board that keeps one answer may take no notice of tags before its newest.
  const ignored = late.kind === "silent" && answersKept === 1;
  const refused =
    ignored ||
    mustRefuse(trial, "abort", late, {
      what: "A pulse whose tag is below that of an abort",
      why: "called off",
      by: refusals.calledOff,
      mend: `from then on, refuse pulses and loops of lower tags with ${refusals.calledOff}`,
    });
  if (!refused) return;
  if (await leavesUnused(trial, "abort", ticket, "called off by an abort"))
    say("abort", "good", "An abort calls off the pulses that were sent before it.");
}

/**
 * Whether the safe state refuses what it must, and whether hello ends it.
 *
 * @param tickets  undefined of a board that fires nothing: a read alone is tried.
 */
export async function tryStandby(
  trial: Trial,
  tickets: TicketSource | undefined,
  firesOnce: boolean,
): Promise<void> {
  const { board, say, place } = trial;
  const ticket = await tickets?.next();
  const asleep = await board.standby();
  if (asleep.kind !== "answered") {
    say("standby", "fault", `Standby ${did(asleep)}: carry it out at any time, and answer it.`);
    return;
  }
  const kept = await refusesInStandby(trial, ticket);
  const described = trial.isBoards ? await board.describe() : undefined;
  if (described !== undefined && described.kind !== "answered") {
    say("standby", "fault", `In standby, the description ${did(described)}: give it in standby too.`);
  }
  const woken = await board.open();
  const read = await board.read(place.tile, place.row, 1);
  if (woken.kind !== "answered" || read.kind !== "answered") {
    say("standby", "fault", `After standby and a hello, a read ${did(read)}: let a hello end standby.`);
    return;
  }
  const unused =
    !kept ||
    !firesOnce ||
    ticket === undefined ||
    (await leavesUnused(trial, "standby", ticket, "refused in standby"));
  const what = ticket === undefined ? "reads" : "reads and pulses";
  if (kept && unused) say("standby", "good", `Standby refuses ${what}, and a hello ends it.`);
}

/** A read and a row of zeros; one sentence where both were carried out. */
async function refusesInStandby(trial: Trial, ticket: number | undefined): Promise<boolean> {
  const { board, place, say } = trial;
  const one = { why: "standby", by: refusals.standby, mend: offInStandby } as const;
  const read = await board.read(place.tile, place.row, 1);
  if (ticket === undefined) return mustRefuse(trial, "standby", read, { what: "In standby, a read", ...one });
  const pulse = await board.pulse(zeroRow(trial, { ticket }));
  if (read.kind === "answered" && pulse.kind === "answered") {
    say("standby", "fault", `In standby, a read and a pulse were carried out: ${offInStandby}.`);
    return false;
  }
  const readRefused = mustRefuse(trial, "standby", read, { what: "In standby, a read", ...one });
  const pulseRefused = mustRefuse(trial, "standby", pulse, { what: "In standby, a pulse", ...one });
  return readRefused && pulseRefused;
}

const offInStandby = "turn every output off, and refuse reads and pulses until the next hello";

/** Whether a host that falls silent leaves the chip safe. It waits as long as the watchdog takes. */
export async function tryWatchdog(trial: Trial): Promise<void> {
  const { board, say, description } = trial;
  const stated = description?.watchdogSeconds;
  const seconds = stated ?? usualWatchdogSeconds;
  const woken = await board.open();
  if (woken.kind !== "answered") {
    say("watchdog", "fault", `A hello ${did(woken)}: answer it at any time.`);
    return;
  }
  await trial.sleep(Math.ceil((1.1 * seconds + 0.5) * 1e6));
  const kept = await readIsRefused(
    trial,
    `After ${seconds} s of silence, a read`,
    `turn every output off after ${seconds} s without a request` +
      (stated === undefined ? ", or state another time as watchdog_seconds in the description" : ""),
  );
  if (!kept) return;
  if (stated !== undefined) {
    say("watchdog", "good", `After ${seconds} s of silence the board is in standby.`);
  } else {
    say("watchdog", "note", "The board is in standby after a silence: state it as watchdog_seconds.");
  }
}

async function readIsRefused(trial: Trial, what: string, mend: string): Promise<boolean> {
  const { tile, row } = trial.place;
  const read = await trial.board.read(tile, row, 1);
  return mustRefuse(trial, "watchdog", read, { what, why: "standby", by: refusals.standby, mend });
}

/** Of a board that does not state one. */
const usualWatchdogSeconds = 10;
