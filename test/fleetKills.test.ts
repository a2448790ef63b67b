import { expect, it } from "vitest";
import { killFleet } from "../bench/fleetKills.ts";
import { noPostgres, postgresPrograms } from "./support/postgresServer.ts";

// test/slow/fleetKills.test.ts has more of each.
it.skipIf(postgresPrograms === undefined)(
  `benches whose workers are killed, whose server restarts and whose lines are cut lose no job, do none twice, and keep their order (skipped where ${noPostgres})`,
  async () => {
    const wanted = { workers: 3, jobs: 20, kills: 2, restarts: 1, cuts: 1, wakes: 1 };
    const { jobs, lost, doubled, outOfOrder, told } = await killFleet(4, wanted);
    expect({ jobs, lost, doubled, outOfOrder, told }).toEqual({
      jobs: 20,
      lost: 0,
      doubled: 0,
      outOfOrder: 0,
      told: [],
    });
  },
  600_000,
);
