import "uplot/dist/uPlot.min.css";
import { formatDuration } from "../../src/units.ts";
import type { RunLine, RunState } from "../liveState.ts";
import { ChartView, chartOfDrift, chartsOfTurns } from "./charts.ts";
import { connect, type Line } from "./line.ts";
import { element } from "./page.ts";
import { MapView } from "./mapView.ts";
import { listRuns } from "./runList.ts";
import { showFirstCommand } from "./firstCommand.ts";
import { explainAll, say } from "./terms.ts";
import { setServerClock } from "./serverClock.ts";
import { ask, holdToken, openSession } from "./token.ts";
import { agoText, counted, percent, phaseNames, rounded, secondsSince, whenText } from "./words.ts";

/** What the page looks at: a run and one of its tiles, where undefined stands for the newest. */
const looking: { run: string | undefined; tile: number | undefined } = {
  run: fromAddress(),
  tile: undefined,
};
let runs: readonly RunLine[] = [];
let state: RunState | undefined;
/** What was asked, and since when nobody has answered. */
let unanswered: { what: string; since: number } | undefined;

const map = new MapView((tile) => {
  looking.tile = tile;
  lookAgain();
});
const convergence = new ChartView(element("convergence"));
const fired = new ChartView(element("fired"));
const drift = new ChartView(element("drift"));
const dark = matchMedia("(prefers-color-scheme: dark)");

let line: Line | undefined;

function lookAgain(): void {
  line?.close();
  const query = new URLSearchParams();
  if (looking.run !== undefined) query.set("run", looking.run);
  if (looking.tile !== undefined) query.set("tile", String(looking.tile));
  line = connect(`api/live?${query}`, {
    hello: ({ workspace, now }) => {
      setServerClock(now);
      element("workspace").textContent = workspace;
      showFirstCommand(workspace);
    },
    alive: setServerClock,
    runs: showRuns,
    run: showRun,
    trouble: (text) => {
      element("trouble").hidden = text === null;
      element("trouble").textContent = text ?? "";
      // Of a run that there is not, nothing is shown; least of all another.
      if (text === null || state !== undefined) return;
      element("run").hidden = true;
      loading(undefined);
    },
    refused: async () => {
      if (await openSession()) lookAgain();
      else element("line").textContent = "needs the token; reload the page to give it";
    },
    status: (status) => {
      const texts = { connecting: "connecting …", live: "live", lost: "connection lost; trying again" };
      element("line").textContent = texts[status];
      element("line").className = `line ${status}`;
    },
  });
}

function showRuns(lines: readonly RunLine[]): void {
  runs = lines;
  element("empty").hidden = lines.length > 0;
  if (lines.length === 0) loading(undefined);
  if (looking.run === undefined && lines.length > 0) lookAt(usualRun());
  else listRuns(lines, looking.run);
}

function lookAt(run: string | undefined): void {
  looking.run = run;
  looking.tile = undefined;
  state = undefined;
  unanswered = undefined;
  // The run before is not to pass for the one that was asked for.
  element("run").hidden = true;
  loading(run);
  lookAgain();
  listRuns(runs, run);
}

/** Says which run is on its way; undefined for none. */
function loading(run: string | undefined): void {
  element("loading").hidden = run === undefined;
  element("loading-says").textContent = run === undefined ? "" : `Reading the journal of ${run} …`;
}

/** What is looked at when the address names nothing: a run that goes on, or the newest. */
function usualRun(): string | undefined {
  return (runs.find(({ outcome }) => outcome === "running") ?? runs[0])?.run;
}

function showRun(now: RunState): void {
  if (now.run !== looking.run) return;
  state = now;
  element("run").hidden = false;
  loading(undefined);
  document.title = `${now.run} ${percent(now.inPlace, now.devices)} · mho`;
  const write = (id: string, text: string): void => say(element(id), text);
  element("title").textContent = `${now.run}  ${now.title}`;
  write("facts", `${now.method} · ${now.chip} · begun ${whenText(now.startedAt)}`);
  write("yield", percent(now.accepted, now.judged));
  write("counts", yieldCounts(now));
  write("in-place", percent(now.inPlace, now.devices));
  write("in-place-of", `of ${counted(now.devices, "device", "devices")}`);
  write("pulses", now.pulses.toLocaleString("en"));
  write("pulses-each", `${(now.pulses / Math.max(1, now.devices)).toFixed(1)} a device`);
  const { down, losses, uncertain } = now.link;
  write("link", down ? "lost" : losses === 0 ? "steady" : "back");
  element("link").classList.toggle("bad", down);
  showPace(now);
  write(
    "link-facts",
    [counted(losses, "loss", "losses"), uncertain === 0 ? "" : `${uncertain} in doubt`]
      .filter(Boolean)
      .join(", "),
  );
  element<HTMLProgressElement>("progress").value = (100 * now.inPlace) / Math.max(1, now.devices);
  showAsking(now);
  showLog(now);
  map.show(now);
  const colours = dark.matches ? "dark" : "light";
  write("convergence-says", convergenceSays(now));
  // How another tester programmed devices is not known.
  element("of-turns").hidden = now.shown?.inOrder ?? false;
  const turns = chartsOfTurns(now);
  convergence.show(turns.convergence, colours);
  fired.show(turns.fired, colours);
  write("fired-says", turns.fired?.sentence ?? "Nothing has been fired in two turns yet.");
  if (now.shown !== null) {
    const course = chartOfDrift(now.shown);
    write("drift-says", driftSays(now.shown));
    drift.show(course, colours);
  }
}

