import type { RunState, WrittenNote } from "../liveState.ts";
import type { NetworkState } from "../networkState.ts";
import { button, element, tellRefusal, withText } from "./page.ts";
import { change } from "./token.ts";
import { timeElement } from "./words.ts";

interface Written {
  /** The run or the network. */
  readonly run: string;
  readonly tags: readonly string[];
  readonly notes: readonly WrittenNote[];
  /** Who began it, and where its chip was cut from. */
  readonly place: string;
}

/** The tags and the notes of what is looked at, and the fields for more of them. */
class WrittenView {
  readonly #of: string;
  #shown = "";
  #run = "";

  /** @param of  what stands before the ids of its elements. */
  constructor(of: string) {
    this.#of = of;
    this.#element<HTMLFormElement>("tag-form").onsubmit = (event) => {
      event.preventDefault();
      void this.#addTags();
    };
    this.#element<HTMLFormElement>("note-form").onsubmit = (event) => {
      event.preventDefault();
      void this.#addNote();
    };
  }

  /** Elements that are there already are not made again, so the focus stays. */
  show({ run, tags, notes, place }: Written): void {
    if (this.#run !== run) {
      // What was typed was meant for the one before.
      for (const id of ["tag", "note"]) this.#element<HTMLInputElement>(id).value = "";
      this.#element("note-says").textContent = "";
    }
    this.#run = run;
    const now = JSON.stringify([run, tags, notes, place]);
    if (now === this.#shown) return;
    this.#shown = now;
    this.#element("tags").replaceChildren(...tags.map((tag) => this.#tagOf(tag)));
    this.#element("place").textContent = place;
    this.#element("no-notes").hidden = notes.length > 0;
    this.#element("notes").replaceChildren(...notes.map(noteOf));
  }

  #tagOf(tag: string): HTMLElement {
    const item = withText("li", "");
    const remove = button(
      "×",
      () => void change(`api/runs/${this.#run}/tags`, { remove: [tag] }).then(tellRefusal),
    );
    remove.className = "writes";
    remove.title = `Take the tag ${tag} away`;
    remove.setAttribute("aria-label", remove.title);
    item.append(withText("span", tag), remove);
    return item;
  }

  async #addTags(): Promise<void> {
    const input = this.#element<HTMLInputElement>("tag");
    const tags = input.value.split(/[\s,]+/).filter(Boolean);
    if (tags.length === 0) return;
    const refused = await change(`api/runs/${this.#run}/tags`, { add: tags });
    if (refused === undefined) input.value = "";
    tellRefusal(refused);
  }

  async #addNote(): Promise<void> {
    const input = this.#element<HTMLTextAreaElement>("note");
    const text = input.value.trim();
    if (text === "") return;
    const refused = await change(`api/runs/${this.#run}/notes`, { text });
    if (refused === undefined) input.value = "";
    this.#element("note-says").textContent = refused ?? "Noted.";
  }

  #element<T extends HTMLElement = HTMLElement>(id: string): T {
    return element<T>(`${this.#of}${id}`);
  }
}

function noteOf({ at, of, by, lines }: WrittenNote): HTMLElement {
  const item = document.createElement("li");
  const about = withText("small", "");
  about.append(timeElement(at), by === null ? "" : ` · ${by}`, of === "chip" ? " · of the chip" : "");
  item.append(about, withText("p", lines.join("\n")));
  return item;
}

const ofRun = new WrittenView("");
const ofNetwork = new WrittenView("network-");

/** Shows the tags and the notes of a run. */
export function showWritten({ run, tags, notes, operator, wafer, die }: RunState): void {
  const place = [
    operator === null ? "" : `operator ${operator}`,
    wafer === null ? "" : `wafer ${wafer}`,
    die === null ? "" : `die ${die}`,
  ];
  ofRun.show({ run, tags, notes, place: place.filter(Boolean).join(" · ") });
}

/** Shows the tags and the notes that all runs of a network have. */
export function showWrittenOnNetwork({ network, tags, notes, operator }: NetworkState): void {
  ofNetwork.show({ run: network, tags, notes, place: operator === null ? "" : `operator ${operator}` });
}
