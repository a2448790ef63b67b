import { expect, it } from "vitest";
import { killWorkers } from "../bench/queueKills.ts";

// test/slow/queueKills.test.ts has ten kills.
it("a queue whose workers are killed twice, and once with their machine, loses no job, does none twice, and keeps their order", async () => {
  const { jobs, uncertain: _, ...found } = await killWorkers(4, { kills: 2, reboots: 1, boards: 2 });
  expect(jobs).toBeGreaterThan(3);
  expect(found).toEqual({
    kills: 2,
    reboots: 1,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    ledgerErrors: 0,
    pulsedAgain: 0,
    turnsMissing: 0,
    told: [],
  });
}, 600_000);
