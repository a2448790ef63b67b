import { expect, it } from "vitest";
import { killFleet } from "../../bench/fleetKills.ts";
import { noPostgres, postgresPrograms } from "../support/postgresServer.ts";

it.skipIf(postgresPrograms === undefined)(
  `benches whose workers are killed, whose server restarts and whose lines are cut lose no job, do none twice, and keep their order (skipped where ${noPostgres})`,
  async () => {
    const wanted = { workers: 3, jobs: 60, kills: 6, restarts: 1, cuts: 3, wakes: 5 };
    const { jobs, lost, doubled, outOfOrder, told } = await killFleet(4, wanted);
    expect({ jobs, lost, doubled, outOfOrder, told }).toEqual({
      jobs: 60,
      lost: 0,
      doubled: 0,
      outOfOrder: 0,
      told: [],
    });
  },
);
