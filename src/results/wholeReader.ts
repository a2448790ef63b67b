import { assert, MhoError } from "../errors.ts";
import { type GroupId, type GroupShare, isGroupName, type RunGroup } from "../run/groups.ts";
import type { RunNote, SweepRecord, TurnRecord } from "../run/journal.ts";
import type { RunPlan } from "../run/plan.ts";
import type { RunId, RunReader, RunStore, RunSummary } from "../run/store.ts";
import { commonAges } from "./commonAges.ts";
import { combinedForecast } from "./combinedForecast.ts";
import { merged } from "./merged.ts";
import { standingOf } from "./outcome.ts";

/** The group of a name. Throws `bad-argument` for one that the workspace does not have. */
export async function groupNamed(store: Pick<RunStore, "groups">, id: GroupId): Promise<RunGroup> {
  const groups = await store.groups();
  const found = groups.find((group) => group.id === id);
  if (found !== undefined) return found;
  const known =
    groups.length === 0
      ? "No network was laid over several chips here."
      : `There are ${groups.map((group) => group.id).join(", ")}.`;
  throw new MhoError("bad-argument", `There is no network ${id} in this workspace. ${known}`, {
    network: id,
  });
}

/** A share that a run holds. */
export type HeldShare = GroupShare & { readonly run: RunId };

export function heldShares({ shares }: RunGroup): readonly HeldShare[] {
  return shares.filter((share): share is HeldShare => share.run !== undefined);
}

/**
 * Reads a group as if it were one run on one large chip: its tiles are those of its runs, numbered as in the whole, its turns and
 * sweeps in the order of the wall's time. Shares that no run holds are not there. Runs are read as they are.
 *
 * @param ages  which sweeps: those of an age at which all of its runs were read as a whole, or all of them.
 */
export function wholeReader(store: RunStore, ages: "common" | "all" = "common"): RunReader {
  const of = async <T>(
    id: RunId,
    one: (run: RunId) => Promise<T>,
    whole: (group: RunGroup, shares: readonly HeldShare[]) => Promise<T>,
  ): Promise<T> => {
    if (!isGroupName(id)) return one(id);
    const group = await groupNamed(store, id);
    const shares = heldShares(group);
    if (shares.length === 0)
      throw new MhoError(
        "bad-argument",
        `No run holds a share of network ${id} yet. mho resume ${id} goes on with it.`,
      );
    return whole(group, shares);
  };
  return {
    plan: (id) =>
      of(
        id,
        (run) => store.plan(run),
        (group, shares) => planOf(store, group, shares),
      ),
    summary: (id) =>
      of(
        id,
        (run) => store.summary(run),
        (group, shares) => summaryOf(store, group, shares),
      ),
    identity: (id) =>
      of(
        id,
        (run) => store.identity(run),
        async (group, shares) => {
          const first = await store.identity(shares[0]!.run);
          const tiles = group.shares.reduce((sum, share) => sum + share.tiles, 0);
          return { ...first, geometry: { ...first.geometry, tiles } };
        },
      ),
    forecasts: (id) =>
      of(
        id,
        (run) => store.forecasts(run),
        (_, shares) =>
          combinedForecast(
            store,
            shares.map(({ run }) => run),
          ),
      ),
    notes: (id) =>
      of(
        id,
        (run) => store.notes(run),
        (group, shares) => notesOf(store, group, shares),
      ),
    async *turns(id, skip = 0, tiles) {
      if (!isGroupName(id)) return yield* store.turns(id, skip, tiles);
      const shares = heldShares(await groupNamed(store, id));
      const turns = merged(
        shares.map((share) => inWhole<TurnRecord>(store.turns(share.run), share)),
        ({ decidedAt }) => decidedAt,
      );
      yield* partOf(turns, skip, tiles);
    },
    async *sweeps(id, skip = 0, tiles) {
      if (!isGroupName(id)) return yield* store.sweeps(id, skip, tiles);
      const group = await groupNamed(store, id);
      const common = ages === "common" ? (await commonAges(store, group)).common : undefined;
      const sweeps = merged(
        heldShares(group).map((share) => inWhole<SweepRecord>(store.sweeps(share.run), share)),
        ({ takenAt }) => takenAt,
      );
      yield* partOf(sweeps, skip, tiles, ({ timeSeconds }) => common?.has(timeSeconds) ?? true);
    },
  };
}

