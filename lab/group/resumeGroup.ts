import { badFile } from "../../files/readFile.ts";
import { MhoError } from "../../src/errors.ts";
import type { GroupId, GroupShare, RunGroup } from "../../src/run/groups.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { groupNamed } from "../../src/results/wholeReader.ts";
import { type ChiplessPlan, planFor, type ResumeOptions } from "../program.ts";
import { descriptionOf } from "../runDescription.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { digestOf, namedChips, refuseSmall, refuseUnlike, titleOf } from "./planGroup.ts";
import { fieldsOf } from "./programGroup.ts";
import { refuseElsewhere } from "./refuseForNetwork.ts";
import { type ShareWork, workGroup } from "./workGroup.ts";

/**
 * Goes on with a network that was stopped, or of which a chip failed: with the runs that are not done, and with the shares that no run
 * holds.
 *
 * @returns false for one that was done already.
 */
export async function resumeGroup(
  place: Workplace,
  id: GroupId,
  { chip, spares: added = [] }: ResumeOptions,
): Promise<boolean> {
  if (chip !== undefined) {
    throw new MhoError(
      "bad-argument",
      `--chip is for one run: where a chip of ${id} has moved, go on with its run first, such as mho resume r2 --chip ADDRESS. ` +
        "To use another chip in its place, give --spare.",
      { network: id },
    );
  }
  const store = await place.existingStore();
  store.mustBeWritable();
  const group = await groupNamed(store, id);
  refuseElsewhere(group, "resume");
  const [open, held] = await shared(store, group);
  if (open.length === 0) return false;
  const spares = await sparesOf(place, store, group, added);
  const fresh = spares.slice(group.spares.length);
  if (fresh.length > 0) await store.appendGroup({ kind: "spares", at: wallTime(), group: id, spares: fresh });
  const work = open.map((share): ShareWork => {
    const plan = (): Promise<ChiplessPlan> => planAgain(place, store, group, group.shares.indexOf(share));
    const { firstTile, chip, run } = share;
    return { share: group.shares.indexOf(share), firstTile, chip, run, plan };
  });
  const fields = [];
  for (const { share, chip, firstTile, run, plan } of work)
    fields.push(fieldsOf(share, chip, firstTile, run === undefined ? await plan() : await store.plan(run)));
  await workGroup(place, {
    title: group.title,
    shares: group.shares.length,
    spares,
    held,
    resumed: true,
    begin: () => Promise.resolve(id),
    fields,
    work,
  });
  return true;
}

/** Addresses of those that it has, and of those that are added. Throws `bad-argument` for one that cannot hold a share. */
async function sparesOf(
  place: Workplace,
  store: RunStore,
  { id, shares, spares, corrects }: RunGroup,
  added: readonly string[],
): Promise<string[]> {
  if (corrects !== undefined && added.length > 0) {
    throw new MhoError(
      "bad-argument",
      `${id} is a trim, and the weights that it corrects are on their chips: --spare cannot take the place of one. Leave it out.`,
      { network: id },
    );
  }
  const named = (await namedChips(place, [], [...spares, ...added], true)).spares;
  const held = shares.find(({ run }) => run !== undefined)?.run;
  const like = held === undefined ? await place.describe(shares[0]!.chip) : await descriptionOf(store, held);
  const largest = Math.max(...shares.map(({ tiles }) => tiles));
  for (const { address, description } of named) {
    if (shares.some(({ chip }) => chip === address))
      throw new MhoError(
        "bad-argument",
        `The chip ${address} holds a share of ${id} already. Name another with --spare.`,
      );
    refuseUnlike({ address: shares[0]!.chip, description: like }, { address, description });
    refuseSmall({ address, description }, largest);
  }
  return named.map(({ address }) => address);
}

/** Shares that are to be worked on, and the chips of all that runs hold. */
async function shared(
  store: RunStore,
  { shares }: RunGroup,
): Promise<
  [GroupShare[], { readonly chip: { name: string; serialNumber: string }; readonly address: string }[]]
> {
  const open: GroupShare[] = [];
  const held = [];
  for (const share of shares) {
    const { run, chip: address } = share;
    if (run === undefined) {
      open.push(share);
      continue;
    }
    const { outcome, chipName: name, chipSerialNumber: serialNumber } = await store.summary(run);
    held.push({ chip: { name, serialNumber }, address });
    if (outcome !== "done") open.push(share);
  }
  return [open, held];
}

/** What a share is programmed with on a chip that has no run of it: that of its run before, or from the file again. */
async function planAgain(
  place: Workplace,
  store: RunStore,
  group: RunGroup,
  share: number,
): Promise<ChiplessPlan> {
  const { run, before, firstTile, tiles, chip } = group.shares[share]!;
  const last = run ?? before.findLast((one) => one.run !== undefined)?.run;
  if (last !== undefined) return planOfRun(store, last);
  const { recipe, corrects } = group;
  if (recipe === undefined) {
    const advice =
      corrects === undefined
        ? "Its targets came from a script: program the network again from there."
        : `It is a trim that never began: mho trim ${corrects} plans it again.`;
    throw new MhoError("bad-argument", `Share ${share + 1} of network ${group.id} has no run yet. ${advice}`);
  }
  const { file, sha256, ...options } = recipe;
  if ((await digestOf(file)) !== sha256)
    throw badFile(
      file,
      `it has changed since network ${group.id} was begun`,
      "Put it back, or program the network anew.",
    );
  const whole = group.shares.reduce((sum, one) => sum + one.tiles, 0);
  const advice = (): string => "Program the network anew.";
  // Whether to believe the model was decided when the network was begun.
  const planned = await planFor(place, chip, file, { ...options, believe: true }, { tiles: whole, advice });
  const own = planned.plan.tiles.slice(firstTile, firstTile + tiles);
  return {
    ...planned.plan,
    title: titleOf(group.title, share, group.shares.length),
    tiles: own.map((tile, k) => ({ ...tile, block: { ...tile.block, tile: k } })),
    ...(planned.forecastOf && { forecasts: [planned.forecastOf(firstTile, tiles)] }),
  };
}

async function planOfRun(store: RunStore, run: RunId): Promise<ChiplessPlan> {
  const { share: _, ...plan } = await store.plan(run);
  const { tags, operator } = await store.labels(run);
  return { ...plan, labels: { tags, operator }, forecasts: await store.forecasts(run) };
}
