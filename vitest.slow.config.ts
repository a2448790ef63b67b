import { defineConfig } from "vitest/config";
import { whatIsBuilt } from "./tools/whatIsBuilt.ts";
import { LongestFirst, scratchInMemory, workers } from "./vitest.config.ts";

/** What takes long and seldom changes: large samples, and the whole demo over and over. `.ci/run` runs it. */
export default defineConfig({
  plugins: [whatIsBuilt()],
  test: {
    include: ["test/slow/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: workers,
    env: scratchInMemory(),
    sequence: { sequencer: LongestFirst },
  },
});