/** @param counts  which of them are there at all. */
async function* partOf<T extends { readonly tile: number }>(
  records: AsyncIterable<T>,
  skip: number,
  tiles: ReadonlySet<number> | undefined,
  counts: (record: T) => boolean = () => true,
): AsyncIterable<T> {
  let place = 0;
  for await (const record of records)
    if (counts(record) && place++ >= skip && (tiles?.has(record.tile) ?? true)) yield record;
}

async function* inWhole<T extends { readonly tile: number }>(
  records: AsyncIterable<T>,
  { firstTile }: GroupShare,
): AsyncIterable<T> {
  for await (const record of records) yield { ...record, tile: firstTile + record.tile };
}

async function planOf(store: RunStore, group: RunGroup, shares: readonly HeldShare[]): Promise<RunPlan> {
  const plans = await Promise.all(shares.map(({ run }) => store.plan(run)));
  const [first] = plans;
  assert(first !== undefined, "a group that is read has a share");
  return {
    ...first,
    share: undefined,
    title: group.title,
    chipSerialNumber: plans.map(({ chipSerialNumber }) => chipSerialNumber).join(", "),
    chipAddress: shares.map(({ chip }) => chip).join(", "),
    corrects: group.corrects,
    tiles: plans.flatMap(({ tiles }, k) =>
      tiles.map((tile) => ({
        ...tile,
        block: { ...tile.block, tile: shares[k]!.firstTile + tile.block.tile },
      })),
    ),
  };
}

async function summaryOf(
  store: RunStore,
  group: RunGroup,
  shares: readonly HeldShare[],
): Promise<RunSummary> {
  const runs = await Promise.all(shares.map(async ({ run }) => standingOf(store, await store.summary(run))));
  const { chipName, method, modelName } = runs[0]!;
  return {
    id: group.id,
    title: group.title,
    chipName,
    chipSerialNumber: runs.map(({ chipSerialNumber }) => chipSerialNumber).join(", "),
    chipAddress: shares.map(({ chip }) => chip).join(", "),
    method,
    modelName,
    corrects: group.corrects,
    startedAt: group.begunAt,
    outcome: outcomeOfShares(
      runs.map(({ outcome }) => outcome),
      shares.length < group.shares.length,
    ),
  };
}

/** The whole is done when all of it is, and runs while any of it does. */
export function outcomeOfShares(
  outcomes: readonly RunSummary["outcome"][],
  isIncomplete: boolean,
): RunSummary["outcome"] {
  if (outcomes.includes("running")) return "running";
  if (outcomes.includes("failed") || isIncomplete) return "failed";
  return outcomes.includes("interrupted") ? "interrupted" : "done";
}

/** Of its runs, each with its name, and of the chips that failed. */
async function notesOf(
  store: RunStore,
  { shares: all }: RunGroup,
  shares: readonly HeldShare[],
): Promise<RunNote[]> {
  const read = await Promise.all(shares.map(({ run }) => store.notes(run)));
  const [first = [], ...others] = read;
  // What was noted of the whole stands with each of its runs.
  const ofWhole = first.filter((note) => others.every((notes) => notes.some((one) => isSameNote(one, note))));
  const ofRuns = read.map((notes, k) =>
    notes
      .filter((note) => !ofWhole.some((one) => isSameNote(one, note)))
      .map((note) => ({ ...note, text: `${shares[k]!.run}: ${note.text}` })),
  );
  const left = all.flatMap(({ before }, k) =>
    before.map(({ at, chip, run, why }): RunNote => {
      const held = run === undefined ? "" : `, with ${run},`;
      return {
        notedAt: at,
        what: "note",
        text: `Share ${k + 1} left the chip at ${chip}${held} for a spare. ${why}`,
      };
    }),
  );
  return [...ofWhole, ...ofRuns.flat(), ...left].sort((a, b) =>
    a.notedAt < b.notedAt ? -1 : a.notedAt > b.notedAt ? 1 : 0,
  );
}

function isSameNote(one: RunNote, other: RunNote): boolean {
  return (
    one.what === "note" && other.what === "note" && one.notedAt === other.notedAt && one.text === other.text
  );
}
