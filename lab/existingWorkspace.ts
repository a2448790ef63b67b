import { existsSync } from "node:fs";
import { join } from "node:path";
import { MhoError } from "../src/errors.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { defaultWorkspace } from "../cli/options.ts";

/** Opens a workspace that must be there, lets work be done in it and closes it. Throws `bad-argument`. */
export async function inWorkspace<T>(
  { workspace = defaultWorkspace }: { readonly workspace?: string },
  work: (store: Workspace) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(workspace, "workspace.db"))) {
    throw new MhoError("bad-argument", `There is no workspace in ${workspace}. Name one with --workspace.`, {
      folder: workspace,
    });
  }
  const store = await openWorkspace(workspace);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
