import { placesShown } from "../placesShown.ts";
import { yieldShown } from "../yieldShown.ts";
import { formatDuration } from "../../src/units.ts";
import type { NetworkState, ShareLine } from "../networkState.ts";
import { linksToTables } from "./files.ts";
import { element, tellRefusal, withText } from "./page.ts";
import { offerNetwork } from "./queue.ts";
import { type Cell, fillTable, runLink } from "./records.ts";
import { confirmStopping } from "./stopping.ts";
import { say } from "./terms.ts";
import { change } from "./token.ts";
import { showWrittenOnNetwork } from "./written.ts";
import { agoText, counted, exactTime, phaseNames, rounded, whenText } from "./words.ts";

let state: NetworkState | undefined;

/** Shows a network over several chips as one thing: how it stands, what each chip holds, and which chips failed. */
export function showNetwork(now: NetworkState): void {
  state = now;
  element("network").hidden = false;
  element("network-title").textContent = `${now.network}  ${now.title}`;
  showFacts(now);
  element("network-archived").hidden = !now.archived;
  showNumbers(now);
  showRequests(now);
  say(element("network-says"), whatToDo(now));
  fillTable(
    element("shares"),
    columns,
    now.shares.map((line) => rowOf(line, now.shares.length)),
  );
  const left = now.shares.flatMap(leftOf);
  element("network-failed").hidden = left.length === 0;
  element("network-failures").replaceChildren(...left);
  showWrittenOnNetwork(now);
  showFiles(now);
}

/** Nothing is shown of a network any more. */
export function forgetNetwork(): void {
  state = undefined;
  element("network").hidden = true;
}

/** Called every second: what was heard is told by its age. */
export function sayHeard(): void {
  if (state === undefined) return;
  offerNetwork(state);
  const { heardAt } = state;
  element("network-heard").textContent = heardAt === null ? "" : `heard ${agoText(heardAt)}`;
}

function showFacts({ shares, startedAt, corrects, correctedBy, spares }: NetworkState): void {
  const place = element("network-facts");
  const others: (Node | string)[] = [];
  if (corrects !== null) others.push(" · a trim of ", runLink(corrects));
  if (correctedBy !== null) others.push(" · trimmed by ", runLink(correctedBy));
  const waiting = spares.length === 0 ? "" : ` · ${counted(spares.length, "spare", "spares")} left`;
  place.replaceChildren(
    `A network over ${counted(shares.length, "chip", "chips")} · begun ${whenText(startedAt)}`,
    ...others,
    waiting,
  );
  place.title = exactTime(startedAt);
}

function showNumbers(now: NetworkState): void {
  const write = (id: string, text: string): void => say(element(`network-${id}`), text);
  const { phase, devices, done, pulses, secondsLeft, devicesPerSecond, sweeps } = now;
  write("phase", phaseNames[phase] ?? phase);
  element("network-phase").classList.toggle("bad", phase === "not complete");
  const places = placesShown(now);
  write("in-place", places.percent);
  write("in-place-of", places.of);
  const yielded = yieldShown(now);
  write("yield", yielded.percent);
  write("counts", yielded.of);
  const goes = phase === "programming" || phase === "paused";
  write("left-name", goes ? "time left" : "sweeps");
  write("left", goes ? leftText(secondsLeft) : String(sweeps));
  write("rate", devicesPerSecond === null ? "" : `${rounded(devicesPerSecond)} devices/s`);
  write("pulses", pulses.toLocaleString("en"));
  write("pulses-each", `${(pulses / Math.max(1, devices)).toFixed(1)} a device`);
  element<HTMLProgressElement>("network-progress").value = (100 * done) / Math.max(1, devices);
  sayHeard();
}

function leftText(seconds: number | null): string {
  return seconds === null ? "–" : formatDuration(Math.max(1, Math.round(seconds)));
}

function showRequests({ hears, paused }: NetworkState): void {
  element<HTMLButtonElement>("network-pause").disabled = !hears || paused;
  element<HTMLButtonElement>("network-resume").disabled = !paused;
  element<HTMLButtonElement>("network-stop").disabled = !hears;
}

function whatToDo({ network, phase, shares, corrects }: NetworkState): string {
  const goesOn = `mho resume ${network} goes on with it.`;
  switch (phase) {
    case "not complete": {
      const missing = shares.filter(({ run, phase: of }) => run === null || of === "failed");
      const names = missing.map(({ share }) => share).join(", ");
      const other = corrects === null ? ` On another chip: mho resume ${network} --spare ADDRESS.` : "";
      return `Share ${names} of ${shares.length} is missing. Once the chip is back, ${goesOn}${other}`;
    }
    case "interrupted":
    case "failed":
      return `It was stopped, and its chips are in standby. ${goesOn}`;
    case "watch ended":
      return `Its watch ended before everything was read. mho watch ${network} goes on with it.`;
    case "paused":
      return "Its chips are in standby until it is resumed.";
    case "programming":
    case "reading":
    case "done":
      return "";
  }
}

const columns = ["share", "chip", "run", "state", "tiles", "in place", "yield"];

function rowOf(line: ShareLine, shares: number): { cells: readonly Cell[]; className: string } {
  const { share, chip, address, run, firstTile, tiles, linkDown } = line;
  const name = withText("span", chip ?? address);
  name.title = address;
  const phase = line.phase === null ? "no run yet" : (phaseNames[line.phase] ?? line.phase);
  return {
    cells: [
      `${share} of ${shares}`,
      name,
      runLink(run),
      linkDown ? "link lost" : phase,
      tiles === 1 ? String(firstTile) : `${firstTile} to ${firstTile + tiles - 1}`,
      placesShown(line).percent,
      yieldShown(line).percent,
    ],
    className: line.phase === "failed" || linkDown ? "bad" : "",
  };
}

function leftOf({ share, before }: ShareLine): HTMLElement[] {
  return before.map(({ address, run, at, why }) => {
    const item = document.createElement("li");
    const with_ = run === null ? [] : [", with ", runLink(run)];
    item.append(`Share ${share} left the chip at ${address}`, ...with_, `, ${whenText(at)}. ${why}`);
    return item;
  });
}

function showFiles({ network, turns, sweeps }: NetworkState): void {
  const one = (path: string): string => `api/runs/${network}/${path}`;
  element("network-files").hidden = turns === 0;
  element<HTMLAnchorElement>("network-report").href = one("report");
  element<HTMLAnchorElement>("network-figures").href = one("figures");
  const lines = linksToTables(network, { turns, sweeps, measures: false });
  const place = element("network-tables");
  // What is open or has the focus stays.
  if (place.dataset["of"] === `${network} ${lines.length}`) return;
  place.dataset["of"] = `${network} ${lines.length}`;
  place.replaceChildren(...lines);
}

for (const request of ["pause", "resume", "stop"] as const) {
  element(`network-${request}`).onclick = async () => {
    if (state === undefined) return;
    const { network } = state;
    const says =
      "The turn under way on each chip is finished, and the chips go into standby. Nothing that was measured is lost. " +
      `mho resume ${network} goes on with it later.`;
    if (request === "stop" && !(await confirmStopping(network, says))) return;
    tellRefusal(await change(`api/runs/${network}/request`, { request }));
  };
}
