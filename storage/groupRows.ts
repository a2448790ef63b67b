import {
  foldGroups,
  type GroupChange,
  type GroupId,
  type RunGroup,
  type ShareOfGroup,
} from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { ofWorkspace } from "./chains.ts";
import { groupChangeOf } from "./records.ts";
import { damageIn, type Tables, wholeTable } from "./wholeTable.ts";

/** The networks of a workspace that are laid over several chips: a table of changes. */
export class GroupRows {
  readonly #tables: Tables;
  #known: { readonly rows: number; readonly last: number; readonly groups: readonly RunGroup[] } | undefined;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Read as a whole only when there are more changes than before. */
  list(): readonly RunGroup[] {
    const { rows, last } = this.#tables.chains.get(ofWorkspace, "run_groups");
    if (this.#known?.last === last && this.#known.rows === rows) return this.#known.groups;
    const changes = wholeTable(this.#tables, "run_groups", named, ({ change }) =>
      groupChangeOf(change as string),
    );
    const groups = this.#folded(changes);
    this.#known = { rows, last, groups };
    return groups;
  }

  /** Belongs into a commit, as `serve` does. @returns the group that was begun or changed. */
  append(change: GroupChange): GroupId {
    const id = change.kind === "begun" ? `n${this.list().length + 1}` : change.group;
    this.#tables.chains.append("run_groups", [JSON.stringify(change)], ofWorkspace);
    return id;
  }

  /** A run begins that holds a share. */
  serve({ group, share }: ShareOfGroup, run: RunId): void {
    this.append({ kind: "serves", group, share, run });
  }

  #folded(changes: readonly GroupChange[]): readonly RunGroup[] {
    try {
      return foldGroups(changes);
    } catch (error) {
      if (error instanceof RangeError)
        throw damageIn(this.#tables.file, named)(changes.length - 1, error.message);
      throw error;
    }
  }
}

const named = "the networks over several chips";
