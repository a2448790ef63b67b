import { expect, it } from "vitest";
import { killWorkers } from "../../bench/queueKills.ts";

it("a queue whose workers are killed ten times, and twice with their machine, loses no job, does none twice, and keeps their order", async () => {
  const {
    jobs,
    ofTwoChips,
    uncertain: _,
    ...found
  } = await killWorkers(4, { kills: 10, reboots: 2, boards: 2 });
  expect(jobs).toBeGreaterThan(3);
  expect(ofTwoChips).toBeGreaterThan(0);
  expect(found).toEqual({
    kills: 10,
    reboots: 2,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    ledgerErrors: 0,
    pulsedAgain: 0,
    turnsMissing: 0,
    told: [],
  });
});
