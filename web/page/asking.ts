import type { RunState } from "../liveState.ts";
import { isSilent, showPace } from "./pace.ts";
import { offerToGoOn } from "./queue.ts";
import { element, tellRefusal } from "./page.ts";
import { confirmStop } from "./stopping.ts";
import { change } from "./token.ts";
import { agoText } from "./words.ts";

let state: RunState | undefined;
/** What was asked, and since when nobody has answered. */
let unanswered: { what: string; since: number } | undefined;

/** Which of the three things may be asked, and what was asked and is not done yet. */
export function showAsking(now: RunState): void {
  const { hears, phase, asked } = now;
  element<HTMLButtonElement>("pause").disabled = !hears || phase === "paused" || asked !== null;
  element<HTMLButtonElement>("resume").disabled =
    !hears || (phase !== "paused" && asked !== "pause") || asked === "resume";
  element<HTMLButtonElement>("stop").disabled = !hears || asked === "stop";
  if (asked === null) unanswered = undefined;
  else if (unanswered?.what !== asked) unanswered = { what: asked, since: performance.now() };
  state = now;
  sayAsked();
}

/** Nothing is shown of a run any more. */
export function forgetAsked(): void {
  state = undefined;
  unanswered = undefined;
}

/** Called every second: what is heard, or not, is told by its age. */
export function sayAsked(): void {
  if (state === undefined) return;
  showPace(state);
  offerToGoOn(state);
  element("asked").textContent = askedText(state);
  element("heard").textContent =
    state.heardAt === null ? "" : `${state.hears ? "heard " : ""}${agoText(state.heardAt)}`;
}

function askedText(now: RunState): string {
  const { run, phase, hears, goesOnWith, link, network } = now;
  const goesOn = `mho ${goesOnWith} ${run} goes on with it.`;
  const ifEnded = `If its process has ended, ${goesOn}`;
  if (unanswered !== undefined) {
    const asked = `Asked it to ${unanswered.what}`;
    if (link.down) return `${asked}; it hears when its chip is back, or is given up.`;
    const waited = performance.now() - unanswered.since;
    return waited > patienceMilliseconds
      ? `${asked}, and no process answers. ${ifEnded}`
      : `${asked}; it hears between two turns.`;
  }
  if (phase === "paused") return "The chip is in standby until the run is resumed.";
  if (phase === "watch ended") return `Its watch ended before everything was read. ${goesOn}`;
  if (network?.left === true) return "";
  if (phase === "interrupted" || phase === "failed") {
    return link.down
      ? `The chip could not be told to be safe; its own watchdog sees to that. When it is back, ${goesOn}`
      : `The chip is in standby. ${goesOn}`;
  }
  const silent = isSilent(now);
  if (hears && link.down) {
    return silent
      ? `The link is lost, and the run has not reported since then. ${ifEnded}`
      : "The link is lost; the run's own process looks for its chip.";
  }
  if (!silent) return "";
  // When it was heard last stands beside it.
  return phase === "reading"
    ? `It has not reported since then, as when it waits for the next age to read at. ${ifEnded}`
    : `It has not reported since then. ${ifEnded}`;
}

const patienceMilliseconds = 8000;

for (const request of ["pause", "resume", "stop"] as const) {
  element(request).onclick = async () => {
    if (state === undefined) return;
    const { run } = state;
    if (request === "stop" && !(await confirmStop(state))) return;
    tellRefusal(await change(`api/runs/${run}/request`, { request }));
  };
}
