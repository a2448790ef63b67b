import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import type { Job } from "../../src/queue/job.ts";

/** What a bench says of itself with each heartbeat. */

/** The machine's name, as far as a bench may be called so. */
export function usualBenchName(): string {
  return (
    hostname()
      .replaceAll(/[^\p{L}\p{N}_.-]/gu, "-")
      .slice(0, 64) || "bench"
  );
}

/** What is under way: a job of the server by the server's name of it; one of the bench's own queue says so. @param chips  addresses by nickname. */
export function doingNow(jobs: readonly Job[], chips: Readonly<Record<string, string>>): string {
  const nicknames = new Map(Object.entries(chips).map(([nickname, address]) => [address, nickname]));
  return jobs
    .filter(({ state }) => state === "under way")
    .map(({ id, origin, text, chip, others = [] }) => {
      const name = origin === undefined ? `its own ${id}` : origin.job;
      const all = [chip, ...others.map((other) => other.chip)];
      return `${name} ${text} on ${all.map((one) => nicknames.get(one) ?? one).join(", ")}`;
    })
    .join("; ");
}

/** Bytes; undefined where that is not known. */
export async function diskFree(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
