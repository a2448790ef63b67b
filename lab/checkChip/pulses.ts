import { mustRefuse, refusals, type Trial, zeroRow } from "./findings.ts";
import { zerosRefused } from "./tickets.ts";
import type { TicketSource } from "./ticketSource.ts";

/** Whether widths outside the limits are refused. Rows of zeros touch no device. */
export async function tryLimits(trial: Trial, tickets: TicketSource): Promise<void> {
  const { board, say, description } = trial;
  if (description === undefined) {
    say("limits", "not tried", "Limits could not be tried: nothing describes them.");
    return;
  }
  const {
    minWidthNanoseconds: least,
    maxWidthNanoseconds: most,
    maxTrailingNanoseconds,
  } = description.limits;
  if (!(await usualPulse(trial))) return;
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
  for (const [of, change, value, key] of outside) {
    const nanoseconds = Object.values(change)[0]!;
    if (nanoseconds < 1 || nanoseconds > 0xffffffff) continue;
    const ticket = tickets.unused();
    const tried = await board.pulse(zeroRow(trial, { ...change, ticket }));
    if (tried.kind === "answered" && ticket > 0) tickets.used(ticket);
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
async function usualPulse(trial: Trial): Promise<boolean> {
  if (trial.board.promises.tickets) return true;
  const tried = await trial.board.pulse(zeroRow(trial));
  if (tried.kind === "answered") return true;
  trial.say("limits", "fault", zerosRefused(tried));
  return false;
}
