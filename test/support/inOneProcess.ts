import { spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Finished } from "./commandLine.ts";

/**
 * Runs commands of the built `mho` one after another in one process of their own, perhaps another user's. Resolves when that process has
 * ended, which it does by itself: a command that leaves anything open keeps it.
 */
export async function inOneProcess(
  commands: readonly (readonly string[])[],
  options: Pick<SpawnOptions, "cwd" | "uid" | "gid"> = {},
): Promise<Finished[]> {
  const environment = { ...process.env, NO_COLOR: "1" };
  delete (environment as Record<string, unknown>)["MHO_CHIP"];
  const child = spawn(process.execPath, [runner, JSON.stringify(commands)], {
    ...options,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await once(child, "close");
  return JSON.parse(out) as Finished[];
}

const runner = fileURLToPath(new URL("commandsOf.mjs", import.meta.url));
