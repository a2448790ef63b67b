import type { RunState } from "../liveState.ts";
import { button, element, tellRefusal, withText } from "./page.ts";
import { change } from "./token.ts";
import { timeElement } from "./words.ts";

let shown = "";
let run = "";

/** Shows the tags and the notes of a run. What is there already stays as it is, and keeps the focus. */
export function showWritten(state: RunState): void {
  if (run !== state.run) {
    // What was typed was meant for the run before.
    for (const id of ["tag", "note"]) element<HTMLInputElement>(id).value = "";
    element("note-says").textContent = "";
  }
  run = state.run;
  const { tags, notes, operator, wafer, die } = state;
  const now = JSON.stringify([run, tags, notes, operator, wafer, die]);
  if (now === shown) return;
  shown = now;
  element("tags").replaceChildren(...tags.map(tagOf));
  const place = [
    operator === null ? "" : `operator ${operator}`,
    wafer === null ? "" : `wafer ${wafer}`,
    die === null ? "" : `die ${die}`,
  ];
  element("place").textContent = place.filter(Boolean).join(" · ");
  element("no-notes").hidden = notes.length > 0;
  element("notes").replaceChildren(
    ...notes.map(({ at, of, by, lines }) => {
      const item = document.createElement("li");
      const about = withText("small", "");
      about.append(timeElement(at), by === null ? "" : ` · ${by}`, of === "chip" ? " · of the chip" : "");
      item.append(about, withText("p", lines.join("\n")));
      return item;
    }),
  );
}

function tagOf(tag: string): HTMLElement {
  const item = withText("li", "");
  const remove = button("×", () => void change(`api/runs/${run}/tags`, { remove: [tag] }).then(tellRefusal));
  remove.className = "writes";
  remove.title = `Take the tag ${tag} away`;
  remove.setAttribute("aria-label", remove.title);
  item.append(withText("span", tag), remove);
  return item;
}

element<HTMLFormElement>("tag-form").onsubmit = (event) => {
  event.preventDefault();
  const input = element<HTMLInputElement>("tag");
  const tags = input.value.split(/[\s,]+/).filter(Boolean);
  if (tags.length === 0) return;
  void change(`api/runs/${run}/tags`, { add: tags }).then((refused) => {
    if (refused === undefined) input.value = "";
    tellRefusal(refused);
  });
};

element<HTMLFormElement>("note-form").onsubmit = (event) => {
  event.preventDefault();
  const input = element<HTMLTextAreaElement>("note");
  const text = input.value.trim();
  if (text === "") return;
  void change(`api/runs/${run}/notes`, { text }).then((refused) => {
    if (refused === undefined) input.value = "";
    element("note-says").textContent = refused ?? "Noted.";
  });
};
