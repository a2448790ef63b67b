import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../lab/packageRoot.ts";
import { MhoError } from "../src/errors.ts";

export interface StartedWorker {
  /** Undefined once it has ended. */
  process(): number | undefined;
}

/**
 * Starts `mho work` in a process of its own, which goes on when this one ends. It never runs files of code: those take `mho work
 * --allow-run` in a terminal.
 *
 * @returns once it is at work, or has ended because there was none: its process, as long as it runs.
 * @throws `workspace-failed` with its own words where it could not begin.
 */
export async function startWorker(workspace: string, config: string | undefined): Promise<StartedWorker> {
  const folder = join(workspace, "queue");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "worker-of-page.log");
  const log = openSync(file, "w");
  const main = fileURLToPath(new URL("dist/cli/main.js", packageRoot));
  const args = [main, "work", "--json", "--workspace", resolve(workspace)];
  if (config !== undefined) args.push("--config", config === "none" ? config : resolve(config));
  const worker = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  worker.unref();
  let ended: number | null | undefined;
  worker.once("error", () => (ended = null)).once("exit", (code) => (ended = code));
  const started: StartedWorker = { process: () => (ended === undefined ? worker.pid : undefined) };
  for (let waited = 0; ended === undefined && waited < patienceMilliseconds; waited += betweenLooks) {
    // An event of its own is the sign that it is at work.
    if (/^\{"type":"job_/m.test(readFileSync(file, "utf8"))) return started;
    await setTimeout(betweenLooks);
  }
  // 1 and 3 are jobs that failed, which the queue shows.
  if (ended === undefined || ended === 0 || ended === 1 || ended === 3) return started;
  const said = readFileSync(file, "utf8")
    .split("\n")
    .findLast((line) => line.startsWith("mho: "));
  const why = said?.slice("mho: ".length) ?? `See ${file}.`;
  throw new MhoError("workspace-failed", `mho work did not begin. ${why}`, { workspace });
}

const betweenLooks = 100;
const patienceMilliseconds = 20_000;
