import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { removeFoldersAfterEach } from "./support/folders.ts";
import { startBench, type TestBench } from "./support/fleetBench.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

removeFoldersAfterEach();

describe.skipIf(postgresPrograms === undefined)(`benches of a server (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  const left = { left: "emulator:pcm-64?seed=1" };
  const yieldJob = (server: Bench, chip: string) => server.queue.add("measure", "yield", { row: 1 }, { chip });
  const serverAt = (address: string): Promise<Bench> => openBench({ workspace: address, config: "none" });

  async function done(bench: TestBench, job: string): Promise<void> {
    const taken = await bench.heard("job_taken", (event) => event["server_job"] === job);
    await bench.heard("job_ended", (event) => event["job"] === taken["job"]);
  }

  it("a job that is added at the server is done by the bench that has its chip, and the server knows", async () => {
    const address = await postgres.database();
    const did: string[] = [];
    const bench = startBench(address, "lab-a", { chips: left, act: async ({ text }) => (did.push(text), []) });
    const server = await serverAt(address);
    await expect.poll(() => yieldJob(server, "left").then(({ id }) => id, () => ""), { timeout: 20_000 }).toMatch(/^j\d+$/);
    const [job] = await server.queue.list({ all: true });
    await done(bench, job!.id);
    await bench.stop();
    expect(did).toEqual(["measure yield"]);
    expect(await server.queue.list({ all: true })).toMatchObject([{ state: "done", chipName: "pcm-64/1" }]);
    await server.close();
  });
});