function yieldCounts({ judged, accepted, settled }: RunState): string {
  if (judged > 0) return `${accepted.toLocaleString("en")} of ${judged.toLocaleString("en")}`;
  return settled === 0 ? "none settled yet" : "not read back";
}

function timeLeft(seconds: number | null): string {
  return seconds === null ? "–" : formatDuration(Math.max(1, Math.round(seconds)));
}

/** What is still to be looked at. */
function sweepsText({ phase, devices, settled, inPlace, sweepsLeft }: RunState): string {
  if (phase === "programming" && inPlace === devices && settled < devices)
    return "waiting for the last looks";
  return sweepsLeft === null || sweepsLeft === 0 ? "" : `${counted(sweepsLeft, "sweep", "sweeps")} to come`;
}

/** How it goes, as far as it is heard; nothing more is heard of a run whose process has died. */
function showPace(now: RunState): void {
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
function isSilent({ hears, phase, heardAt }: RunState): boolean {
  return hears && phase !== "paused" && heardAt !== null && secondsSince(heardAt) > silentAfterSeconds;
}

const silentAfterSeconds = 45;

function convergenceSays({ convergence: { kind, points } }: RunState): string {
  const last = points.findLast(({ rms }) => rms !== null);
  if (last === undefined) return "Nothing has been read yet.";
  const off =
    kind === "weights"
      ? `the weights are ${last.rms!.toFixed(2)} % of their largest (RMS) from what is meant`
      : `devices are ${last.rms!.toFixed(2)} µS (RMS) from their targets`;
  return `After ${counted(last.turns, "turn", "turns")}, ${off}.`;
}

function driftSays({ drift: bands, tile }: NonNullable<RunState["shown"]>): string {
  const band = bands.at(-1);
  const last = band?.points.at(-1);
  if (band === undefined || last === undefined) return "Drift appears after three reads; run mho watch.";
  return (
    `Tile ${tile}, in drift bands by first reading; after ${formatDuration(last.ageSeconds)} ` +
    `the highest band keeps ${(100 * last.median).toFixed(1)} %. Dots are medians, strokes reach from quarter to quarter; ` +
    "dashed, what the run’s model expects."
  );
}

/** Which of the three things may be asked, and what was asked and is not done yet. */
function showAsking(now: RunState): void {
  const { hears, phase, asked } = now;
  element<HTMLButtonElement>("pause").disabled = !hears || phase === "paused" || asked !== null;
  element<HTMLButtonElement>("resume").disabled =
    !hears || (phase !== "paused" && asked !== "pause") || asked === "resume";
  element<HTMLButtonElement>("stop").disabled = !hears || asked === "stop";
  if (asked === null) unanswered = undefined;
  else if (unanswered?.what !== asked) unanswered = { what: asked, since: performance.now() };
  sayAsked();
}

function sayAsked(): void {
  if (state === undefined) return;
  showPace(state);
  element("asked").textContent = askedText(state);
  element("heard").textContent = state.heardAt === null ? "" : `heard ${agoText(state.heardAt)}`;
}

function askedText(now: RunState): string {
  const { run, phase, hears, goesOnWith, link } = now;
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

function showLog({ log }: RunState): void {
  const list = element("log");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  list.replaceChildren(
    ...log.map(({ at, text, kind }) => {
      const item = document.createElement("li");
      const time = document.createElement("time");
      time.textContent = at === "" ? "" : new Date(at).toLocaleTimeString("en-GB");
      item.className = kind;
      item.append(time, text);
      return item;
    }),
  );
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** The address was pasted, typed or gone back to. */
function followAddress(): void {
  // What was refused without a token may be seen with it.
  if (holdToken(looking.run)) return lookAgain();
  const run = fromAddress() ?? usualRun();
  if (run !== looking.run) lookAt(run);
}

function fromAddress(): string | undefined {
  return /^#(r\d+)$/.exec(location.hash)?.[1];
}

for (const request of ["pause", "resume", "stop"] as const) {
  element(request).onclick = async () => {
    if (state === undefined) return;
    const refused = await ask(state.run, request);
    if (refused === undefined) return;
    element("trouble").hidden = false;
    element("trouble").textContent = refused;
  };
}
dark.addEventListener("change", () => {
  if (state !== undefined) showRun(state);
  map.repaint();
});
addEventListener("hashchange", followAddress);
setInterval(sayAsked, 1000);
explainAll(document.querySelectorAll("main h2, main dt"));
holdToken();
lookAgain();
