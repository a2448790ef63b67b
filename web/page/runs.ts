import type { FoundRuns, RunLine } from "../liveState.ts";
import type { NetworkLine } from "../networkState.ts";
import { element } from "./page.ts";
import { type Listing, listRuns } from "./runList.ts";
import { counted } from "./words.ts";

/** The runs of the workspace: all, those that a search found, and those that are chosen to be compared. */
export class Runs {
  #lines: readonly RunLine[] = [];
  #networks: readonly NetworkLine[] = [];
  #current: string | undefined;
  #found: ReadonlySet<string> | undefined;
  #chosen: readonly string[] | undefined;
  /** Of the searches, the one whose answer is waited for. */
  #asked = 0;

  constructor() {
    const search = element<HTMLInputElement>("search");
    let soon: ReturnType<typeof setTimeout> | undefined;
    search.oninput = () => {
      clearTimeout(soon);
      soon = setTimeout(() => void this.#search(), untilTyped);
    };
    element<HTMLFormElement>("search-form").onsubmit = (event) => {
      event.preventDefault();
      clearTimeout(soon);
      void this.#search();
    };
    element("choose").onclick = () => {
      this.#chosen = this.#chosen === undefined ? [] : undefined;
      this.#show();
    };
    element("compare").onclick = () => {
      const { length } = this.#chosen ?? [];
      if (length >= 2) location.hash = `compare=${this.#chosen!.join(",")}`;
    };
    this.#show();
  }

  get all(): readonly RunLine[] {
    return this.#lines;
  }

  set(lines: readonly RunLine[]): void {
    this.#lines = lines;
    this.#show();
    // What a search found may be others by now.
    if (this.#found !== undefined) void this.#search();
  }

  /** Networks over several chips, under which their runs are listed; told before the runs. */
  setNetworks(networks: readonly NetworkLine[]): void {
    this.#networks = networks;
    this.#show();
  }

  /** The network that a run holds a share of. */
  networkOf(run: string): string | undefined {
    return this.#networks.find(({ own }) => own.includes(run))?.network;
  }

  lookAt(run: string | undefined): void {
    this.#current = run;
    this.#show();
  }

  async #search(): Promise<void> {
    const where = element<HTMLInputElement>("search").value.trim();
    const asked = ++this.#asked;
    if (where === "") {
      this.#found = undefined;
      this.#say("");
      return this.#show();
    }
    const answer = await fetch(`api/search?${new URLSearchParams({ where })}`).catch(() => undefined);
    const found = (await answer?.json().catch(() => undefined)) as
      (FoundRuns & { readonly error?: string }) | undefined;
    if (asked !== this.#asked) return;
    if (answer?.ok !== true || found === undefined)
      return this.#say(found?.error ?? "The server did not answer. Try again.");
    this.#found = new Set(found.runs);
    const left = found.archivedLeftOut;
    this.#say(
      `${counted(found.runs.length, "run", "runs")}${left === 0 ? "" : `, and ${left} archived: add archived=yes`}`,
    );
    this.#show();
  }

  #say(text: string): void {
    element("search-says").textContent = text;
  }

  #show(): void {
    const chosen = this.#chosen;
    const compare = element<HTMLButtonElement>("compare");
    element("choose").setAttribute("aria-pressed", String(chosen !== undefined));
    compare.hidden = chosen === undefined;
    compare.disabled = (chosen?.length ?? 0) < 2;
    compare.textContent = compare.disabled ? "Choose two or more" : `Compare ${chosen!.join(", ")}`;
    const listing: Listing = {
      lines: this.#lines,
      networks: this.#networks,
      current: this.#current,
      found: this.#found,
      chosen,
      onChoose: (run, isChosen) => {
        const others = (this.#chosen ?? []).filter((one) => one !== run);
        this.#chosen = isChosen ? [...others, run] : others;
        this.#show();
      },
    };
    listRuns(listing);
  }
}

const untilTyped = 250;
