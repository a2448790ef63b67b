import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { newestLayout } from "./schema.ts";

/**
 * The networks over several chips of a workspace and its newest runs, with their titles, for a shell that completes a word: read as they are, without locks, checks or lifting
 * the layout. Nothing where the workspace is none, or of another layout.
 */
export function runTitles(folder: string, most = 200): { readonly run: string; readonly title: string }[] {
  const file = join(folder, "workspace.db");
  if (!existsSync(file)) return [];
  try {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const { user_version: layout } = database.prepare("PRAGMA user_version").get() as {
        user_version: number;
      };
      if (layout !== newestLayout) return [];
      const rows = database
        .prepare(
          `SELECT id, json_extract(plan, '$.title') AS title FROM runs
             WHERE outcome != 'deleted' ORDER BY id DESC LIMIT ?`,
        )
        .all(most) as { id: number; title: string | null }[];
      const networks = database
        .prepare(
          `SELECT json_extract(change, '$.title') AS title FROM run_groups
             WHERE json_extract(change, '$.kind') = 'begun' ORDER BY id`,
        )
        .all() as { title: string | null }[];
      const titled = (run: string, title: string | null): { run: string; title: string } => ({
        run,
        title: String(title ?? ""),
      });
      return [
        ...networks.map(({ title }, at) => titled(`n${at + 1}`, title)).toReversed(),
        ...rows.map(({ id, title }) => titled(`r${id}`, title)),
      ];
    } finally {
      database.close();
    }
  } catch {
    // A shell that completes a word has no room for errors; the command itself says them.
    return [];
  }
}
