import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { migrate } from "../storage/schema.ts";
import { Workspace } from "../storage/workspace.ts";
import { writeAgedRun } from "../test/support/agedRuns.ts";

/** Workspaces of years, made up in seconds: node dist/bench/growthWorkspaces.js FOLDER RUNS SWEEPS, of one row of pcm-64 each. */
const [folder = ".", runs = "1", sweeps = "1"] = process.argv.slice(2);

const file = join(folder, "workspace.db");
const database = new DatabaseSync(file);
migrate(database, file);
database.exec("PRAGMA synchronous = OFF");
const workspace = new Workspace(database, file);
for (let run = 1; run <= Number(runs); run++) await writeAgedRun(workspace, run, Number(sweeps));
await workspace.close();
