import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer } from "../storage/postgres/connection.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { writeAgedRun } from "./support/agedRuns.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

removeFoldersAfterAll();

interface FleetResult {
  readonly chips: readonly Record<string, unknown>[];
  readonly alarms: readonly Record<string, unknown>[];
}

describe.skipIf(postgresPrograms === undefined)(
  `what a fleet's chips come to (skipped where ${noPostgres})`,
  () => {
    let postgres: TestServer;
    let to: string;
    let workspace: string;
    beforeAll(async () => {
      postgres = await startPostgres();
      to = await postgres.database();
      const folder = emptyFolder();
      workspace = join(folder, "runs");
      const targets = join(folder, "targets.csv");
      const row = (k: number): string =>
        Array.from({ length: 256 }, (_, i) => 1 + ((i + 7 * k) % 20)).join(",");
      writeFileSync(targets, [0, 1, 2, 3].map(row).join("\n"));
      // Devices that drift by no published law.
      const chip = ["--chip", "emulator:pcm-64?births=stranger&seed=3&tiles=1"];
      const sweeps = ["--sweep", "1,60,3600,86400"];
      await mho("program", targets, ...chip, ...sweeps, "--quiet", "--workspace", workspace);
      await mho("note", "pcm-64", "--wafer", "W7", "--die", "3,4", "--workspace", workspace);
      await mho("hand-on", "--to", to, "--bench", "left", "--workspace", workspace);
    });
    afterAll(() => postgres.close());

    const fleet = async (): Promise<FleetResult> =>
      JSON.parse((await mho("fleet", "--json", "--workspace", to)).out) as FleetResult;

    it("a chip that was only handed on is listed with its place, yield, ν and wear, and the bench's name of its run", async () => {
      const [chip, ...others] = (await fleet()).chips;
      expect(others).toEqual([]);
      expect(chip).toMatchObject({
        serial_number: "EMU-3-stranger",
        wafer: "W7",
        die: "3,4",
        bench: null,
        run: "r1",
        bench_run: { bench: "left", run: "r1" },
        error_percent: null,
      });
      expect(chip!["yield_percent"]).toBeCloseTo(99.6, 0);
      expect(chip!["drift_exponent"]).toBeGreaterThan(0.01);
      expect(chip!["drift_exponent"]).toBeLessThan(0.1);
      // 7,553 pulses on a tile of 16,384 devices.
      expect(chip!["pulses_per_device"]).toBeCloseTo(0.46, 1);
      const { out } = await mho("fleet", "--workspace", to);
      expect(out).toMatch(
        /^pcm-64\/EMU-3-stranger \(W7, 3,4\) {2}at no bench {2}0 jobs {2}newest run r1 \(r1 of bench left\) {2}yield 99\.\d+ % {2}ν 0\.\d{3}$/m,
      );
    });

    it("a chip whose model no longer holds is out of its forecast, until its run is archived", async () => {
      expect((await fleet()).alarms).toEqual([
        expect.objectContaining({
          about: "out-of-forecast",
          chip: "pcm-64/EMU-3-stranger",
          run: "r1",
          bench: "left",
          job: null,
          message: expect.stringMatching(
            /^Chip pcm-64\/EMU-3-stranger is out of its forecast in r1 \(r1 of bench left\): The model pcm-90nm no longer holds at 1 day: .*mho fit r1/,
          ) as string,
        }),
      ]);
      expect((await mho("fleet", "--workspace", to)).out).toContain("Look after: Chip pcm-64/EMU-3-stranger");
      await mho("archive", "r1", "--workspace", to);
      expect((await fleet()).alarms).toEqual([]);
      await mho("archive", "r1", "--undo", "--workspace", to);
      expect((await fleet()).alarms).toHaveLength(1);
    });

    it("the bench judges its runs, so a list at the server judges none; later reads are judged anew", async () => {
      const server = await openServer(to);
      const marks = (): Promise<object[]> => server.query("SELECT run, turns, sweeps FROM mho.figures");
      const before = await marks();
      expect(before).toEqual([{ run: 1, turns: expect.any(Number) as number, sweeps: 4 }]);
      await mho("show", "--workspace", to);
      expect(await marks()).toEqual(before);
      const store = await openWorkspace(workspace);
      await writeAgedRun(store, 2, 4);
      await store.close();
      await mho("hand-on", "--to", to, "--workspace", workspace);
      expect(await marks()).toHaveLength(2);
      // Handed on again where the server has lost them, and where they are those of an older mho.
      await server.query("DELETE FROM mho.figures WHERE run = 1");
      await server.query(`UPDATE mho.figures SET figures = replace(figures, '"aged"', '"old"')`);
      await mho("hand-on", "--to", to, "--workspace", workspace);
      const [{ count } = { count: 0 }] = await server.query<{ count: number }>(
        `SELECT count(*) AS count FROM mho.figures WHERE figures LIKE '%"aged"%'`,
      );
      expect(count).toBe(2);
      await server.close();
    });
  },
);
