import { accessSync, constants, statfsSync } from "node:fs";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // vitest.slow.config.ts has these.
    exclude: ["test/slow/**"],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    maxWorkers: "100%",
    env: scratchInMemory(),
  },
});

/** The tests' folders in memory, where the system has room there: a workspace waits for the disk after every turn. */
export function scratchInMemory(): Record<string, string> {
  const folder = "/dev/shm";
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return process.env["TMPDIR"] === undefined && bavail * bsize > 1e9 ? { TMPDIR: folder } : {};
  } catch {
    return {};
  }
}
