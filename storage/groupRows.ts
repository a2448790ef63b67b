import type { StatementSyncInstance } from "@photostructure/sqlite";
import {
  foldGroups,
  type GroupChange,
  type GroupId,
  type RunGroup,
  type ShareOfGroup,
} from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { ChainReader, type Chains, ofWorkspace, type SummedRow, valuesOf } from "./chains.ts";
import { damaged } from "./failure.ts";
import { DamagedRecord, groupChangeOf } from "./records.ts";

/** The networks of a workspace that are laid over several chips: a table of changes. */
export class GroupRows {
  readonly #prepare: (sql: string) => StatementSyncInstance;
  readonly #chains: Chains;
  readonly #file: string;
  #known: { readonly rows: number; readonly last: number; readonly groups: readonly RunGroup[] } | undefined;

  constructor(prepare: (sql: string) => StatementSyncInstance, chains: Chains, file: string) {
    this.#prepare = prepare;
    this.#chains = chains;
    this.#file = file;
  }

  /** Read as a whole only when there are more changes than before. */
  list(): readonly RunGroup[] {
    const chain = this.#chains.get(ofWorkspace, "run_groups");
    if (this.#known?.last === chain.last && this.#known.rows === chain.rows) return this.#known.groups;
    const failed = (at: number, what: string): Error =>
      damaged(this.#file, `row ${at + 1} of the networks over several chips: ${what}`);
    const reader = new ChainReader(chain, 0, 0, failed);
    const rows = this.#prepare("SELECT * FROM run_groups ORDER BY id").all() as SummedRow[];
    const changes = rows.map((row, at) => {
      reader.take(valuesOf("run_groups", row), row.sum);
      try {
        return groupChangeOf(row["change"] as string);
      } catch (error) {
        if (error instanceof DamagedRecord) throw failed(at, error.message);
        throw error;
      }
    });
    reader.end();
    const groups = this.#folded(changes, failed);
    this.#known = { rows: chain.rows, last: chain.last, groups };
    return groups;
  }

  /** Belongs into a commit, as `serve` does. @returns the group that was begun or changed. */
  append(change: GroupChange): GroupId {
    const id = change.kind === "begun" ? `n${this.list().length + 1}` : change.group;
    this.#chains.append("run_groups", [JSON.stringify(change)], ofWorkspace);
    return id;
  }

  /** A run begins that holds a share. */
  serve({ group, share }: ShareOfGroup, run: RunId): void {
    this.append({ kind: "serves", group, share, run });
  }

  #folded(changes: readonly GroupChange[], failed: (at: number, what: string) => Error): readonly RunGroup[] {
    try {
      return foldGroups(changes);
    } catch (error) {
      if (error instanceof RangeError) throw failed(changes.length - 1, error.message);
      throw error;
    }
  }
}
