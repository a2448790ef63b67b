import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventLines } from "./eventLines.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A started `mho`, whose words can be waited for. */
export interface Started {
  readonly process: ChildProcess;
  /** Resolves with the first line of stdout that matches; rejects when it ends without one. */
  line(pattern: RegExp): Promise<string>;
  ended(): Promise<Finished>;
}

/** Starts `mho`. With `--json`, its end is an error where a line of stdout is no event of the schema. */
export function startMho(args: readonly string[], through?: string): Started {
  const command =
    through === undefined ? [process.execPath, main, ...args] : ["bash", "-c", through, main, ...args];
  const environment = { ...process.env, NO_COLOR: "1", MHO_NODE: process.execPath };
  delete (environment as Record<string, unknown>)["MHO_CHIP"];
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "pipe"], env: environment });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    listeners.forEach((listener) => listener());
  });
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const end = once(child, "close").then(([code]) => {
    if (args.includes("--json") && through === undefined) eventLines(out);
    return { code: code as number | null, out, err };
  });
  return {
    process: child,
    ended: () => end,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = out.split("\n").find((line) => pattern.test(line));
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        end.then(({ err: said }) => reject(new Error(`It ended without ${pattern}: ${said}`))).catch(reject);
      }),
  };
}

export function mho(...args: string[]): Promise<Finished> {
  return startMho(args).ended();
}
