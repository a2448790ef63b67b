import { formatDuration } from "../../src/units.ts";
import { shellWord } from "../../src/shell.ts";
import type { FleetState } from "../fleetState.ts";
import { BenchTable } from "./benchTable.ts";
import { element, tellRefusal, withText } from "./page.ts";
import { fillTable, runLink } from "./records.ts";
import { say } from "./terms.ts";
import { WaferView } from "./waferView.ts";
import { counted } from "./words.ts";

/** The part of the address that names the benches of a server. */
export const fleetAddress = "#fleet";

/** The benches of a server: what has to be looked after, chips on their wafers, benches, and jobs that failed. */
export class FleetPage {
  isOn = false;
  readonly #wafers = new WaferView();
  readonly #benches = new BenchTable();
  #fetching = false;
  #wanted = 0;
  #shown = 0;
  #state: FleetState | undefined;
  #showsAllAlarms = false;

  constructor() {
    element("all-alarms").onclick = () => {
      this.#showsAllAlarms = true;
      if (this.#state !== undefined) drawAlarms(this.#state, true);
      // The button is gone: what it showed begins here.
      element("alarms").focus();
    };
  }

  /** Whether this server has any benches to show. */
  offer(hasFleet: boolean): void {
    element("to-fleet").hidden = !hasFleet;
    this.#shown = 0;
  }

  switch(isOn: boolean): void {
    this.isOn = isOn;
    element("to-fleet").setAttribute("aria-current", String(isOn));
    if (!isOn) element("fleet").hidden = true;
    else if (element("fleet").hidden) {
      element("loading").hidden = false;
      element("loading-says").textContent = "Looking at the benches …";
    }
  }

  /** One request at a time: what changes meanwhile is fetched with the next. */
  async show(version: number): Promise<void> {
    this.#wanted = version;
    if (this.#fetching || !this.isOn || this.#shown === version) return;
    this.#fetching = true;
    try {
      const answer = await fetch("api/fleet");
      const found = (await answer.json()) as FleetState & { readonly error?: string };
      if (!answer.ok) return tellRefusal(found.error);
      this.#shown = version;
      if (this.isOn) this.#draw(found);
    } catch {
      // The line says that it is lost, and the next version brings this up again.
      return;
    } finally {
      this.#fetching = false;
    }
    if (this.#wanted !== version) void this.show(this.#wanted);
  }

  #draw(state: FleetState): void {
    element("loading").hidden = true;
    element("fleet").hidden = false;
    const server = element("workspace").textContent;
    say(element("fleet-facts"), `The benches that work from ${server}, and the chips of their runs.`);
    drawNumbers(state);
    this.#state = state;
    drawAlarms(state, this.#showsAllAlarms);
    this.#wafers.show(state.chips);
    this.#benches.show(state.benches, `mho work --keep --server ${shellWord(server)} --bench NAME`);
    drawFailures(state);
  }
}

function drawNumbers({ benches, chips, jobs, alarms, alarmsLeftOut }: FleetState): void {
  const write = (id: string, text: string): void => say(element(id), text);
  const count = (state: string): number => benches.filter((bench) => bench.state === state).length;
  write("fleet-benches", `${count("online").toLocaleString("en")} online`);
  write("fleet-benches-of", `${count("silent")} silent, ${count("stopped")} stopped`);
  const placed = chips.filter(({ wafer }) => wafer !== null).length;
  write("fleet-chips", chips.length.toLocaleString("en"));
  write("fleet-chips-of", `${placed.toLocaleString("en")} with a wafer`);
  write("fleet-jobs", counted(jobs.waiting + jobs.underWay, "to do", "to do"));
  write("fleet-jobs-of", `${jobs.underWay} under way, ${jobs.failed} failed`);
  const all = alarms.length + alarmsLeftOut;
  write("fleet-alarms", String(all));
  element("fleet-alarms").classList.toggle("bad", all > 0);
  write("fleet-alarms-of", all === 0 ? "all is well" : "see below");
}

function drawAlarms({ alarms, alarmsLeftOut, benches }: FleetState, showsAll: boolean): void {
  const shown = showsAll ? alarms : alarms.slice(0, fewAlarms);
  const all = element("all-alarms");
  all.hidden = shown.length === alarms.length;
  all.textContent = `Show all ${alarms.length}`;
  say(
    element("alarms-says"),
    alarms.length === 0
      ? "Nothing. Told here are a silent bench, a disk that fills, a failed job, and a chip that is out of its forecast."
      : alarmsLeftOut === 0
        ? ""
        : `The first ${alarms.length}; ${alarmsLeftOut.toLocaleString("en")} more: mho fleet lists all.`,
  );
  const heardAt = new Map(benches.map((bench) => [bench.name, bench.heardAt]));
  element("alarms").replaceChildren(
    ...shown.map((alarm) => {
      const item = document.createElement("li");
      const kind = withText("strong", "");
      say(kind, kinds[alarm.about]);
      const text = document.createElement("span");
      const since = alarm.about === "bench-silent" ? heardAt.get(alarm.bench ?? "") : undefined;
      const heard = since == null ? "" : ` Heard last ${sinceText(since)} ago.`;
      say(text, alarm.message + heard);
      item.append(kind, " ", text);
      if (alarm.run !== undefined) item.append(" ", runLink(alarm.run));
      return item;
    }),
  );
}

const fewAlarms = 10;

function sinceText(iso: string): string {
  return formatDuration(Math.max(1, Math.round((Date.now() - Date.parse(iso)) / 1000)));
}

const kinds: Readonly<Record<FleetState["alarms"][number]["about"], string>> = {
  "bench-silent": "Silent",
  "disk-fills": "Disk",
  "job-failed": "Failed job",
  "job-in-doubt": "Job in doubt",
  "out-of-forecast": "Out of its forecast",
};

function drawFailures({ failures }: FleetState): void {
  say(element("failures-says"), failures.length === 0 ? "No job has failed." : "");
  fillTable(
    element("failures"),
    ["reason", "jobs", "which", "what was said last"],
    failures.map(({ code, count, jobs, message }) => ({
      cells: [
        code,
        String(count),
        `${jobs.join(", ")}${count > jobs.length ? `, and ${count - jobs.length} more` : ""}`,
        message,
      ],
    })),
  );
}
