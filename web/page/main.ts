import { placesShown } from "../placesShown.ts";
import { yieldShown } from "../yieldShown.ts";
import "uplot/dist/uPlot.min.css";
import { formatDuration } from "../../src/units.ts";
import type { RunState } from "../liveState.ts";
import { ChartView, chartOfDrift, chartsOfTurns } from "./charts.ts";
import { connect, type Line } from "./line.ts";
import { element } from "./page.ts";
import { MapView } from "./mapView.ts";
import { forgetAsked, sayAsked, showAsking } from "./asking.ts";
import { showComparison } from "./comparison.ts";
import { showFiles } from "./files.ts";
import { fleetAddress, FleetPage } from "./fleet.ts";
import { showQueue } from "./queue.ts";
import { isAsked, sayWaiting, showQuestions } from "./questions.ts";
import { forgetNetwork, sayHeard, showNetwork } from "./network.ts";
import type { NetworkState } from "../networkState.ts";
import { isGroupName } from "../../src/run/groups.ts";
import { Runs } from "./runs.ts";
import { showWritten } from "./written.ts";
import { showFirstCommand } from "./firstCommand.ts";
import { explainAll, say } from "./terms.ts";
import { setServerClock } from "./serverClock.ts";
import { holdToken, openSession } from "./token.ts";
import { counted, dayText, exactTime, percent, whenText } from "./words.ts";

