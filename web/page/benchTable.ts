import type { BenchLine } from "../fleetState.ts";
import { element } from "./page.ts";
import { fillTable } from "./records.ts";
import { say } from "./terms.ts";
import { counted, exactTime, whenText } from "./words.ts";

/** The benches of a server: all, or those that a search finds. */
export class BenchTable {
  #benches: readonly BenchLine[] = [];
  #showsAll = false;

  constructor() {
    element<HTMLInputElement>("find-bench").oninput = () => this.#draw();
    element("all-benches").onclick = () => {
      this.#showsAll = true;
      this.#draw();
      // The button is gone, and what was read is still there.
      element("find-bench").focus();
    };
  }

  /** @param command  with which a first bench begins. */
  show(benches: readonly BenchLine[], command: string): void {
    this.#benches = benches;
    element("benches-command").hidden = benches.length > 0;
    element("benches-command").querySelector("code")!.textContent = command;
    element("benches-finding").hidden = benches.length <= fewBenches;
    this.#draw();
  }

  #draw(): void {
    const text = element<HTMLInputElement>("find-bench").value.trim().toLowerCase();
    const found = this.#benches.filter(({ name, host, doing, chips }) =>
      [name, host, doing, ...chips].some((part) => part.toLowerCase().includes(text)),
    );
    const shown = this.#showsAll ? found : found.slice(0, mostShown);
    const all = element("all-benches");
    all.hidden = shown.length === found.length;
    all.textContent = `Show all ${found.length.toLocaleString("en")}`;
    say(element("benches-says"), this.#says(found.length, text !== ""));
    fillTable(
      element("benches"),
      ["bench", "state", "does", "chips", "free disk", "machine", "mho"],
      shown.map((bench) => ({
        className: bench.state,
        cells: [
          bench.name,
          stateOf(bench),
          bench.doing || (bench.state === "online" ? "waits for jobs" : "–"),
          chipsOf(bench),
          diskOf(bench),
          bench.host,
          bench.version,
        ],
      })),
    );
  }

  #says(found: number, searched: boolean): string {
    const { length } = this.#benches;
    if (length === 0) return "No bench has worked from this server yet. At a bench, this begins:";
    return searched ? `${counted(found, "bench", "benches")} of ${length.toLocaleString("en")}.` : "";
  }
}

/** Those that are silent come first, so what needs a person is among them. */
const mostShown = 20;
const fewBenches = 8;
const mostNamed = 3;

function stateOf({ state, heardAt }: BenchLine): Node {
  const made = document.createElement("span");
  made.className = state === "silent" ? "bad" : "";
  say(made, heardAt === null ? state : `${state} since ${whenText(heardAt)}`);
  if (heardAt !== null) made.title = exactTime(heardAt);
  return made;
}

function chipsOf({ chips }: BenchLine): string {
  const { length } = chips;
  if (length === 0) return "none";
  return length <= mostNamed
    ? chips.join(", ")
    : `${chips.slice(0, mostNamed).join(", ")} and ${length - mostNamed} more`;
}

function diskOf({ freeGigabytes }: BenchLine): Node {
  const made = document.createElement("span");
  made.className = freeGigabytes !== null && freeGigabytes < leastFreeGigabytes ? "bad" : "";
  made.textContent = freeGigabytes === null ? "not known" : `${freeGigabytes} GB`;
  return made;
}

/** As `leastFreeBytes` of the alarms. */
const leastFreeGigabytes = 2;
