import { defineConfig } from "vitest/config";
import { whatIsBuilt } from "./tools/whatIsBuilt.ts";
import { LongestFirst, patience, scratchInMemory, workers } from "./vitest.config.ts";

/** What takes long and seldom changes: large samples, and the whole demo over and over. `.ci/run` runs it. */
export default defineConfig({
  plugins: [whatIsBuilt()],
  test: {
    include: ["test/slow/**/*.test.ts"],
    ...patience,
    testTimeout: 1_800_000,
    maxWorkers: workers,
    env: scratchInMemory(),
    // What is built is loaded as Node loads it.
    server: { deps: { external: [/\/dist\//] } },
    sequence: { sequencer: LongestFirst },
  },
});
