import { accessSync, constants, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { whatIsBuilt } from "./tools/whatIsBuilt.ts";

/** The files that take longest: started first, so that none of them is what everything waits for in the end. */
const longest =
  "demo oddStores rp2040Worlds tutorial program manyChips standby demoStops livePage livePageRuns live runReport soak refit calibrate events".split(
    " ",
  );
/** One more than there are cores: a test that waits for a process, a browser or a deadline needs none. */
export const workers = availableParallelism() + 1;
/** For machines that have other work as well: what takes a second may take a minute there. Nothing is to be waited for so long. */
export const patience = { testTimeout: 600_000, hookTimeout: 600_000, expect: { poll: { timeout: 60_000 } } };
// vitest.slow.config.ts has these.
const slow = "test/slow/**";

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.indexOf(/([^/]+)\.test\.ts$/.exec(moduleId)?.[1] ?? "");
      return place < 0 ? longest.length : place;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  plugins: [whatIsBuilt()],
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [slow],
    // Files share workers, which load the sources once: tests put back what they change of theirs.
    isolate: false,
    ...patience,
    maxWorkers: workers,
    env: scratchInMemory(),
    // What is built is loaded as Node loads it.
    server: { deps: { external: [/\/dist\//] } },
    sequence: { sequencer: LongestFirst },
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
