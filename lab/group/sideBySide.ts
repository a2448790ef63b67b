import { groupNamed } from "../../src/results/wholeReader.ts";
import type { GroupId } from "../../src/run/groups.ts";
import type { RunId } from "../../src/run/store.ts";
import { runsOfGroup } from "../runName.ts";
import { refuseElsewhere, refuseOfOneRun } from "./refuseForNetwork.ts";
import type { Workplace } from "../workplace.ts";

/**
 * Does the same with each run of a network, each on its chip, at the same time. All of them end before it does.
 *
 * @param options  of the command: an address, or a file, is that of one run.
 * @param what     the command.
 * @throws the first error of the shares, in their order.
 */
export async function sideBySide<T>(
  place: Workplace,
  id: GroupId,
  options: Readonly<Record<string, unknown>>,
  what: "advise" | "calibrate",
  work: (run: RunId) => Promise<T>,
): Promise<T[]> {
  const runs = await runsOfGroup(await place.existingStore(), id);
  refuseOfOneRun(id, runs, options, ["chip", "out"]);
  refuseElsewhere(await groupNamed(await place.existingStore(), id), what);
  const ends = await Promise.allSettled(runs.map(work));
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}