/** What the page looks at: a run and one of its tiles, or a network, where undefined stands for the newest, runs side by side, or benches. */
const looking: {
  fleet: boolean;
  run: string | undefined;
  tile: number | undefined;
  compared: readonly string[] | undefined;
} = {
  fleet: location.hash === fleetAddress,
  run: fromAddress(),
  tile: undefined,
  compared: comparedIn(),
};
const runs = new Runs();
const fleetPage = new FleetPage();
let state: RunState | undefined;
let network: NetworkState | undefined;

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
  if (looking.fleet) query.set("fleet", "");
  if (looking.run !== undefined) query.set("run", looking.run);
  if (looking.tile !== undefined) query.set("tile", String(looking.tile));
  line = connect(`api/live?${query}`, {
    hello: ({ workspace, now, readOnly, server }) => {
      setServerClock(now);
      fleetPage.offer(server);
      document.body.classList.toggle("read-only", readOnly);
      document.body.classList.toggle("is-server", server !== null);
      element("workspace").textContent = workspace;
      showFirstCommand(workspace);
      // A server's page begins with its benches, unless the address names something.
      if (server !== null && looking.run === undefined && looking.compared === undefined) lookAtFleet();
      // The connection is there; what the address names is on its way.
      else if (looking.run !== undefined && state === undefined && network === undefined)
        loading(looking.run);
    },
    alive: setServerClock,
    networks: (lines) => runs.setNetworks(lines),
    runs: (lines) => {
      runs.set(lines);
      showRuns();
    },
    queue: (jobs) => {
      showQueue(jobs);
      sayAsked();
      sayHeard();
    },
    questions: (questions) => {
      showQuestions(questions);
      entitle();
    },
    run: showRun,
    network: (now) => {
      if (now.network !== looking.run) return;
      network = now;
      loading(undefined);
      showNetwork(now);
      entitle();
    },
    fleet: (version) => void fleetPage.show(version),
    trouble: (text) => {
      element("trouble").hidden = text === null;
      element("trouble").textContent = text ?? "";
      // Of a run that there is not, nothing is shown; least of all another.
      if (text === null || state !== undefined || network !== undefined || looking.fleet) return;
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

function showRuns(): void {
  const { length } = runs.all;
  element("empty").hidden = length > 0 || looking.fleet;
  element("finding").hidden = length === 0;
  if (looking.fleet) return;
  if (length === 0) loading(undefined);
  if (looking.run === undefined && looking.compared === undefined && length > 0) lookAt(usualRun());
}

/** The benches of a server. */
function lookAtFleet(): void {
  if (looking.fleet && fleetPage.isOn) return;
  lookAt(undefined, true);
  document.title = "Fleet · mho";
}

function lookAt(run: string | undefined, fleet = false): void {
  looking.fleet = fleet;
  looking.run = run;
  looking.compared = undefined;
  looking.tile = undefined;
  state = undefined;
  network = undefined;
  forgetAsked();
  forgetNetwork();
  // The run before is not to pass for the one that was asked for.
  element("run").hidden = true;
  element("comparison").hidden = true;
  fleetPage.switch(fleet);
  element("empty").hidden = true;
  loading(run);
  lookAgain();
  runs.lookAt(run);
}

function compare(compared: readonly string[]): void {
  lookAt(undefined);
  looking.compared = compared;
  document.title = `${compared.join(", ")} · mho`;
  void showComparison(compared);
}

/** Says which run is on its way; undefined for none. */
function loading(run: string | undefined): void {
  element("loading").hidden = run === undefined;
  element("loading-says").textContent =
    run === undefined ? "" : `Reading the ${isGroupName(run) ? "journals" : "journal"} of ${run} …`;
}

/** What is looked at when the address names nothing: a run that goes on, or the newest; its network where it holds a share of one. */
function usualRun(): string | undefined {
  const lines = runs.all.filter(({ archived }) => !archived);
  const run = (lines.find(({ outcome }) => outcome === "running") ?? lines[0] ?? runs.all[0])?.run;
  return run === undefined ? undefined : (runs.networkOf(run) ?? run);
}

function showRun(now: RunState): void {
  if (now.run !== looking.run) return;
  state = now;
  element("run").hidden = false;
  loading(undefined);
  entitle();
  const write = (id: string, text: string): void => say(element(id), text);
  element("title").textContent = `${now.run}  ${now.title}`;
  const there = now.madeAt === null ? "" : ` · ${now.madeAt.run} of bench ${now.madeAt.bench}`;
  write("facts", `${now.method} · ${now.chip} · begun ${whenText(now.startedAt)}${there}`);
  showShare(now);
  element("facts").title = exactTime(now.startedAt);
  element("archived").hidden = !now.archived;
  showWritten(now);
  showFiles(now);
  // What is measured has no targets, and so no yield, no errors and no way towards them.
  say(element("in-place-name"), now.doneWord);
  element("of-targets").hidden = now.measures;
  element("of-convergence").hidden = now.measures;
  element("of-drift").hidden = now.measures;
  const { percent: yielded, of } = yieldShown(now);
  write("yield", yielded);
  write("counts", of);
  const places = placesShown(now);
  write("in-place", places.percent);
  write("in-place-of", places.of);
  write("pulses", now.pulses.toLocaleString("en"));
  write("pulses-each", `${(now.pulses / Math.max(1, now.devices)).toFixed(1)} a device`);
  const { down, losses, uncertain } = now.link;
  write("link", down ? "lost" : losses === 0 ? "steady" : "back");
  element("link").classList.toggle("bad", down);
  write(
    "link-facts",
    [counted(losses, "loss", "losses"), uncertain === 0 ? "" : `${uncertain} in doubt`]
      .filter(Boolean)
      .join(", "),
  );
  element<HTMLProgressElement>("progress").value = (100 * now.done) / Math.max(1, now.devices);
  showAsking(now);
  showLog(now);
  map.show(now);
  const colours = dark.matches ? "dark" : "light";
  write("convergence-says", convergenceSays(now));
  // How another tester programmed devices is not known.
  element("of-turns").hidden = now.shown?.inOrder ?? false;
  const turns = chartsOfTurns(now);
  if (!now.measures) convergence.show(turns.convergence, colours);
  fired.show(turns.fired, colours);
  write(
    "fired-says",
    turns.fired?.sentence ?? (now.pulses === 0 ? "No pulse was fired." : "Pulses were fired in one turn."),
  );
  if (now.shown !== null) {
    const course = chartOfDrift(now.shown);
    write("drift-says", driftSays(now.shown));
    drift.show(course, colours);
  }
}

/** Of a run that holds a share of a network, which. */
function showShare({ network: of }: RunState): void {
  const place = element("share");
  place.hidden = of === null;
  if (of === null) return;
  const link = document.createElement("a");
  link.textContent = `network ${of.network}`;
  link.href = `#${of.network}`;
  const share = `share ${of.share} of ${of.shares} of `;
  place.replaceChildren(
    of.left ? `Its chip failed, and another has its share now. It held ${share}` : `Holds ${share}`,
    link,
    ".",
  );
}

/** The tab says what it shows, and whether something waits for a person. */
function entitle(): void {
  if (network !== undefined)
    document.title = `${isAsked() ? "? " : ""}${network.network} ${percent(network.done, network.devices)} · mho`;
  if (state !== undefined)
    document.title = `${isAsked() ? "? " : ""}${state.run} ${percent(state.done, state.devices)} · mho`;
}

function convergenceSays({ doneWord, convergence: { kind, points } }: RunState): string {
  const last = points.findLast(({ rms }) => rms !== null);
  if (last === undefined)
    return doneWord === "pulsed"
      ? "This method does not read between its turns."
      : "Nothing has been read yet.";
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

function showLog({ log }: RunState): void {
  const list = element("log");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  let day = "today";
  list.replaceChildren(
    ...log.flatMap(({ at, text, kind }) => {
      const before = day;
      day = dayText(at) || day;
      const dated = document.createElement("li");
      dated.className = "day";
      dated.textContent = day;
      const item = document.createElement("li");
      const time = document.createElement("time");
      time.textContent = at === "" ? "" : new Date(at).toLocaleTimeString("en-GB");
      item.className = kind;
      time.title = exactTime(at);
      item.append(time, text);
      return day === before ? [item] : [dated, item];
    }),
  );
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** The address was pasted, typed or gone back to. */
function followAddress(): void {
  // What was refused without a token may be seen with it.
  if (holdToken(looking.fleet ? fleetAddress.slice(1) : looking.run)) return lookAgain();
  if (location.hash === fleetAddress) return lookAtFleet();
  const compared = comparedIn();
  if (compared !== undefined) return compare(compared);
  const run = fromAddress() ?? usualRun();
  if (run !== looking.run || looking.fleet) lookAt(run);
}

function comparedIn(): readonly string[] | undefined {
  return /^#compare=([rn]\d+(?:,[rn]\d+)+)$/.exec(location.hash)?.[1]?.split(",");
}

function fromAddress(): string | undefined {
  return /^#([rn]\d+)$/.exec(location.hash)?.[1];
}

element("to-fleet").onclick = () => (location.hash = fleetAddress);
dark.addEventListener("change", () => {
  if (state !== undefined) showRun(state);
  map.repaint();
});
addEventListener("hashchange", followAddress);
setInterval(() => {
  sayAsked();
  sayHeard();
  sayWaiting();
}, 1000);
explainAll(document.querySelectorAll("main h2, main dt"));
holdToken();
if (looking.fleet) lookAtFleet();
else if (looking.compared === undefined) {
  runs.lookAt(looking.run);
  lookAgain();
} else compare(looking.compared);
