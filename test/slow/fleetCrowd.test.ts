import { expect, it } from "vitest";
import { crowd } from "../../bench/fleetCrowd.ts";
import { noPostgres, postgresPrograms } from "../support/postgresServer.ts";

it.skipIf(postgresPrograms === undefined)(
  `twenty benches in two processes do an hour of their chips' time from one server without an error, and the page stays small (skipped where ${noPostgres})`,
  async () => {
    const { errors, jobsDone, runsHandedOn, runsJudged, pageMostMegabytes } = await crowd({
      benches: 20,
      processes: 2,
      idleSeconds: 5,
    });
    expect({ errors, jobsDone, runsHandedOn, runsJudged }).toEqual({
      errors: [],
      jobsDone: 20,
      runsHandedOn: 20,
      runsJudged: 20,
    });
    // Not known where the system has no /proc.
    expect(Number.isNaN(pageMostMegabytes) || pageMostMegabytes < 150).toBe(true);
  },
);
