import type { Wait } from "../src/queue/order.ts";
import type { JobLine } from "./liveState.ts";
import type { PageJob } from "./pageLibrary.ts";

/** Jobs that are not over, as the page shows them, chip by chip in the order in which they are done. */
export function jobLines(jobs: readonly PageJob[]): readonly JobLine[] {
  const places = [...new Set(jobs.map(({ place }) => place))];
  return places.flatMap((place) => jobs.filter((job) => job.place === place).map(lineOf));
}

function lineOf({
  id,
  text,
  chipName,
  otherChips,
  place,
  state,
  worked,
  attempts,
  wait,
  why,
  runs,
}: PageJob): JobLine {
  const cutOff = state === "under way" && !worked;
  return {
    job: id,
    text,
    chip: chipName,
    otherChips,
    place,
    state: cutOff ? "cut off" : state === "waiting" && attempts > 0 ? "stopped" : (state as JobLine["state"]),
    ready: cutOff || (state === "waiting" && wait === undefined),
    why: wait === undefined ? (why?.message ?? null) : waitText(wait),
    runs,
  };
}

function waitText(wait: Wait): string {
  switch (wait.for) {
    case "failed":
      return `${wait.job} failed`;
    case "turn":
      return `after ${wait.job}`;
    case "job":
      return `waits for ${wait.job}`;
    case "time":
      return `not before ${wait.until.slice(0, 16).replace("T", " ")} UTC`;
  }
}
