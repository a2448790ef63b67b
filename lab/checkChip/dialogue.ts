import { did, mustRefuse, refusals, type Trial } from "./findings.ts";

/** Whether the board keeps what the dialect asks of every request: session, check, and once only. */
export async function tryDialogue(trial: Trial): Promise<void> {
  const { board, say, place, answersKept = 2 } = trial;
  const foreign = await board.foreign();
  const refused = mustRefuse(trial, "session", foreign, {
    what: "A request of a session that was never opened",
    why: "session",
    by: board.promises.session,
    mend: `refuse it with ${board.promises.session}, or two programs will take each other's answers`,
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

/** Whether the safe state refuses what it must, and whether hello ends it. */
export async function tryStandby(trial: Trial): Promise<void> {
  const { board, say, place } = trial;
  const asleep = await board.standby();
  if (asleep.kind !== "answered") {
    say("standby", "fault", `Standby ${did(asleep)}: carry it out at any time, and answer it.`);
    return;
  }
  const kept = await readIsRefused(trial, "standby", "In standby, a read");
  const described = trial.isBoards ? await board.describe() : undefined;
  if (described !== undefined && described.kind !== "answered") {
    say("standby", "fault", `In standby, the description ${did(described)}: give it in standby too.`);
  }
  const woken = await board.open();
  const read = await board.read(place.tile, place.row, 1);
  if (woken.kind !== "answered" || read.kind !== "answered") {
    say("standby", "fault", `After standby and a hello, a read ${did(read)}: let a hello end standby.`);
  } else if (kept) say("standby", "good", "Standby refuses reads, and a hello ends it.");
}

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
    "watchdog",
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

async function readIsRefused(
  trial: Trial,
  step: "standby" | "watchdog",
  what: string,
  mend = "turn every output off, and refuse reads and pulses until the next hello",
): Promise<boolean> {
  const { tile, row } = trial.place;
  const read = await trial.board.read(tile, row, 1);
  return mustRefuse(trial, step, read, { what, why: "standby", by: refusals.standby, mend });
}

/** Of a board that does not state one. */
const usualWatchdogSeconds = 10;
