import { joinVisits, weightsOfVisit } from "../../calibration/visit.ts";
import { assert } from "../../src/errors.ts";
import type { GroupId } from "../../src/run/groups.ts";
import { groupNamed } from "../../src/results/wholeReader.ts";
import type { RunId } from "../../src/run/store.ts";
import { resume } from "../program.ts";
import { runsOfGroup } from "../runName.ts";
import { trim, type Trimmed, type TrimOptions } from "../trim.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { Countdown } from "./rollCall.ts";
import { refuseElsewhere, refuseOfOneRun, refuseUnwatchedNetwork } from "./refuseForNetwork.ts";
import { groupEnd, type ShareEnd, tellEnd } from "./groupEnd.ts";
import type { NetworkShareFields } from "../events.ts";

/**
 * Trims each share of a network, side by side on their chips: what was pulsed is a network of its own, as a trim of a run is a run. A
 * chip that fails does not stop the others; no spare can take its place, for the weights are on it.
 *
 * @returns the same as of a run, over all weights. Its run is the trimmed network; shares where nothing was worth a pulse are as they were.
 */
export async function trimGroup(
  place: Workplace,
  id: GroupId,
  { chip, ...options }: TrimOptions,
): Promise<Trimmed> {
  place.refuseServer();
  const store = await place.existingStore();
  store.mustBeWritable();
  const runs = await runsOfGroup(store, id);
  const group = await groupNamed(store, id);
  refuseOfOneRun(id, runs, { chip }, ["chip"]);
  refuseElsewhere(group, "trim");
  await refuseUnwatchedNetwork(store, id, runs, "A trim");
  const { shares } = group;
  let trimmed: Promise<GroupId> | undefined;
  const fields: NetworkShareFields[] = [];
  const begin = async (): Promise<GroupId> => {
    const title = `trim of ${id}: ${group.title.replace(/^trim of \S+: /, "")}`;
    const network = await store.appendGroup({
      kind: "begun",
      at: wallTime(),
      title,
      shares: shares.map(({ firstTile, tiles, chip: at }) => ({ firstTile, tiles, chip: at })),
      spares: [],
      corrects: id,
      ...(place.job !== undefined && { job: place.job }),
    });
    fields.sort((a, b) => a.share - b.share);
    place.emit({ type: "network_started", network, title, shares: fields, spares: 0, resumed: false });
    return network;
  };
  // What the trim of the whole is, is known when all shares are planned.
  const planned = new Countdown(runs.length);
  const trims = await Promise.allSettled(
    runs.map((run, share) => {
      const { firstTile, tiles, chip: at } = shares[share]!;
      return trim(place, run, options, async (devices) => {
        fields.push({ share: share + 1, chip: at, first_tile: firstTile, tiles, devices });
        await planned.count(share);
        trimmed ??= begin();
        return { group: await trimmed, share, firstTile };
      }).finally(() => planned.leave(share));
    }),
  );
  const network = await trimmed;
  const ends = trims.map((end, share): ShareEnd => {
    const error: unknown = end.status === "rejected" ? end.reason : undefined;
    return { share, chip: shares[share]!.chip, run: runs[share]!, error };
  });
  if (network !== undefined) {
    await keepOthers(runs, network);
    tellEnd(place, network, ends);
  }
  if (ends.some(({ error }) => error !== undefined)) throw groupEnd(network, ends, runs.length);
  return together(
    id,
    network,
    trims.flatMap((end) => (end.status === "fulfilled" ? [end.value] : [])),
  );

  /** Shares that were not pulsed are held by the runs that held them. */
  async function keepOthers(before: readonly RunId[], now: GroupId): Promise<void> {
    const { shares: held } = await groupNamed(store, now);
    for (const [share, run] of before.entries()) {
      const end = trims[share]!;
      const begun = held[share]!.run !== undefined;
      if (!begun && end.status === "fulfilled")
        await store.appendGroup({ kind: "serves", group: now, share, run });
    }
  }
}

/**
 * Goes on with a trim of a network that was cut off: with the runs that it had begun, and with shares that it had not come to. All of its
 * options are needed again, as of those nothing was written down.
 */
export async function goOnTrim(place: Workplace, id: GroupId, options: TrimOptions): Promise<void> {
  const store = await place.existingStore();
  const { shares, corrects } = await groupNamed(store, id);
  assert(corrects !== undefined, "it is a trim");
  const before = await runsOfGroup(store, corrects);
  const ends = await Promise.allSettled(
    shares.map(async ({ run, firstTile }, share) => {
      if (run !== undefined) return resume(place, run, undefined);
      const part = { group: id, share, firstTile };
      const { run: begun } = await trim(place, before[share]!, options, () => Promise.resolve(part));
      if (begun === undefined)
        await store.appendGroup({ kind: "serves", group: id, share, run: before[share]! });
      return true;
    }),
  );
  const found = ends.map((end, share): ShareEnd => {
    const error: unknown = end.status === "rejected" ? end.reason : undefined;
    return { share, chip: shares[share]!.chip, run: shares[share]!.run, error };
  });
  tellEnd(place, id, found);
  if (found.some(({ error }) => error !== undefined)) throw groupEnd(id, found, shares.length);
}

/** Trims of all shares as one; errors are means over the weights. */
function together(corrects: GroupId, network: GroupId | undefined, trims: readonly Trimmed[]): Trimmed {
  const [first] = trims;
  assert(first !== undefined, "a network has shares");
  const weights = trims.map(({ visit }) => weightsOfVisit(visit));
  const all = weights.reduce((sum, count) => sum + count, 0);
  const mean = (of: (trimmed: Trimmed) => number): number =>
    trims.reduce((sum, one, k) => sum + weights[k]! * of(one), 0) / Math.max(1, all);
  return {
    corrects,
    visit: joinVisits(trims.map(({ visit }) => visit)),
    timesSeconds: first.timesSeconds,
    testedToSeconds: first.testedToSeconds,
    earlier: trims.flatMap(({ earlier }) => earlier),
    run: network,
    expectedNow:
      network === undefined
        ? undefined
        : mean(({ expectedNow, visit }) => expectedNow ?? visit.expectedBefore),
  };
}
