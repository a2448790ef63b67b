import type { RunLine } from "../liveState.ts";
import { element } from "./page.ts";
import { phaseNames, whenText } from "./words.ts";

let shown: string | undefined;

/** @param current  the run that is looked at; the list is moved to it when that is another than before. */
export function listRuns(lines: readonly RunLine[], current: string | undefined): void {
  const list = element("runs");
  list.replaceChildren(...lines.map((line) => itemOf(line, current)));
  if (shown === current) return;
  const item = list.querySelector('[aria-current="true"]');
  if (item === null) return;
  shown = current;
  bringIntoView(list, item);
}

function itemOf({ run, title, chip, startedAt, outcome }: RunLine, current: string | undefined): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-current", String(run === current));
  button.title = `${title}, ${chip}`;
  const name = document.createElement("span");
  name.textContent = `${run} ${title}`;
  const facts = document.createElement("small");
  facts.textContent = `${phaseNames[outcome] ?? outcome} · ${whenText(startedAt)}`;
  button.append(name, facts);
  button.onclick = () => (location.hash = run);
  const item = document.createElement("li");
  item.className = outcome;
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
