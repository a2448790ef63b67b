import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import type { BenchEvent } from "../lab/events.ts";
import { escaped, runFolder } from "../lake/paths.ts";
import { journalDigest } from "../lake/digest.ts";
import { query } from "../lake/query.ts";
import { writeRun } from "../lake/writeRun.ts";
import { ageOf } from "../src/results/sweepTable.ts";
import type { PlannedShare } from "../src/run/groups.ts";
import { recall } from "../src/run/recall.ts";
import type { RunStore } from "../src/run/store.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { sweep } from "./contracts/runStore.ts";
import { writeAgedRun } from "./support/agedRuns.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { writeRecords } from "./support/manyRecords.ts";

removeFoldersAfterEach();

/** A workspace with two runs of one row of devices, read six and four times, and where their lake is to be. */
async function twoRuns(): Promise<{ workspace: string; lake: string }> {
  const workspace = emptyFolder();
  const store = await openWorkspace(workspace);
  await writeAgedRun(store, 0, 6);
  await writeAgedRun(store, 1, 4);
  await store.close();
  return { workspace, lake: join(emptyFolder(), "lake") };
}

/** The same two as a network over two chips: the runs are r1 and r2, on a chip of an odd name and on EMU-7. */
async function twoShares(): Promise<{ workspace: string; lake: string }> {
  const workspace = emptyFolder();
  const store = await openWorkspace(workspace);
  const share = (firstTile: number, chip: string): PlannedShare => ({ firstTile, tiles: 1, chip });
  await store.appendGroup({
    kind: "begun",
    at: "2026-01-01T00:00:00.000Z",
    title: "two rows of devices",
    shares: [share(0, "left"), share(1, "right")],
    spares: [],
  });
  const group = "n1";
  await writeAgedRun(store, 0, 6, { serialNumber: "7_µ=%", share: { group, share: 0, firstTile: 0 } });
  await writeAgedRun(store, 1, 4, { share: { group, share: 1, firstTile: 1 } });
  await store.close();
  return { workspace, lake: join(emptyFolder(), "lake") };
}

