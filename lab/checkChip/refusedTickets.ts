import { did, type Step, type Trial, zeroRow } from "./findings.ts";

/** Whether a pulse that was refused has left its ticket unused: the host sends it again, and it has to fire then. */
export async function leavesUnused(trial: Trial, step: Step, ticket: number, how: string): Promise<boolean> {
  const { board, say } = trial;
  if (!board.promises.tickets) return true;
  const mend =
    "leave the ticket of a pulse that does not fire unused, so that it may fire later" +
    (step === "tickets"
      ? ". In a run, the pulse is counted as given when mho sends it again, and its device misses it"
      : "");
  const told = await board.fate(ticket);
  if (told.kind === "answered" && told.value.fate === "fired") {
    say(step, "fault", `Ticket ${ticket}, whose pulse was ${how}, is told as fired: ${mend}.`);
    return false;
  }
  const fired = await board.pulse(zeroRow(trial, { ticket }));
  if (fired.kind === "answered" && fired.value.fate === "fired") return true;
  const became = fired.kind === "answered" ? `was answered as ${fired.value.fate}` : did(fired);
  say(
    step,
    "fault",
    `Ticket ${ticket}, whose pulse was ${how}, came again as it may, and ${became}: ${mend}.`,
  );
  return false;
}
