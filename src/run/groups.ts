import type { ModelDefinition } from "../model/definition.ts";
import type { ConductanceUnit, Seconds } from "../units.ts";
import type { JobId } from "../queue/job.ts";
import type { RunId } from "./runId.ts";

/** A network that is laid over several chips: each chip's share is a run of its own, and a group says which runs belong together. */

/** `n1`, by the order in which they were begun. */
export type GroupId = string;

/** Whether a text names a group and nothing else. */
export function isGroupName(text: string): boolean {
  return /^n[1-9]\d*$/.test(text);
}

/** A change of the groups of a workspace. Changes are only ever added, so it stays known which chip failed, and when. */
export type GroupChange =
  | {
      readonly kind: "begun";
      /** Wall time, ISO 8601. */
      readonly at: string;
      readonly title: string;
      /** Of the whole, one share after the other. */
      readonly shares: readonly PlannedShare[];
      /** Addresses of chips that take the place of one that fails, in this order. */
      readonly spares: readonly string[];
      /** The group whose devices this one corrects. */
      readonly corrects?: GroupId | undefined;
      /** By what a share that never began is planned again; undefined where its targets were of no file. */
      readonly recipe?: GroupRecipe | undefined;
      /** The job of the queue that began it. */
      readonly job?: JobId | undefined;
    }
  /** A run holds a share from now on. */
  | { readonly kind: "serves"; readonly group: GroupId; readonly share: number; readonly run: RunId }
  /** A share goes to another chip. */
  | {
      readonly kind: "moved";
      readonly at: string;
      readonly group: GroupId;
      readonly share: number;
      /** Its address: the first of the spares. */
      readonly chip: string;
      /** Why it left the chip before: a sentence. */
      readonly why: string;
    }
  | {
      readonly kind: "spares";
      readonly at: string;
      readonly group: GroupId;
      readonly spares: readonly string[];
    };

/** Tiles of the whole that one chip is to hold; there they are numbered from 0. */
export interface PlannedShare {
  readonly firstTile: number;
  readonly tiles: number;
  /** Its address. */
  readonly chip: string;
}

/** What programming was asked for, as far as its runs do not tell. */
export interface GroupRecipe {
  readonly file: string;
  readonly sha256: string;
  readonly weights?: string | undefined;
  readonly unit?: ConductanceUnit | undefined;
  readonly method: string;
  readonly model: ModelDefinition;
  readonly sweepTimesSeconds: readonly Seconds[];
  readonly pulsesPerDevice: number;
}

/** Which part of which group a run holds. */
export interface ShareOfGroup {
  readonly group: GroupId;
  /** From 0 on. */
  readonly share: number;
  /** Number of the run's tile 0 in the whole. */
  readonly firstTile: number;
}

/** A group as it stands. */
export interface RunGroup {
  readonly id: GroupId;
  readonly begunAt: string;
  readonly title: string;
  readonly shares: readonly GroupShare[];
  /** Those that no share has gone to yet. */
  readonly spares: readonly string[];
  readonly corrects: GroupId | undefined;
  readonly recipe: GroupRecipe | undefined;
  readonly job: JobId | undefined;
}

export interface GroupShare extends PlannedShare {
  /** The run that holds it; undefined where none has begun on its chip. */
  readonly run: RunId | undefined;
  /** Chips that it was on before, the oldest first. */
  readonly before: readonly LeftChip[];
}

export interface LeftChip {
  readonly chip: string;
  readonly run: RunId | undefined;
  /** Wall time, and a sentence. */
  readonly at: string;
  readonly why: string;
}

/** The group that a run was begun for. A plan may name that of another workspace, so it is not asked. */
export function networkOf(groups: readonly RunGroup[], run: RunId): GroupId | undefined {
  return groups.find(({ shares }) => runsOf(shares).includes(run))?.id;
}

/**
 * The runs that were begun for each group, the oldest first, with those of chips that failed. A trim of a group may be held in part by runs
 * of the group that it corrects: these are of the first.
 */
export function ownRunsOf(groups: readonly RunGroup[]): ReadonlyMap<GroupId, readonly RunId[]> {
  const taken = new Set<RunId>();
  return new Map(
    groups.map(({ id, shares }) => {
      const own = runsOf(shares).filter((run) => !taken.has(run));
      for (const run of own) taken.add(run);
      return [id, own];
    }),
  );
}

