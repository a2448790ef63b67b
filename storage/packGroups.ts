import type { PackRecord } from "../files/packFile.ts";
import { badFile } from "../files/readFile.ts";
import {
  changesOf,
  foldGroups,
  type GroupChange,
  type GroupId,
  type RunGroup,
  withOtherNames,
} from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { ofWorkspace } from "./chains.ts";
import { DamagedRecord, groupChangeOf } from "./records.ts";
import type { Workspace } from "./workspaceStore.ts";

/** Networks over several chips in a pack: the changes that make them, a record each, behind the runs. */

export const groupKind = "network";

/** The networks that a pack of these runs holds: those whose shares are all in it. */
export function packedGroups(groups: readonly RunGroup[], runs: readonly RunId[]): readonly RunGroup[] {
  return groups.filter(({ shares }) => {
    const held = shares.flatMap(({ run }) => run ?? []);
    return held.length > 0 && held.every((run) => runs.includes(run));
  });
}

export function* groupRecords(groups: readonly RunGroup[], runs: readonly RunId[]): Iterable<PackRecord> {
  for (const group of packedGroups(groups, runs))
    for (const change of changesOf(group))
      yield { kind: groupKind, values: [group.id, JSON.stringify(change)] };
}

/** A network of a pack, and what became of it. */
export interface UnpackedNetwork {
  readonly packed: GroupId;
  readonly network: GroupId;
  /** `known` where this workspace had it already. */
  readonly state: "new" | "known";
  readonly runs: readonly (RunId | undefined)[];
}

/** Takes the networks of a pack, and writes them when its runs are here. */
export class UnpackedGroups {
  readonly #path: string;
  readonly #changes = new Map<GroupId, GroupChange[]>();

  constructor(path: string) {
    this.#path = path;
  }

  take([id, change]: PackRecord["values"]): void {
    if (typeof id !== "string" || !/^n[1-9]\d{0,14}$/.test(id)) throw this.#odd();
    try {
      const read = groupChangeOf(String(change));
      this.#changes.set(id, [...(this.#changes.get(id) ?? []), read]);
    } catch (error) {
      if (error instanceof DamagedRecord) throw this.#odd(error);
      throw error;
    }
  }

  /**
   * @param runHere  the name that a run of the pack has here; undefined of one that is not in it.
   * @param at       what stands before the address of a chip of another bench.
   */
  async write(
    store: Workspace,
    runHere: (run: RunId) => RunId | undefined,
    at: string,
  ): Promise<readonly UnpackedNetwork[]> {
    const known = new Map<GroupId, GroupId>();
    const found: UnpackedNetwork[] = [];
    for (const [packed, changes] of this.#changes) {
      const here = await store.groups();
      const group = withOtherNames(this.#folded(packed, changes), `n${here.length + 1}`, {
        runHere,
        groupHere: (id) => known.get(id),
        chipHere: (address) => (/^(?:imported|packed):/.test(address) ? address : `${at}${address}`),
      });
      const same = here.find((one) => isSame(one, group));
      const network = same?.id ?? group.id;
      known.set(packed, network);
      found.push({
        packed,
        network,
        state: same === undefined ? "new" : "known",
        runs: group.shares.map(({ run }) => run),
      });
      if (same !== undefined) continue;
      for (const change of changesOf(group))
        store.raw.chains.append("run_groups", [JSON.stringify(change)], ofWorkspace);
    }
    return found;
  }

  #folded(packed: GroupId, changes: readonly GroupChange[]): RunGroup {
    try {
      // By itself it is the first.
      const own = changes.map((change) => (change.kind === "begun" ? change : { ...change, group: "n1" }));
      const [group, ...others] = foldGroups(own);
      if (group === undefined || others.length > 0) throw this.#odd();
      return { ...group, id: packed };
    } catch (error) {
      if (error instanceof RangeError) throw this.#odd(error);
      throw error;
    }
  }

  #odd(cause?: Error): Error {
    return badFile(this.#path, "a network over several chips in it is none", "Ask for another pack.", cause);
  }
}

function isSame(one: RunGroup, other: RunGroup): boolean {
  const held = new Set(other.shares.map(({ run }) => run));
  return (
    one.begunAt === other.begunAt &&
    one.shares.length === other.shares.length &&
    one.shares.some(({ run }) => run !== undefined && held.has(run))
  );
}
