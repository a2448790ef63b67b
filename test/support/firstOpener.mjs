// Opens many new workspaces, as others of its kind do at the same time, and begins a run in each.
import { join } from "node:path";

const [folder, count, dist] = process.argv.slice(2);
const { openWorkspace } = await import(dist);
for (let k = 0; k < Number(count); k++) {
  const store = await openWorkspace(join(folder, String(k)));
  await store.runs();
  await store.close();
}
