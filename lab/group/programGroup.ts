import { estimateRun, type Estimate } from "../../src/run/estimate.ts";
import type { GroupId } from "../../src/run/groups.ts";
import { lacksTickets, type ProgramOptions } from "../program.ts";
import type { NetworkShareFields } from "../events.ts";
import type { MatrixTargets } from "../targets.ts";
import { wallTime } from "../wallTime.ts";
import { warnOfNoTickets } from "../warnings.ts";
import type { Workplace } from "../workplace.ts";
import { type PlannedGroup, type PlannedPart, planGroup } from "./planGroup.ts";
import { workGroup } from "./workGroup.ts";

/** Lays a network over several chips and programs them side by side. @returns the network, all of it done. */
export async function programGroup(
  place: Workplace,
  given: string | MatrixTargets,
  options: ProgramOptions,
): Promise<GroupId> {
  await place.refuseReadOnly();
  const planned = await planGroup(place, given, options, true);
  const { title, shares, spares } = planned;
  return workGroup(place, {
    title,
    shares: shares.length,
    spares,
    held: [],
    resumed: false,
    begin: () => beginGroup(place, planned),
    fields: shares.map(({ chip, firstTile, plan }, share) => fieldsOf(share, chip, firstTile, plan)),
    work: shares.map(({ chip, firstTile, plan }, share) => ({
      share,
      firstTile,
      chip,
      run: undefined,
      plan: () => Promise.resolve(plan),
    })),
  });
}

async function beginGroup(
  place: Workplace,
  { title, shares, spares, recipe }: PlannedGroup,
): Promise<GroupId> {
  const store = await place.writableStore();
  return store.appendGroup({
    kind: "begun",
    at: wallTime(),
    title,
    shares: shares.map(({ chip, firstTile, plan }) => ({ chip, firstTile, tiles: plan.tiles.length })),
    spares,
    ...(recipe !== undefined && { recipe }),
    ...(place.job !== undefined && { job: place.job }),
  });
}

/** A share as events tell it. */
export function fieldsOf(
  share: number,
  chip: string,
  firstTile: number,
  { tiles }: Pick<PlannedPart["plan"], "tiles">,
): NetworkShareFields {
  let devices = 0;
  for (const { targetsMicrosiemens } of tiles)
    for (const target of targetsMicrosiemens) if (!Number.isNaN(target)) devices++;
  return { share: share + 1, chip, first_tile: firstTile, tiles: tiles.length, devices };
}

/** What programming a network takes, chip by chip. */
export interface GroupEstimate {
  readonly method: string;
  readonly chips: readonly (NetworkShareFields & { readonly estimate: Estimate })[];
  readonly spares: readonly string[];
}

/** The same, without touching a chip. */
export async function estimateGroup(
  place: Workplace,
  given: string | MatrixTargets,
  options: ProgramOptions,
): Promise<GroupEstimate> {
  const { shares, spares, method } = await planGroup(place, given, options, false);
  const untold = shares.find(({ dialect }) => lacksTickets(dialect));
  if (untold !== undefined) warnOfNoTickets(untold.dialect.name, untold.description.name, place.emit);
  const chips = shares.map(({ chip, firstTile, plan, description, dialect }, share) => {
    const { model, sweepTimesSeconds, sweepAverages, pulsesPerDevice } = plan;
    const how = { model, sweepTimesSeconds, sweepAverages, rowBytes: dialect.rowBytes };
    const estimate = estimateRun(description, plan.tiles, method, pulsesPerDevice, how);
    return { ...fieldsOf(share, chip, firstTile, plan), estimate };
  });
  return { method: method.name, chips, spares };
}