async function on<T>(workspace: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = await openBench({ workspace });
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

/** The files of a lake, with what they hold. */
function filesOf(lake: string): string[] {
  return (readdirSync(lake, { recursive: true }) as string[])
    .filter((name) => /\.\w+$/.test(name) && !name.endsWith("lake"))
    .map((name) => `${name} ${readFileSync(join(lake, name)).toString("base64")}`)
    .sort();
}

const inLake = (lake: string, run: string, file: string): string => {
  const chip = join(
    lake,
    readdirSync(lake).find((name) => name.startsWith("chip="))!,
  );
  return join(
    chip,
    readdirSync(chip).find((name) => name.startsWith(`run=${run}-`))!,
    file,
  );
};

describe("a run in a lake", () => {
  it("gives the same reads, ages, codes and flags as its workspace, device by device", async () => {
    const { workspace, lake } = await twoRuns();
    await on(workspace, async (bench) => {
      await bench.archiveToLake(["r1", "r2"], { lake });
      for (const run of ["r1", "r2"]) {
        const sql = `SELECT sweep, tile, "row", device, code, flag, conductance_microsiemens, age_seconds FROM sweeps
                     WHERE run LIKE '${run}-%' ORDER BY sweep, tile, "row", device`;
        const { rows } = await bench.query(sql, { lake });
        const kept: unknown[] = [];
        for await (const table of bench.sweeps(run)) {
          const { codes, flags, conductanceMicrosiemens } = table.sweep;
          flags.forEach((flag, i) =>
            kept.push([
              table.number,
              0,
              0,
              i,
              codes![i]!,
              flag,
              Math.fround(conductanceMicrosiemens[i]!),
              ageOf(table, i),
            ]),
          );
        }
        expect(
          rows.map((row) => row.map((value, k) => (k === 6 ? Math.fround(value as number) : value))),
        ).toEqual(kept);
      }
    });
  });

  it("says of each device what was meant and how it ended, and fits its drift", async () => {
    const { workspace, lake } = await twoRuns();
    await on(workspace, async (bench) => {
      await bench.archiveToLake("r1", { lake });
      const devices = await bench.query(
        `SELECT verdict, count(*), sum(pulses), min(target_microsiemens), max(target_microsiemens) FROM devices GROUP BY verdict`,
        { lake },
      );
      expect(devices.rows).toEqual([["accepted", 256, 2048, 2, 25]]);
      const fits = await bench.query(
        "SELECT count(*), median(drift_exponent), min(reads) FROM fits WHERE conductance_microsiemens > 5",
        { lake },
      );
      // As the run was made: 0.05 + 0.002 (25 − G), in the mean of G from 5 to 25.
      expect(fits.rows[0]![0]).toBeGreaterThan(200);
      expect(fits.rows[0]![1]).toBeGreaterThan(0.05);
      expect(fits.rows[0]![1]).toBeLessThan(0.1);
      const runs = await bench.query("SELECT name, chip_name, serial_number, outcome, sweeps FROM runs", {
        lake,
      });
      expect(runs.rows).toEqual([["r1", "pcm-64", "EMU-7", "done", 6]]);
      const chips = await bench.query("SELECT chip_name, runs FROM chips", { lake });
      expect(chips.rows).toEqual([["pcm-64", 1]]);
    });
  });

  it("is laid out tile by tile, also where a tile was not read at an age", async () => {
    const workspace = emptyFolder();
    const store = await openWorkspace(workspace);
    await writeRecords(store, 2);
    await store.endRun("r2", "done");
    await store.close();
    const lake = join(workspace, "lake");
    await on(workspace, async (bench) => {
      await bench.archiveToLake("r1", { lake });
      const { rows } = await bench.query(
        `SELECT sweep, tile, "row", count(*), sum(code) FROM sweeps GROUP BY ALL ORDER BY ALL`,
        { lake },
      );
      const kept: number[][] = [];
      for await (const {
        number,
        sweep: { tile, codes },
        rowStart,
      } of bench.sweeps("r1"))
        for (const row of [0, 1]) {
          const its = codes!.subarray(256 * row, 256 * (row + 1));
          kept.push([number, tile, rowStart + row, 256, its.reduce((sum, code) => sum + code, 0)]);
        }
      expect(rows).toEqual(kept.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!));
    });
  });

  it("is written once: a second time nothing changes, and another journal of it is refused", async () => {
    const { workspace, lake } = await twoRuns();
    const first = await mho("archive", "r1", "--lake", lake, "--workspace", workspace, "--json");
    const before = filesOf(lake);
    expect(before.length).toBe(6);
    const again = await mho("archive", "r1", "--lake", lake, "--workspace", workspace, "--json");
    expect([first.code, again.code]).toEqual([0, 0]);
    expect(again.out).toContain('"state":"known"');
    expect(filesOf(lake)).toEqual(before);
    const manifest = inLake(lake, "r1", "manifest.json");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace(/"digest": "../, '"digest": "00'));
    const other = await mho("archive", "r1", "--lake", lake, "--workspace", workspace);
    expect(other.code).toBe(2);
    expect(other.err).toContain("never rewritten");
  });

  it("is sealed: nothing is read into it, it is not resumed, and it stays archived", async () => {
    const { workspace, lake } = await twoRuns();
    await on(workspace, (bench) => bench.archiveToLake("r1", { lake }));
    const store = await openWorkspace(workspace);
    const settings = { timesSeconds: [1], averages: 1 };
    const reading = { ...sweep, codes: Uint16Array.of(1), flags: Uint8Array.of(0) };
    await expect(store.appendSweep("r1", reading)).rejects.toThrow("sealed");
    await expect(store.setWatch("r1", settings)).rejects.toThrow("sealed");
    await expect(store.reopenRun("r1", await store.identity("r1"))).rejects.toThrow("sealed");
    await expect(store.setWatch("r2", settings)).resolves.toBeUndefined();
    await store.close();
    const undo = await mho("archive", "r1", "--undo", "--workspace", workspace);
    expect([undo.code, undo.err]).toEqual([2, expect.stringContaining("sealed")]);
  });

  it("that is still running is refused, and is not sealed", async () => {
    const workspace = emptyFolder();
    const store = await openWorkspace(workspace);
    await writeRecords(store, 1);
    await store.close();
    const lake = join(workspace, "lake");
    const { code, err } = await mho("archive", "r1", "--lake", lake, "--workspace", workspace);
    expect([code, err]).toEqual([2, expect.stringContaining("running")]);
    expect(await on(workspace, async (bench) => (await (await bench.store()).labels("r1")).sealed)).toBe(
      false,
    );
  });

  it("leaves nothing that counts where it could not be written to its end, and is not sealed then", async () => {
    const { workspace, lake } = await twoRuns();
    await on(workspace, (bench) => bench.archiveToLake("r1", { lake }));
    // A file stands where the folder of the run should be.
    const chip = join(lake, readdirSync(lake)[0]!);
    const moved = await on(workspace, (bench) => bench.archiveToLake("r2", { lake }));
    const folder = moved[0]!.folder;
    rmSync(folder, { recursive: true });
    const other = await twoRuns();
    mkdirSync(folder);
    writeFileSync(join(folder, "sweeps.parquet"), "half");
    mkdirSync(join(lake, ".mho-draft-abc"));
    writeFileSync(join(lake, ".mho-draft-abc", "sweeps.parquet"), "half");
    const { code, err } = await mho("archive", "r2", "--lake", lake, "--workspace", other.workspace);
    expect([code, err]).not.toEqual([0, ""]);
    expect(
      await on(other.workspace, async (bench) => (await (await bench.store()).labels("r2")).sealed),
    ).toBe(false);
    const { rows } = await on(workspace, (bench) => bench.query("SELECT name FROM runs", { lake }));
    expect(rows).toEqual([["r1"]]);
    const { sound, runs, leftovers } = await on(workspace, (bench) => bench.checkLake(lake));
    expect([sound, runs.length, leftovers.length]).toEqual([true, 1, 2]);
    expect(readdirSync(lake).filter((name) => name.startsWith(".mho-draft-"))).toEqual([".mho-draft-abc"]);
    expect(existsSync(chip)).toBe(true);
  });
});

describe("a network over several chips in a lake", () => {
  const whole = `SELECT n.name, n.share, n.shares, n.title, n.first_tile + d.tile AS tile, r.name, count(*)
    FROM networks n JOIN devices d USING (chip, run) JOIN runs r USING (chip, run) GROUP BY ALL ORDER BY tile`;
  const tiles = [
    ["n1", 1, 2, "two rows of devices", 0, "r1", 256],
    ["n1", 2, 2, "two rows of devices", 1, "r2", 256],
  ];

  it("is known by which run holds which tiles, also of chips with odd names", async () => {
    const { workspace, lake } = await twoShares();
    const { code, out } = await mho("archive", "n1", "--lake", lake, "--workspace", workspace);
    expect([code, out]).toEqual([0, expect.stringContaining("n1: r1, r2 are one network in the lake, at ")]);
    await on(workspace, async (bench) => {
      expect((await bench.query(whole, { lake })).rows).toEqual(tiles);
      const { rows } = await bench.query(
        "SELECT network, corrects, begun_at::TEXT FROM networks WHERE share = 1",
        { lake },
      );
      expect(rows).toEqual([[expect.stringMatching(/^n1-[0-9a-f]{12}$/), null, "2026-01-01 00:00:00+00"]]);
    });
  });

  it("is written when the last of its runs is there, once, and is the same from another workspace", async () => {
    const { workspace, lake } = await twoShares();
    const archive = (...runs: string[]) =>
      mho("archive", ...runs, "--lake", lake, "--workspace", workspace, "--json");
    const first = await archive("r1");
    expect(first.out).toMatch(/"code":"network_not_in_lake".*its run r2 is not in the lake/);
    expect((await on(workspace, (bench) => bench.query("SELECT * FROM networks", { lake }))).rows).toEqual(
      [],
    );
    expect((await archive("r2")).out).toMatch(
      /"type":"network_in_lake".*"runs":\["r1","r2"\].*"state":"new"/,
    );
    const before = filesOf(lake);
    expect((await archive("n1")).out).toMatch(/"type":"network_in_lake".*"state":"known"/);
    expect(filesOf(lake)).toEqual(before);
    const pack = join(workspace, "n1.mhopack");
    const other = emptyFolder();
    await on(workspace, (bench) => bench.pack(["n1"], { out: pack }));
    const [store, events] = [await openWorkspace(other), [] as BenchEvent[]];
    await writeAgedRun(store, 3, 2, { serialNumber: "EMU-8" });
    await store.close();
    const there = await openBench({ workspace: other, onEvent: (event) => void events.push(event) });
    await there.unpack(pack);
    await there.archiveToLake("n1", { lake });
    await there.close();
    expect(events).toContainEqual(
      expect.objectContaining({ type: "network_in_lake", runs: ["r2", "r3"], state: "known" }),
    );
    expect(filesOf(lake)).toEqual(before);
  });

  it("of which a run failed is not told as one: its share may go to another chip", async () => {
    const { workspace, lake } = await twoShares();
    const store = await openWorkspace(workspace);
    await store.endRun("r2", "failed");
    await store.close();
    const { code, err, out } = await mho("archive", "n1", "--lake", lake, "--workspace", workspace);
    expect([code, err + out]).toEqual([0, expect.stringContaining("because its run r2 is not done")]);
    expect(readdirSync(lake).filter((name) => name.startsWith("network="))).toEqual([]);
  });

  it("that was written before its trim is what the trim corrects", async () => {
    const { workspace, lake } = await twoShares();
    const store = await openWorkspace(workspace);
    await store.appendGroup({
      kind: "begun",
      at: "2026-01-02T00:00:00.000Z",
      title: "trim of n1: two rows of devices",
      shares: [0, 1].map((firstTile) => ({ firstTile, tiles: 1, chip: "left" })),
      spares: [],
      corrects: "n1",
    });
    await store.appendGroup({ kind: "serves", group: "n2", share: 0, run: "r1" });
    await writeAgedRun(store, 2, 3, { share: { group: "n2", share: 1, firstTile: 1 } });
    await store.close();
    await on(workspace, async (bench) => {
      await bench.archiveToLake(["n1", "n2"], { lake });
      const sql = `SELECT t.name, o.name, t.share, r.name FROM networks t JOIN networks o ON t.corrects = o.network AND t.share = o.share
        JOIN runs r ON r.run = t.run ORDER BY t.share`;
      expect((await bench.query(sql, { lake })).rows).toEqual([
        ["n2", "n1", 1, "r1"],
        ["n2", "n1", 2, "r3"],
      ]);
    });
  });

  it("is checked with the lake: a changed file and a run that is gone are named", async () => {
    const { workspace, lake } = await twoShares();
    await mho("archive", "n1", "--lake", lake, "--workspace", workspace);
    const check = () => mho("check-lake", lake, "--workspace", workspace);
    expect((await check()).out).toContain("2 runs, 1 network over several chips, nothing is damaged");
    const folder = join(
      lake,
      readdirSync(lake).find((name) => name.startsWith("network="))!,
    );
    const bytes = readFileSync(join(folder, "network.parquet"));
    bytes[20]! ^= 1;
    writeFileSync(join(folder, "network.parquet"), bytes);
    const chip = join(
      lake,
      readdirSync(lake).find((name) => name.endsWith("EMU-7"))!,
    );
    rmSync(join(chip, readdirSync(chip)[0]!), { recursive: true });
    const { code, out } = await check();
    expect(code).toBe(2);
    expect(out).toMatch(/damaged .*network=n1-\w+.*\n +network\.parquet: its SHA-256 is another/);
    expect(out).toMatch(/its run chip=pcm-64_EMU-7\/run=r2-\w+ is not in the lake any more/);
  });

  it("does not stop questions to a lake that was written before networks were kept", async () => {
    const { workspace, lake } = await twoShares();
    await mho("archive", "n1", "--lake", lake, "--workspace", workspace);
    rmSync(
      join(
        lake,
        readdirSync(lake).find((name) => name.startsWith("network="))!,
      ),
      { recursive: true },
    );
    await on(workspace, async (bench) => {
      expect((await bench.query(whole, { lake })).rows).toEqual([]);
      expect((await bench.query("SELECT count(*) FROM runs", { lake })).rows).toEqual([[2]]);
      expect(await bench.checkLake(lake)).toMatchObject({ sound: true, networks: [] });
      await bench.archiveToLake("n1", { lake });
      expect((await bench.query(whole, { lake })).rows).toEqual(tiles);
    });
  });
});

describe("a run that a lake had before names of others left its digest", () => {
  it("is the same run: it is not refused", async () => {
    const { workspace, lake } = await twoShares();
    const store = await openWorkspace(workspace);
    const { digest, former } = await journalDigest(store, "r1");
    await store.close();
    await mho("archive", "n1", "--lake", lake, "--workspace", workspace);
    const manifest = readdirSync(lake, { recursive: true })
      .map(String)
      .find((name) => /run=r1-.*json$/.test(name))!;
    const text = readFileSync(join(lake, manifest), "utf8");
    expect([text.includes(digest), former]).toEqual([true, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    writeFileSync(join(lake, manifest), text.replace(digest, former!));
    const again = await mho("archive", "r1", "--lake", lake, "--workspace", workspace, "--json");
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('"state":"known"')]);
  });
});

describe("a write that fails half-way", () => {
  it("leaves no file of the run and no draft", async () => {
    const { workspace, lake } = await twoRuns();
    mkdirSync(lake);
    const store = await openWorkspace(workspace);
    let reads = 0;
    const failing: Pick<RunStore, "sweeps"> = {
      async *sweeps(run) {
        if (++reads === 2) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
        yield* store.sweeps(run);
      },
    };
    const sealed = {
      store: { ...failing } as RunStore,
      run: "r1",
      plan: await store.plan("r1"),
      memories: await recall(store, "r1"),
      origin: "0".repeat(64),
      digest: "1".repeat(64),
      about: new Map(),
      software: "mho",
      writtenAt: "2026-01-01T00:00:00Z",
    };
    await expect(writeRun(lake, sealed)).rejects.toMatchObject({
      code: "output-failed",
      message: expect.stringContaining("the disk is full") as string,
    });
    await store.close();
    expect(readdirSync(lake, { recursive: true })).toEqual(["chip=pcm-64_EMU-7"]);
  });
});

describe("a lake that is checked", () => {
  it("names the file that was changed, cut or lost, and exits 2", async () => {
    const { workspace, lake } = await twoRuns();
    await mho("archive", "r1", "r2", "--lake", lake, "--workspace", workspace);
    const sound = await mho("check-lake", lake, "--workspace", workspace);
    expect([sound.code, sound.out]).toEqual([0, expect.stringContaining("2 runs, nothing is damaged")]);
    const changed = inLake(lake, "r1", "sweeps.parquet");
    const bytes = readFileSync(changed);
    bytes[100]! ^= 1;
    writeFileSync(changed, bytes);
    appendFileSync(inLake(lake, "r2", "devices.parquet"), "x");
    rmSync(inLake(lake, "r2", "fits.parquet"));
    const { code, out } = await mho("check-lake", lake, "--workspace", workspace);
    expect(code).toBe(2);
    expect(out).toMatch(/damaged .*run=r1-\w+.*\n +sweeps\.parquet: its SHA-256 is another/);
    expect(out).toMatch(/devices\.parquet: it has \d+ bytes, and \d+ were written/);
    expect(out).toContain("fits.parquet: it is missing");
  });
});

describe("the folders of a lake", () => {
  it("are named by chips of any name, and lead nowhere else", () => {
    expect(runFolder({ name: "pcm-64", serialNumber: "EMU-7" }, "r1-0123")).toBe(
      "chip=pcm-64_EMU-7/run=r1-0123",
    );
    expect(escaped("../../etc")).toBe("%2E.%2F..%2Fetc");
    expect(escaped("..")).toBe("%2E%2E");
    expect(escaped("a_b")).toBe("a%5Fb");
    expect(escaped("µ=1'\0")).toBe("%C2%B5%3D1%27%00");
    expect(escaped("x".repeat(400)).length).toBeLessThanOrEqual(100);
    expect(escaped(`${"x".repeat(400)}a`)).not.toBe(escaped(`${"x".repeat(400)}b`));
  });
});

describe("a question", () => {
  it("is answered as a table, as JSON and as a file", async () => {
    const { workspace, lake } = await twoRuns();
    await mho("archive", "r1", "r2", "--lake", lake, "--workspace", workspace);
    const sql = "SELECT name, sweeps, started_at FROM runs ORDER BY name;";
    const of = ["--lake", lake, "--workspace", workspace];
    const { out } = await mho("query", sql, ...of);
    expect(out.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^name +sweeps +started_at$/),
      expect.stringMatching(/^r1 +6 +2026-01-01 00:00:00\+00$/),
    ]);
    const json = JSON.parse((await mho("query", sql, ...of, "--json")).out.trim()) as { rows: unknown[][] };
    expect(json.rows.map((row) => row.slice(0, 2))).toEqual([
      ["r1", 6],
      ["r2", 4],
    ]);
    const file = join(workspace, "it's.csv");
    expect((await mho("query", "SELECT name, sweeps FROM runs ORDER BY 1", ...of, "--out", file)).code).toBe(
      0,
    );
    expect(readFileSync(file, "utf8")).toBe("name,sweeps\nr1,6\nr2,4\n");
    const parquet = join(workspace, "all.parquet");
    const written = await mho("query", "SELECT * FROM sweeps -- all", ...of, "--out", parquet);
    expect([written.code, written.out]).toEqual([0, `2,560 rows: ${parquet}\n`]);
  });

  it("only reads: what would write, read elsewhere or load code is refused in a sentence", async () => {
    const { workspace, lake } = await twoRuns();
    await mho("archive", "r1", "--lake", lake, "--workspace", workspace);
    const before = filesOf(lake);
    const refusals = [
      `COPY (SELECT 1) TO '${join(lake, "x.csv")}'`,
      "DROP VIEW runs",
      "SELECT 1; SELECT 2",
      "INSTALL httpfs",
      "SET memory_limit = '9GB'",
      `SELECT * FROM read_text('${join(workspace, "workspace.db")}')`,
      "SELECT nu FROM fits",
      "SELEC 1",
      "",
    ];
    for (const sql of refusals) {
      const { code, err } = await mho("query", sql, "--lake", lake, "--workspace", workspace);
      expect([sql, code]).toEqual([sql, 2]);
      expect(err.trim().split("\n").length).toBe(1);
    }
    expect(filesOf(lake)).toEqual(before);
    const { err } = await mho("query", "SELECT nu FROM fits", "--lake", lake, "--workspace", workspace);
    expect(err).toMatch(/Referenced column "nu" not found/);
  });

  it("that docs/lake.md has to paste is answered", async () => {
    const { workspace, lake } = await twoShares();
    const store = await openWorkspace(workspace);
    await writeAgedRun(store, 2, 6);
    await store.close();
    const page = readFileSync(new URL("../docs/lake.md", import.meta.url), "utf8");
    const questions = [
      ...[...page.matchAll(/```sql\n([^]*?)```/g)].map(([, sql]) => sql!),
      ...[...page.matchAll(/^mho query (["'])(.*)\1 --lake lake$/gm)].map(([, , sql]) => sql!),
    ];
    expect(questions.length).toBeGreaterThan(7);
    await on(workspace, async (bench) => {
      await bench.archiveToLake(["n1", "r3"], { lake });
      for (const sql of questions) {
        const { rows } = await bench.query(sql, { lake });
        // No device of that row is there.
        if (!sql.includes("s.row = 3")) expect(rows.length, sql).toBeGreaterThan(0);
      }
    });
  });

  it("names the package that is missing, and how to add it", async () => {
    const { workspace, lake } = await twoRuns();
    await on(workspace, (bench) => bench.archiveToLake("r1", { lake }));
    const missing = (): Promise<never> => Promise.reject(new Error("Cannot find package"));
    await expect(query("SELECT 1", { lake }, missing)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("npm install @duckdb/node-api") as string,
    });
  });

  it("of a folder that is no lake says how one is made", async () => {
    const nowhere = await mho("query", "SELECT 1", "--lake", join(emptyFolder(), "none"));
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining("mho archive r2 --lake")]);
    const empty = await mho("query", "SELECT 1", "--lake", emptyFolder());
    expect([empty.code, empty.err]).toEqual([2, expect.stringContaining("holds no run")]);
  });
});
