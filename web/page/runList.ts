import type { RunLine } from "../liveState.ts";
import type { NetworkLine } from "../networkState.ts";
import { element, withText } from "./page.ts";
import { counted, phaseNames, timeElement } from "./words.ts";

/** What the list shows. */
export interface Listing {
  readonly lines: readonly RunLine[];
  readonly networks: readonly NetworkLine[];
  /** The run that is looked at; the list is moved to it when that is another than before. */
  readonly current: string | undefined;
  /** Runs that a search found; all but archived ones where nothing is searched for. */
  readonly found: ReadonlySet<string> | undefined;
  /** Runs that are to be compared, in the order in which they were chosen; undefined where none are being chosen. */
  readonly chosen: readonly string[] | undefined;
  readonly onChoose: (run: string, chosen: boolean) => void;
}

let shown: string | undefined;

export function listRuns(listing: Listing): void {
  const { lines, current, found } = listing;
  const list = element("runs");
  const passing = lines.filter(({ run, archived }) => (found === undefined ? !archived : found.has(run)));
  // What has the focus is made anew, and keeps it.
  const focused = document.activeElement?.closest("#runs [data-key]")?.getAttribute("data-key");
  list.replaceChildren(...inOrder(passing, listing));
  if (focused != null) list.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  if (shown === current) return;
  const item = list.querySelector('[aria-current="true"]');
  if (item === null) return;
  shown = current;
  bringIntoView(list, item);
}

/** The newest first; runs of a network stand under it, where the newest of them would. */
function inOrder(passing: readonly RunLine[], listing: Listing): HTMLElement[] {
  const shown = new Set<string>();
  return passing.flatMap((line) => {
    const network = listing.networks.find(({ own }) => own.includes(line.run));
    if (network === undefined) return [itemOf(line, listing)];
    if (shown.has(network.network)) return [];
    shown.add(network.network);
    const shares = passing.filter(({ run }) => network.own.includes(run)).toReversed();
    return [networkItemOf(network, listing), ...shares.map((share) => itemOf(share, listing, "share"))];
  });
}

function networkItemOf(
  { network, title, startedAt, outcome, runs }: NetworkLine,
  listing: Listing,
): HTMLElement {
  const button = chooser(network, `${title}, over ${counted(runs.length, "chip", "chips")}`, listing);
  const facts = document.createElement("small");
  const missing = outcome === "failed" ? "not complete" : (phaseNames[outcome] ?? outcome);
  facts.append(`${missing} · ${counted(runs.length, "chip", "chips")} · `, timeElement(startedAt));
  button.append(withText("span", `${network} ${title}`), facts);
  return itemWith(button, network, outcome, listing);
}

function itemOf(
  { run, title, chip, startedAt, outcome, tags, madeAt }: RunLine,
  listing: Listing,
  className = "",
): HTMLElement {
  const there = madeAt === null ? "" : `, ${madeAt.run} of bench ${madeAt.bench}`;
  const button = chooser(run, `${title}, ${chip}${there}`, listing);
  const facts = document.createElement("small");
  facts.append(`${phaseNames[outcome] ?? outcome} · `, timeElement(startedAt));
  // The title of a share is that of its network.
  button.append(withText("span", className === "share" ? `${run} ${chip}` : `${run} ${title}`), facts);
  if (madeAt !== null) button.append(withText("small", `${madeAt.bench} ${madeAt.run}`));
  if (tags.length > 0) button.append(withText("small", tags.map((tag) => `#${tag}`).join(" ")));
  return itemWith(button, run, `${outcome} ${className}`, listing);
}

function chooser(run: string, title: string, { current }: Listing): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset["key"] = run;
  button.setAttribute("aria-current", String(run === current));
  button.title = title;
  button.onclick = () => (location.hash = run);
  return button;
}

function itemWith(
  button: HTMLButtonElement,
  run: string,
  className: string,
  { chosen, onChoose }: Listing,
): HTMLElement {
  const item = document.createElement("li");
  item.className = className.trim();
  if (chosen !== undefined) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.dataset["key"] = `choose-${run}`;
    box.checked = chosen.includes(run);
    box.setAttribute("aria-label", `Compare ${run}`);
    box.onchange = () => onChoose(run, box.checked);
    item.append(box);
  }
  item.append(button);
  return item;
}

/** Moves the list alone: the page stays where somebody reads it. */
function bringIntoView(list: Element, item: Element): void {
  const [around, inner] = [list.getBoundingClientRect(), item.getBoundingClientRect()];
  if (inner.top < around.top) list.scrollTop += inner.top - around.top;
  else if (inner.bottom > around.bottom) list.scrollTop += inner.bottom - around.bottom;
  if (inner.left < around.left) list.scrollLeft += inner.left - around.left;
  else if (inner.right > around.right) list.scrollLeft += inner.right - around.right;
}