/** All that hold a share or held one, the oldest first. */
export function runsOf(shares: readonly GroupShare[]): RunId[] {
  const number = (run: RunId): number => Number(run.slice(1));
  return shares
    .flatMap(({ run, before }) => [...before.map((left) => left.run), run])
    .filter((run) => run !== undefined)
    .sort((a, b) => number(a) - number(b));
}

/** Groups as they stand, in the order in which they were begun. Throws `RangeError` for a change of a group or share that is none. */
export function foldGroups(changes: readonly GroupChange[]): readonly RunGroup[] {
  const groups = new Map<GroupId, RunGroup>();
  for (const change of changes) {
    if (change.kind === "begun") {
      const { at: begunAt, title, spares, corrects, recipe, job } = change;
      const shares = change.shares.map((share) => ({ ...share, run: undefined, before: [] }));
      const id = `n${groups.size + 1}`;
      groups.set(id, { id, begunAt, title, shares, spares, corrects, recipe, job });
      continue;
    }
    const group = groups.get(change.group);
    if (group === undefined) throw new RangeError(`there is no network ${change.group}`);
    groups.set(group.id, changed(group, change));
  }
  return [...groups.values()];
}

function changed(group: RunGroup, change: Exclude<GroupChange, { readonly kind: "begun" }>): RunGroup {
  if (change.kind === "spares") return { ...group, spares: [...group.spares, ...change.spares] };
  const share = group.shares[change.share];
  if (share === undefined) throw new RangeError(`network ${group.id} has no share ${change.share + 1}`);
  const now: GroupShare =
    change.kind === "serves"
      ? { ...share, run: change.run }
      : {
          ...share,
          chip: change.chip,
          run: undefined,
          before: [...share.before, { chip: share.chip, run: share.run, at: change.at, why: change.why }],
        };
  return {
    ...group,
    shares: group.shares.with(change.share, now),
    spares: change.kind === "moved" ? group.spares.filter((spare) => spare !== change.chip) : group.spares,
  };
}

/** Changes that make a group as it stands, the first of them its beginning. */
export function changesOf({
  id: group,
  begunAt,
  title,
  shares,
  spares,
  corrects,
  recipe,
  job,
}: RunGroup): readonly GroupChange[] {
  const begun: GroupChange = {
    kind: "begun",
    at: begunAt,
    title,
    shares: shares.map(({ firstTile, tiles, chip, before }) => ({
      firstTile,
      tiles,
      chip: before[0]?.chip ?? chip,
    })),
    spares: [],
    ...(corrects !== undefined && { corrects }),
    ...(recipe !== undefined && { recipe }),
    ...(job !== undefined && { job }),
  };
  const later = shares.flatMap(({ run, chip, before }, share): GroupChange[] => {
    const serves = (held: RunId | undefined): GroupChange[] =>
      held === undefined ? [] : [{ kind: "serves", group, share, run: held }];
    const left = before.flatMap(({ run: held, at, why }, k): GroupChange[] => [
      ...serves(held),
      { kind: "moved", at, group, share, chip: before[k + 1]?.chip ?? chip, why },
    ]);
    return [...left, ...serves(run)];
  });
  const waiting: GroupChange[] = spares.length === 0 ? [] : [{ kind: "spares", at: begunAt, group, spares }];
  return [begun, ...later, ...waiting];
}

/** What runs, groups and chips are called where a group was copied to; undefined for what was not copied. */
export interface OtherNames {
  readonly runHere: (run: RunId) => RunId | undefined;
  readonly groupHere: (group: GroupId) => GroupId | undefined;
  readonly chipHere: (address: string) => string;
}

/** A group of another workspace as it is here: it has runs of other names, and neither spares nor what would begin more of its shares. */
export function withOtherNames(
  { begunAt, title, shares, corrects }: RunGroup,
  id: GroupId,
  { runHere, groupHere, chipHere }: OtherNames,
): RunGroup {
  const run = (there: RunId | undefined): RunId | undefined =>
    there === undefined ? undefined : runHere(there);
  return {
    id,
    begunAt,
    title: title.replace(/^trim of (n\d+): /, (whole, there: string) => {
      const here = groupHere(there);
      return here === undefined ? whole : `trim of ${here}: `;
    }),
    shares: shares.map((share) => ({
      ...share,
      chip: chipHere(share.chip),
      run: run(share.run),
      before: share.before.map((left) => ({ ...left, chip: chipHere(left.chip), run: run(left.run) })),
    })),
    spares: [],
    corrects: corrects === undefined ? undefined : groupHere(corrects),
    recipe: undefined,
    job: undefined,
  };
}
