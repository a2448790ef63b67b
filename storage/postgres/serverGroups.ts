import {
  foldGroups,
  type GroupId,
  ownRunsOf,
  type RunGroup,
  runsOf,
  withOtherNames,
} from "../../src/run/groups.ts";
import type { RunId } from "../../src/run/store.ts";
import { groupChangeOf } from "../records.ts";
import type { Queries } from "./connection.ts";
import type { ServerReader } from "./serverReader.ts";
import { ownBench } from "./serverWrites.ts";

/**
 * Networks over several chips that benches handed on, the oldest first. Such a network is called by the first run that was begun for it:
 * n12 is that of r12. So its name stays, in whatever order benches hand on. One of which no run is here yet is left out.
 *
 * None is begun at a server itself, where no chip is operated; a script that does so has n1, n2 and so on.
 */
export async function groupsOfBenches(queries: Queries, reader: ServerReader): Promise<readonly RunGroup[]> {
  const benches = await queries.query<{ bench: number }>(
    "SELECT DISTINCT bench FROM mho.run_groups WHERE bench <> $1 ORDER BY bench",
    [ownBench],
  );
  const found: RunGroup[] = [];
  for (const { bench } of benches) found.push(...(await groupsOf(queries, reader, bench)));
  const number = ({ id }: RunGroup): number => Number(id.slice(1));
  return found.sort((a, b) => number(a) - number(b));
}

async function groupsOf(queries: Queries, reader: ServerReader, bench: number): Promise<readonly RunGroup[]> {
  const key = { bench, run: 0 };
  const what = `the networks over several chips of bench ${bench}`;
  const changes = await reader.all(queries, "run_groups", key, what, (row) =>
    groupChangeOf(row["change"] as string),
  );
  const groups = foldGroups(changes);
  const names = await namesOf(queries, bench, groups);
  const here = new Map<GroupId, GroupId>();
  const own = ownRunsOf(groups);
  return groups.flatMap(({ id }, at) => {
    const first = own.get(id)!.flatMap((run) => names.get(run) ?? [])[0];
    if (first === undefined) return [];
    const name = `n${first.slice(1)}`;
    here.set(id, name);
    return withOtherNames(groups[at]!, name, {
      runHere: (run) => names.get(run),
      groupHere: (group) => here.get(group),
      chipHere: (address) => address,
    });
  });
}

/** The runs of a bench by their names there. */
async function namesOf(
  queries: Queries,
  bench: number,
  groups: readonly RunGroup[],
): Promise<ReadonlyMap<RunId, RunId>> {
  const numbers = groups.flatMap(({ shares }) => runsOf(shares).map((run) => Number(run.slice(1))));
  const rows = await queries.query<{ id: number; run: number }>(
    "SELECT id, run FROM mho.runs WHERE bench = $1 AND run = ANY($2)",
    [bench, numbers],
  );
  return new Map(rows.map(({ id, run }) => [`r${run}`, `r${id}`]));
}
