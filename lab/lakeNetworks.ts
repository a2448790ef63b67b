import { relative, sep } from "node:path";
import { runInLake } from "../lake/writeRun.ts";
import { networkInLake, networkOrigin, type SealedShare, writeNetwork } from "../lake/writeNetwork.ts";
import { heldShares } from "../src/results/wholeReader.ts";
import { ownRunsOf, type RunGroup } from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { shellWord } from "../src/shell.ts";
import type { KeptRuns } from "../storage/keptRuns.ts";
import { version } from "./version.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Writes down in a lake which runs are one network over several chips, for each network of which one of these runs holds a share. A network
 * is written when all of its shares are done and in the lake: then no share can move to another chip any more. Otherwise a warning says what
 * is missing.
 */
export async function networksToLake(
  place: Workplace,
  store: KeptRuns,
  lake: string,
  runs: readonly RunId[],
): Promise<void> {
  const groups = await store.groups();
  const own = ownRunsOf(groups);
  for (const group of groups) {
    const { id } = group;
    if (!heldShares(group).some(({ run }) => runs.includes(run))) continue;
    const shares = await sharesInLake(store, lake, group);
    if (typeof shares !== "string") {
      const corrects = await correctedInLake(store, lake, groups, group);
      const origin = networkOrigin(group.begunAt, shares);
      const { title, begunAt } = group;
      const about = {
        id,
        title,
        begunAt,
        origin,
        corrects,
        software: `mho ${version}`,
        writtenAt: wallTime(),
      };
      const written = await writeNetwork(lake, { ...about, shares });
      place.emit({ type: "network_in_lake", network: id, runs: heldRuns(group), ...written });
    } else if (own.get(id)!.some((run) => runs.includes(run))) {
      const message = `The lake does not know network ${id} yet, because ${shares}. It holds runs of it one by one. When that has changed: mho archive ${id} --lake ${shellWord(lake)}`;
      place.emit({ type: "warning", code: "network_not_in_lake", message, name: id, why: shares });
    }
  }
}

interface ShareInLake extends SealedShare {
  readonly origin: string;
}

/** Why not, where one of them is not there, or can still move to another chip. */
async function sharesInLake(
  store: KeptRuns,
  lake: string,
  group: RunGroup,
): Promise<readonly ShareInLake[] | string> {
  const kept = new Set((await store.runs()).map(({ id }) => id));
  const found: ShareInLake[] = [];
  for (const [k, { run, firstTile, tiles }] of group.shares.entries()) {
    if (run === undefined) return `no run holds its share ${k + 1}`;
    if (!kept.has(run)) return `its run ${run} was deleted`;
    if ((await store.summary(run)).outcome !== "done") return `its run ${run} is not done`;
    const origin = await store.originOf(run);
    const { chipName: name, chipSerialNumber: serialNumber } = await store.summary(run);
    const folder = await runInLake(lake, { name, serialNumber }, origin);
    if (folder === undefined) return `its run ${run} is not in the lake`;
    found.push({ firstTile, tiles, origin, folder: relative(lake, folder).split(sep).join("/") });
  }
  return found;
}

/** The folder of the network that one corrects, where the lake has it. */
async function correctedInLake(
  store: KeptRuns,
  lake: string,
  groups: readonly RunGroup[],
  { corrects }: RunGroup,
): Promise<string | undefined> {
  const group = groups.find(({ id }) => id === corrects);
  if (group === undefined) return undefined;
  const shares = await sharesInLake(store, lake, group);
  if (typeof shares === "string") return undefined;
  const folder = await networkInLake(lake, networkOrigin(group.begunAt, shares));
  return folder === undefined ? undefined : relative(lake, folder);
}

function heldRuns(group: RunGroup): RunId[] {
  return heldShares(group).map(({ run }) => run);
}
