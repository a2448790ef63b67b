import type { JobLine, RunState } from "../liveState.ts";
import type { NetworkState } from "../networkState.ts";
import { button, element, tellRefusal, withText } from "./page.ts";
import { change } from "./token.ts";
import { counted } from "./words.ts";

let shown = "";
let jobs: readonly JobLine[] = [];

/** Shows the jobs that are not over, chip by chip. */
export function showQueue(now: readonly JobLine[]): void {
  jobs = now;
  const text = JSON.stringify(now);
  if (text === shown) return;
  shown = text;
  const place = element<HTMLDetailsElement>("queue");
  // On a phone it would push the run off the screen, and that of a server is long.
  if (place.hidden && now.length > 0)
    place.open = innerWidth > widestPhone && !document.body.classList.contains("is-server");
  place.hidden = now.length === 0;
  const failed = now.filter(({ state }) => state === "failed").length;
  element("queue-title").textContent =
    `Queue: ${counted(now.length, "job", "jobs")}${failed === 0 ? "" : `, ${failed} failed`}`;
  const ready = now.filter((job) => job.ready);
  element("start").hidden = ready.length === 0;
  element("start").textContent = `Start ${ready.map(({ job }) => job).join(", ")}`;
  if (ready.length === 0) element("start-says").textContent = "";
  const focused = document.activeElement?.closest("#jobs [data-key]")?.getAttribute("data-key");
  const listed = now.slice(0, mostShown);
  element("jobs").replaceChildren(
    ...listed.flatMap((job, k) => {
      const item = itemOf(job, now);
      return job.place === now[k - 1]?.place ? [item] : [chipOf(job), item];
    }),
  );
  const left = now.length - listed.length;
  if (left > 0)
    element("jobs").append(withText("li", `and ${counted(left, "more", "more")}: mho queue list`));
  if (focused != null) element("jobs").querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
}

/** Of a server's queue, which may have thousands. */
const mostShown = 60;

/** Where the list of runs stands above the run, CSS pixels. */
const widestPhone = 832;

function chipOf({ chip }: JobLine): HTMLElement {
  const item = withText("li", chip);
  item.className = "chip";
  return item;
}

function itemOf(
  { job, place, text, state, why, runs, otherChips }: JobLine,
  all: readonly JobLine[],
): HTMLElement {
  const item = document.createElement("li");
  item.className = state === "failed" ? "bad" : "";
  const also = otherChips.length === 0 ? "" : ` · also on ${otherChips.join(", ")}`;
  const facts = withText("small", `${state}${why === null ? "" : ` · ${why}`}${also}`);
  for (const run of runs) {
    const link = withText("a", run);
    link.href = `#${run}`;
    facts.append(" ", link);
  }
  item.append(withText("span", `${job} ${text}`), facts);
  const isWaiting = (one: JobLine): boolean => one.state === "waiting" || one.state === "stopped";
  const isFirst = all.find((one) => one.place === place && isWaiting(one))?.job === job;
  const asks: readonly (readonly [string, string])[] =
    state === "failed"
      ? [
          ["Retry", "retry"],
          ["Remove", "remove"],
        ]
      : state === "waiting" || state === "stopped"
        ? [...(isFirst ? [] : [["First", "first"] as const]), ["Remove", "remove"]]
        : state === "cut off"
          ? [["Remove", "remove"]]
          : [];
  const row = withText("span", "");
  row.className = "row writes";
  row.append(
    ...asks.map(([name, what]) => {
      const made = button(name, () => void change(`api/queue/${job}`, { change: what }).then(tellRefusal));
      made.className = "quiet";
      made.dataset["key"] = `${what}-${job}`;
      made.setAttribute("aria-label", `${name} ${job}`);
      return made;
    }),
  );
  if (asks.length > 0) item.append(row);
  return item;
}

/** Offers to go on with a run whose process has ended, unless a job does so already. */
export function offerToGoOn({ run, phase, goesOnWith, network }: RunState): void {
  const ended = phase === "interrupted" || phase === "failed";
  // A share that a spare has now goes on there.
  offer("", run, ended && goesOnWith === "resume" && network?.left !== true);
}

/** The same with a network. */
export function offerNetwork({ network, phase, correctedBy }: NetworkState): void {
  const ended = phase === "interrupted" || phase === "not complete";
  // The queue of a server has jobs of one chip each.
  const isServer = document.body.classList.contains("is-server");
  offer("network-", network, ended && correctedBy === null && !isServer);
}

function offer(of: "" | "network-", run: string, may: boolean): void {
  const queued = jobs.some((job) => job.runs.includes(run) || job.text === `resume ${run}`);
  element(`${of}requeue`).hidden = !may || queued;
  element(`${of}go-on`).textContent = `Put mho resume ${run} in the queue`;
  element(`${of}go-on`).onclick = () =>
    void change(`api/runs/${run}/queue`, { command: "resume" }).then(tellRefusal);
}

element("start").onclick = () => {
  element("start-says").textContent = "Starting …";
  void change("api/queue/start", {}).then((refused) => {
    element("start-says").textContent = refused ?? "Started.";
  });
};
