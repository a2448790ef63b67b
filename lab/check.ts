import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MhoError } from "../src/errors.ts";
import { checkWorkspace, type WorkspaceCheck } from "../storage/checkWorkspace.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { faultOfKeptChip } from "./keptChipFile.ts";
import type { Workplace } from "./workplace.ts";

export interface CheckOptions {
  /** Go on without what stands behind damage in SQLite's log: what was written last is then missing. */
  readonly dropDamagedLog?: boolean | undefined;
}

/** Reads the whole workspace, and says what is damaged. */
export async function check(
  place: Workplace,
  { dropDamagedLog = false }: CheckOptions,
): Promise<WorkspaceCheck> {
  const isFolders =
    "mho check reads the file of a folder; a server is checked by its administrator, with pg_amcheck";
  if (place.isServer) await place.folderStore(isFolders);
  if (dropDamagedLog) {
    if (!existsSync(join(place.folder, "workspace.db"))) await place.existingStore();
    const store = await openWorkspace(place.folder, { dropDamagedLog });
    try {
      store.mustBeWritable();
    } finally {
      await store.close();
    }
  }
  try {
    const found = await checkWorkspace(await place.folderStore(isFolders));
    const damage = [...found.damage, ...damagedChips(join(place.folder, "chips"))];
    return { ...found, sound: found.sound && damage.length === 0, damage };
  } catch (error) {
    // What cannot even be opened is damaged, unless something else keeps it from being read.
    if (!(error instanceof MhoError) || error.facts["what"] === undefined) throw error;
    const file = join(place.folder, "workspace.db");
    return { file, sound: false, identity: "damaged", runs: [], damage: [error.message] };
  }
}

/** What is wrong with the emulated chips that are kept in a folder, a sentence each. */
function damagedChips(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".state"));
  return files.map((name) => faultOfKeptChip(join(folder, name))).filter((fault) => fault !== undefined);
}
