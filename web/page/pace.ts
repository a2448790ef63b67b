import { formatDuration } from "../../src/units.ts";
import type { RunState } from "../liveState.ts";
import { element } from "./page.ts";
import { say } from "./terms.ts";
import { counted, phaseNames, rounded, secondsSince } from "./words.ts";

function timeLeft(seconds: number | null): string {
  return seconds === null ? "–" : formatDuration(Math.max(1, Math.round(seconds)));
}

/** What is still to be looked at. */
function sweepsText({ phase, devices, settled, done, sweepsLeft }: RunState): string {
  if (phase === "programming" && done === devices && settled < devices) return "waiting for the last looks";
  return sweepsLeft === null || sweepsLeft === 0 ? "" : `${counted(sweepsLeft, "sweep", "sweeps")} to come`;
}

/** How it goes, as far as it is heard; nothing more is heard of a run whose process has died. */
export function showPace(now: RunState): void {
  const { phase, devicesPerSecond, pulsesPerSecond, secondsLeft, link } = now;
  const silent = isSilent(now);
  const stuck = phase === "programming" && (link.down || silent);
  const shown = stuck ? (link.down ? "lost" : "silent") : phase === "reading" && silent ? "unheard" : phase;
  element("phase").textContent = phaseNames[shown] ?? shown;
  element("phase").classList.toggle("bad", stuck);
  const rate = stuck ? null : devicesPerSecond;
  // A run that is over has no pace.
  element("pace").hidden = phase !== "programming";
  element("rate").textContent = rate === null ? "–" : `${rounded(rate)} /s`;
  element("pulse-rate").textContent =
    rate === null || pulsesPerSecond === null ? "devices" : `devices; ${rounded(pulsesPerSecond)} pulses/s`;
  const over = phase !== "programming" && phase !== "paused";
  say(element("left-name"), over ? "sweeps" : "time left");
  element("left").textContent = over ? String(now.sweeps) : timeLeft(stuck ? null : secondsLeft);
  element("sweeps").textContent = sweepsText(now);
}

/** A run that is programmed has a turn every few seconds, unless it waits for its chip; one that is read, whenever it is due. */
export function isSilent({ hears, phase, heardAt }: RunState): boolean {
  return hears && phase !== "paused" && heardAt !== null && secondsSince(heardAt) > silentAfterSeconds;
}

const silentAfterSeconds = 45;
