import { createHash } from "node:crypto";
import { readInputFile } from "../../files/readFile.ts";
import { differenceOf } from "../../src/chip/alike.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import { counted } from "../../src/counted.ts";
import { MhoError } from "../../src/errors.ts";
import type { GroupRecipe } from "../../src/run/groups.ts";
import { splitTiles, tooFewChips } from "../../src/run/shares.ts";
import type { ProgrammingMethod } from "../../src/program/method.ts";
import type { LabDialect } from "../dialects.ts";
import { type ChiplessPlan, planFor, type ProgramOptions } from "../program.ts";
import type { MatrixTargets } from "../targets.ts";
import type { Workplace } from "../workplace.ts";

/** A network laid over chips, before any of them is opened. */
export interface PlannedGroup {
  readonly title: string;
  readonly shares: readonly PlannedPart[];
  readonly spares: readonly string[];
  readonly recipe: GroupRecipe | undefined;
  readonly method: ProgrammingMethod;
}

/** What one chip is to hold. */
export interface PlannedPart {
  readonly chip: string;
  readonly description: ChipDescription;
  readonly dialect: LabDialect;
  readonly firstTile: number;
  readonly plan: ChiplessPlan;
}

/**
 * Lays targets over the chips of `options.chips`.
 *
 * @param asks  whether boards whose addresses do not say which chip they are may be asked; a dry run asks none.
 * @throws `bad-argument` for chips that differ, are named twice, or have too few tiles together.
 */
export async function planGroup(
  place: Workplace,
  given: string | MatrixTargets,
  options: ProgramOptions,
  asks: boolean,
): Promise<PlannedGroup> {
  refuseForOneChip(place, options);
  const chips = await namedChips(place, options.chips ?? [place.chip], options.spares ?? [], asks);
  const capacities = chips.own.map(({ description }) => description.geometry.tiles);
  const tiles = capacities.reduce((sum, capacity) => sum + capacity, 0);
  const advice = (needed: number): MhoError => tooFewChips(needed, capacities);
  const planned = await planFor(place, chips.own[0]!.address, given, options, { tiles, advice });
  const { plan, method, dialect, forecastOf } = planned;
  const split = splitTiles(plan.tiles, capacities);
  const largest = Math.max(...split.map((share) => share.tiles.length));
  for (const spare of chips.spares) refuseSmall(spare, largest);
  const shares = split.map(({ chip, firstTile, tiles: own }, k): PlannedPart => {
    const { address, description } = chips.own[chip]!;
    return {
      chip: address,
      description,
      dialect,
      firstTile,
      plan: {
        ...plan,
        title: titleOf(plan.title, k, split.length),
        chipAddress: address,
        tiles: own,
        ...(forecastOf && { forecasts: [forecastOf(firstTile, own.length)] }),
      },
    };
  });
  const spares = chips.spares.map(({ address }) => address);
  const recipe = typeof given === "string" ? await recipeOf(given, options, plan) : undefined;
  return { title: plan.title, shares, spares, recipe, method };
}

export function titleOf(title: string, share: number, shares: number): string {
  return `${title} (share ${share + 1} of ${shares})`;
}

function refuseForOneChip(place: Workplace, { verifyShare, chips }: ProgramOptions): void {
  if (chips?.length === 0)
    throw new MhoError("bad-argument", "No chip was named: give at least one with --chip.");
  if (verifyShare !== undefined)
    throw new MhoError(
      "bad-argument",
      "--verify-share works on one chip. Leave it out, or program the network on one chip.",
    );
  if (place.records)
    throw new MhoError(
      "bad-argument",
      "--transcript records one chip. Leave it out where several are named.",
    );
}

export interface NamedChip {
  readonly address: string;
  readonly description: ChipDescription;
}

/** The chips and spares by address. Throws `bad-argument` for one that is named twice or is of another kind than the first. */
export async function namedChips(
  place: Workplace,
  own: readonly string[],
  spares: readonly string[],
  asks: boolean,
): Promise<{ readonly own: readonly NamedChip[]; readonly spares: readonly NamedChip[] }> {
  const all: NamedChip[] = [];
  // One after the other: what a board is taken for is told in this order.
  for (const [k, text] of [...own, ...spares].entries()) {
    const named = asks ? place.chipNamed(text) : Promise.resolve(place.addressOf(text));
    const address = await named.catch((error: unknown) => {
      throw k >= own.length && error instanceof MhoError ? silentSpare(text, error) : error;
    });
    if (all.some((one) => one.address === address)) {
      throw new MhoError(
        "bad-argument",
        `The chip ${text} is named twice. Name each chip once, with --chip or with --spare.`,
        { address },
      );
    }
    const description = await place.describe(address);
    if (all[0] !== undefined) refuseUnlike(all[0], { address, description });
    all.push({ address, description });
  }
  return { own: all.slice(0, own.length), spares: all.slice(own.length) };
}

/** Throws `bad-argument` for two chips over which one network cannot be laid. */
export function refuseUnlike(one: NamedChip, other: NamedChip): void {
  const difference = differenceOf(one.description, other.description);
  if (difference === undefined) return;
  throw new MhoError(
    "bad-argument",
    `A network needs chips of one kind: ${one.address} and ${other.address} ${difference}.`,
    { address: other.address },
  );
}

/** Throws `bad-argument` for a spare that cannot take the place of every chip. */
export function refuseSmall({ address, description: { geometry } }: NamedChip, largest: number): void {
  if (geometry.tiles >= largest) return;
  throw new MhoError(
    "bad-argument",
    `The spare ${address} has ${counted(geometry.tiles, "tile")}, and a chip of this network holds up to ${largest}. Give a larger one.`,
    { address },
  );
}

async function recipeOf(
  file: string,
  { weights, unit }: ProgramOptions,
  { method, model, sweepTimesSeconds, pulsesPerDevice }: ChiplessPlan,
): Promise<GroupRecipe> {
  const planned = { method, model, sweepTimesSeconds, pulsesPerDevice };
  return {
    file,
    sha256: await digestOf(file),
    ...(weights !== undefined && { weights }),
    ...(unit !== undefined && { unit }),
    ...planned,
  };
}

export async function digestOf(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readInputFile(file))
    .digest("hex");
}

function silentSpare(text: string, error: MhoError): MhoError {
  return new MhoError(
    error.code,
    `The spare ${text} could not be asked which chip it is. ${error.message} Leave the spare out, or name its description: ?chip=FILE.json.`,
    error.facts,
    error,
  );
}
