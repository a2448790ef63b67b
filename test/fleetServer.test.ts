import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { uploadsOf } from "../lab/fleet/jobBytes.ts";
import type { QueuedJob } from "../lab/queue/changeQueue.ts";
import { MhoError } from "../src/errors.ts";
import { HandOnServer } from "../storage/handOn/handOnServer.ts";
import { beginSession, heartbeat } from "../storage/postgres/benchStates.ts";
import { openServer } from "../storage/postgres/connection.ts";
import { isPassing } from "../storage/postgres/serverFailure.ts";
import { markLateRun, reportJobs, takeJobs } from "../storage/postgres/jobHandout.ts";
import { mho } from "./support/commandHere.ts";
import { startBench, type TestBench, type TestBenchOptions, untilStopped } from "./support/fleetBench.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { twoLayerStrategy } from "./support/smallNetwork.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

removeFoldersAfterEach();

const left = { left: "emulator:pcm-64?seed=1" };
const both = { ...left, right: "emulator:pcm-64?seed=2" };

describe.skipIf(postgresPrograms === undefined)(`benches of a server (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  /** A server with a bench whose chips it knows. */
  async function fleet(
    options: Omit<TestBenchOptions, "chips"> & { readonly chips?: TestBenchOptions["chips"] } = {},
  ) {
    const address = await postgres.database();
    const did: string[] = [];
    const act: TestBenchOptions["act"] = ({ origin, text }) => {
      did.push(`${origin?.job ?? "own"} ${text}`);
      return Promise.resolve([]);
    };
    const lab = startBench(address, "lab-a", { chips: left, act, ...options });
    const server = await openBench({ workspace: address, config: "none" });
    await lab.ready();
    return { address, lab, server, did };
  }

  const add = (server: Bench, chip = "left", when: object = {}) =>
    server.queue.add("measure", "yield", { row: 1 }, { chip, ...when });
  const states = async (server: Bench): Promise<string[]> =>
    (await server.queue.list({ all: true })).map(({ id, state }) => `${id} ${state}`);

  /** Resolves when the server has heard of it. */
  async function until(
    server: Bench,
    is: (jobs: readonly QueuedJob[]) => boolean,
  ): Promise<readonly QueuedJob[]> {
    for (;;) {
      const jobs = await server.queue.list({ all: true });
      if (is(jobs)) return jobs;
    }
  }

  async function close({ server, lab }: { readonly server: Bench; readonly lab: TestBench }): Promise<void> {
    await lab.stop();
    await server.close();
  }

  it("a job is done by the bench that has its chip, in order, and the server hears of it", async () => {
    const world = await fleet();
    const { server, did } = world;
    for (let n = 0; n < 7; n++) await add(server, ["left", "1", "pcm-64/1"][n % 3]);
    await until(server, (jobs) => jobs.every(({ state }) => state === "done"));
    expect(did).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `j${n} measure yield`));
    await close(world);
  });

  it("a chip that no bench has said is refused, with those that are known", async () => {
    const world = await fleet();
    await expect(add(world.server, "middle")).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("It knows pcm-64/1 (left at lab-a)") as string,
    });
    await expect(world.server.queue.add("measure", "yield", { row: 1 })).rejects.toThrow("Name the chip");
    await close(world);
  });

  it("a job that failed stops its chip's queue until it is retried or removed, and other chips go on", async () => {
    let broken = true;
    const act: TestBenchOptions["act"] = ({ chip }) =>
      broken && chip.endsWith("seed=1")
        ? Promise.reject(new MhoError("chip-refused", "The chip is hot."))
        : Promise.resolve([]);
    const world = await fleet({ chips: both, act });
    const { server } = world;
    await add(server);
    await add(server);
    await add(server, "right");
    const jobs = await until(
      server,
      ([first, , third]) => first?.state === "failed" && third?.state === "done",
    );
    expect(jobs[0]).toMatchObject({ why: { code: "chip-refused", message: "The chip is hot." } });
    expect(jobs[1]).toMatchObject({ state: "waiting", wait: { for: "failed", job: "j1" } });
    await expect(server.queue.retry("j2")).rejects.toThrow("it has not failed");
    broken = false;
    await server.queue.retry("j1");
    await until(server, (all) => all.every(({ state }) => state === "done"));
    await close(world);
  });

  it("a failed job that is removed leaves the bench's own queue too, which goes on", async () => {
    let fails = true;
    const act: TestBenchOptions["act"] = () => {
      const now = fails;
      fails = false;
      return now ? Promise.reject(new MhoError("chip-refused", "The chip is hot.")) : Promise.resolve([]);
    };
    const world = await fleet({ act });
    await add(world.server);
    await add(world.server);
    await until(world.server, ([first]) => first?.state === "failed");
    await world.server.queue.remove("j1");
    await until(world.server, ([, second]) => second?.state === "done");
    expect(await states(world.server)).toEqual(["j1 removed", "j2 done"]);
    await close(world);
  });

  it("a worker that is stopped gives back what it has not begun, and another bench with the chip does it", async () => {
    const begun = deferred();
    const world = await fleet({ act: (_, __, signal) => (begun.resolve(), untilStopped(signal)) });
    const { server, lab, address } = world;
    for (let n = 0; n < 3; n++) await add(server);
    await begun.promise;
    await until(server, (jobs) => jobs[0]!.state === "under way" && jobs[2]!.bench === "lab-a");
    await lab.stop();
    const after = await server.queue.list();
    expect(after.map(({ id, state, bench }) => [id, state, bench])).toEqual([
      ["j1", "waiting", "lab-a"],
      ["j2", "waiting", undefined],
      ["j3", "waiting", undefined],
    ]);
    const again = startBench(address, "lab-a", {
      chips: left,
      folder: lab.folder,
      act: () => Promise.resolve([]),
    });
    await until(server, (jobs) => jobs.every(({ state }) => state === "done"));
    await close({ server, lab: again });
  });

  it("while its server is away a bench goes on with what it has, says so once, and tells all when it is back", async () => {
    const gate = deferred();
    const did: string[] = [];
    const act: TestBenchOptions["act"] = async ({ origin }) => {
      await gate.promise;
      did.push(origin!.job);
      return [];
    };
    const world = await fleet({ act });
    const { server, lab } = world;
    for (let n = 0; n < 3; n++) await add(server);
    await until(server, (jobs) => jobs.every(({ bench }) => bench === "lab-a"));
    await postgres.kill();
    await lab.heard("server_away");
    gate.resolve();
    await lab.heard("job_ended", ({ job }) => job === "j3");
    await postgres.start();
    await lab.heard("server_back");
    await until(server, (jobs) => jobs.every(({ state }) => state === "done"));
    expect(did).toEqual(["j1", "j2", "j3"]);
    expect(lab.events.filter(({ type }) => type === "server_away")).toHaveLength(1);
    await close(world);
  });

  it("what is asked of a connection that was closed meanwhile may be asked again by another", async () => {
    const address = await postgres.database();
    const closed = await openServer(address);
    await Promise.all([closed.close(), closed.close()]);
    const asked = [closed.query("SELECT 1"), closed.together((queries) => queries.query("SELECT 1"))];
    for (const one of asked) expect(isPassing(await one.catch((error: unknown) => error))).toBe(true);
  });

  it("a server that is too busy when a bench begins is asked again, and the bench does not end", async () => {
    const address = await postgres.database();
    const raw = await openServer(address);
    const [at] = await raw.query<{ database: string }>("SELECT current_database() AS database");
    await raw.query(`ALTER DATABASE ${at!.database} SET lock_timeout = '50ms'`);
    let lab: TestBench | undefined;
    await raw.together(async (queries) => {
      await queries.query("LOCK TABLE mho.benches IN ACCESS EXCLUSIVE MODE");
      lab = startBench(address, "lab-a", { chips: left, act: () => Promise.resolve([]) });
      await lab.heard("server_away", ({ message }) => /another program holds/.test(String(message)));
    });
    await lab!.heard("server_back");
    const server = await openBench({ workspace: address, config: "none" });
    await add(server);
    await until(server, (jobs) => jobs.every(({ state }) => state === "done"));
    await raw.close();
    await close({ server, lab: lab! });
  });

  it("a chip passes to another bench when its lease expired and it identifies itself there; a job in doubt waits for a person, and what comes late is marked", async () => {
    const address = await postgres.database();
    const server = await openBench({ workspace: address, config: "none" });
    const raw = await openServer(address);
    // A bench that takes its job, begins it, and is not heard of for a while.
    const { bench } = await HandOnServer.open(raw, {
      workspace: "a",
      name: "lab-a",
      usualName: "",
      restored: false,
    });
    const gone = { bench, name: "lab-a", session: "1" };
    await beginSession(raw, gone, { host: "here", version: "0" });
    const chip = { name: "pcm-64", serialNumber: "1" };
    const mine = { nickname: "left", address: left.left, chip, identifiedAgo: 0, description: undefined };
    const beat = { chips: [mine], doing: "", diskFreeBytes: undefined };
    const [held] = await heartbeat(raw, gone, beat);
    expect(held).toMatchObject({ granted: true, lease: { fence: 1 } });
    await add(server);
    const [taken] = (await takeJobs(raw, gone)).jobs;
    const report = { id: taken!.job.id, attempt: 1, fence: 1, runs: ["r1"], why: undefined } as const;
    await reportJobs(raw, gone, [{ ...report, what: "begun" }]);
    await raw.query("UPDATE mho.fleet_chips SET expires_at = clock_timestamp()");
    const other = startBench(address, "lab-b", { chips: left, act: () => Promise.resolve([]) });
    const [doubtful] = await until(server, ([first]) => first?.why?.code === "in-doubt");
    expect(doubtful!.why!.message).toContain("mho queue retry j1 lets lab-b do it anew");
    expect(other.events.some(({ type }) => type === "job_taken")).toBe(false);
    await raw.query(
      "UPDATE mho.bench_states SET heard_at = heard_at - interval '2 hours', disk_free_bytes = 1 WHERE bench = $1",
      [bench],
    );
    const { benches, chips, alarms } = await server.fleet();
    expect(benches.map(({ name, state }) => `${name} ${state}`)).toEqual(["lab-a silent", "lab-b online"]);
    expect(chips).toMatchObject([{ chip, bench: "lab-b" }]);
    expect(alarms.map(({ about }) => about)).toEqual(["bench-silent", "disk-fills", "job-in-doubt"]);
    await server.queue.retry("j1");
    await until(server, ([first]) => first?.state === "done");
    // It is back, and says that it had done it: that is known, and changes nothing.
    expect(await reportJobs(raw, gone, [{ ...report, what: "done" }])).toEqual({ changed: 0, late: ["j1"] });
    await markLateRun(raw, gone, "r1", chip, 1);
    expect(await raw.query("SELECT run, fence, newest_fence FROM mho.late_runs")).toEqual([
      { run: 1, fence: 1, newest_fence: 2 },
    ]);
    expect(await heartbeat(raw, gone, beat)).toMatchObject([
      { granted: false, why: "held", holder: "lab-b" },
    ]);
    await raw.close();
    await close({ server, lab: other });
  });

  it("only one worker speaks for a workspace, and only one workspace has a bench's name", async () => {
    const world = await fleet();
    const second = startBench(world.address, "lab-a", { chips: left, folder: world.lab.folder });
    await expect(second.ended).rejects.toThrow(
      /^[^/]+ \(process \d+, since [^)]+\) takes the server's jobs for this workspace already\./,
    );
    const other = startBench(world.address, "lab-a", { chips: left });
    await expect(other.ended).rejects.toThrow(/lab-a/);
    await close(world);
  });

  it("the same commands queue, list and remove at a server as in a folder, and mho fleet tells of it", async () => {
    const world = await fleet({ act: (_, __, signal) => untilStopped(signal) });
    const there = ["--workspace", world.address];
    const added = await mho("queue", "add", "measure", "yield", "--row", "1", "--chip", "left", ...there);
    expect(added).toMatchObject({ code: 0, err: "" });
    expect(added.out).toContain("j1 is queued");
    await until(world.server, ([first]) => first?.state === "under way");
    const listed = await mho("queue", "list", ...there);
    expect(listed.out).toMatch(/pcm-64\/1\n {2}j1 {2}under way .*measure yield --row 1\n {6}bench lab-a/);
    expect(await mho("queue", "remove", "j1", ...there)).toMatchObject({ code: 2 });
    const told = await mho("fleet", ...there);
    expect(told.out).toMatch(/lab-a {2}online\n {2}left/);
    expect(told.out).toContain("pcm-64/1  at lab-a  1 job");
    const result = JSON.parse((await mho("fleet", ...there, "--json")).out) as object;
    expect(result).toMatchObject({ command: "fleet", chips: [{ serial_number: "1" }], alarms: [] });
    await close(world);
  });

  it("jobs are moved, and refused where a bench has them or they would stand before what they wait for", async () => {
    const begun = deferred();
    const world = await fleet({ act: (_, __, signal) => (begun.resolve(), untilStopped(signal)) });
    const { server } = world;
    for (let n = 0; n < 6; n++) await add(server);
    await begun.promise;
    await add(server, "left", { after: "j6" });
    await until(server, (jobs) => jobs[3]!.bench === "lab-a");
    await server.queue.move("j6", { before: "j5" });
    expect((await server.queue.list()).map(({ id }) => id)).toEqual([
      "j1",
      "j2",
      "j3",
      "j4",
      "j6",
      "j5",
      "j7",
    ]);
    await expect(server.queue.move("j7", { first: true })).rejects.toThrow("j7 comes after j6");
    await expect(server.queue.move("j2", { first: true })).rejects.toThrow(
      "bench lab-a has taken it already",
    );
    await expect(server.queue.remove("j6")).rejects.toThrow("j7 would wait for job j6 for ever");
    await expect(server.queue.remove("j1")).rejects.toThrow("is under way at bench lab-a");
    await server.queue.remove("j2");
    await until(server, (jobs) => jobs.find(({ id }) => id === "j2")!.state === "removed");
    await close(world);
  });

  it("a job of two chips is done by the bench that has both, with its network, and so are jobs on that", async () => {
    const folder = emptyFolder();
    const strategy = await twoLayerStrategy(folder);
    const address = await postgres.database();
    const sound = {
      left: `${both.left}&births=sound`,
      right: `${both.right}&births=sound`,
      third: "emulator:pcm-64?seed=3&births=sound",
    };
    const lab = startBench(address, "lab-a", { chips: sound, folder, act: undefined, identify: undefined });
    const server = await openBench({ workspace: address, config: "none" });
    await lab.ready();
    await server.queue.add("measure", "yield", { row: 1 }, { chip: "left" });
    const two = await server.queue.add("program", strategy, { chips: ["right", "left"], spares: ["third"] });
    expect(two).toMatchObject({
      chip: "pcm-64/EMU-2-sound",
      otherChips: ["pcm-64/EMU-1-sound", "pcm-64/EMU-3-sound"],
    });
    await server.queue.add("watch", two.id, { until: "1m", perDecade: 1 });
    await server.queue.add("measure", "yield", { row: 2 }, { chip: "right" });
    const isOver = ({ state, runs }: QueuedJob): boolean =>
      (state === "done" && runs.length > 0) || state === "failed";
    const jobs = await until(server, (all) => all.every(isOver));
    const of = (id: string): unknown[] => {
      const { state, runs, why } = jobs.find((job) => job.id === id)!;
      return [why?.message ?? state, ...runs];
    };
    expect(["j1", "j2", "j3", "j4"].map(of)).toEqual([
      ["done", "r1"],
      ["done", "n2"],
      ["done", "n2"],
      ["done", "r4"],
    ]);
    // Of the network as the server calls it: at the bench it is n1.
    await server.queue.add("watch", "n2", { until: "10m", perDecade: 1 });
    await expect(server.queue.add("watch", "n2", { until: "1h" }, { chip: "left" })).rejects.toThrow(
      "chip is for one run, and n2 is a network over several chips",
    );
    await until(server, (all) => all.every(isOver));
    await lab.stop();
    const bench = await openBench({ workspace: folder, config: "none" });
    expect((await bench.networks()).map(({ id, outcome }) => [id, outcome])).toEqual([["n1", "done"]]);
    const ages = (await bench.network("n1")).result!.errors.map(({ timeSeconds }) => timeSeconds);
    expect(ages.at(-1)).toBe(600);
    await bench.close();
    await server.close();
  });

  it("a job of chips that no bench has together is refused, with where each is, and one bench's are not half taken", async () => {
    const strategy = await twoLayerStrategy(emptyFolder());
    const world = await fleet();
    const { server, address } = world;
    const other = startBench(address, "lab-b", {
      chips: { right: both.right },
      act: () => Promise.resolve([]),
    });
    await other.ready();
    const add = (chips: readonly string[]): Promise<unknown> =>
      server.queue.add("program", strategy, { chips });
    await expect(add(["left", "right"])).rejects.toMatchObject({
      code: "bad-argument",
      message:
        "No bench has all of these chips: pcm-64/1 is at lab-a, pcm-64/2 is at lab-b. The chips of one network are worked on by one process, " +
        "so bring them to one bench, or program them one by one.",
    });
    await expect(add(["left", "pcm-64/1"])).rejects.toThrow("The chip pcm-64/1 is named twice");
    await expect(add(["left", "nowhere"])).rejects.toThrow("The server knows no chip nowhere");
    const words = ["queue", "add", "program", strategy, "--chip", "left", "--chip", "right"];
    const told = await mho(...words, "--workspace", address);
    expect([told.code, told.err]).toEqual([2, expect.stringContaining("No bench has all of these chips")]);
    expect(await server.queue.list({ all: true })).toEqual([]);
    await other.stop();
    await close(world);
  });

  it("a job of two chips of which one was carried to another bench waits, is taken by none, and says so", async () => {
    const strategy = await twoLayerStrategy(emptyFolder());
    const begun = deferred();
    const world = await fleet({
      chips: both,
      act: ({ text }, _, signal) =>
        text.startsWith("measure") ? (begun.resolve(), untilStopped(signal)) : Promise.resolve([]),
    });
    const { server, lab, address } = world;
    await add(server, "right");
    await begun.promise;
    await server.queue.add("program", strategy, { chips: ["left", "right"] });
    await add(server, "left");
    await until(server, (jobs) => jobs.length === 3 && jobs.every(({ bench }) => bench === "lab-a"));
    // What it has begun stays at its bench, with its chip; the other two jobs are given back.
    await lab.stop();
    const raw = await openServer(address);
    await raw.query("UPDATE mho.fleet_chips SET bench = NULL");
    const did: string[] = [];
    const elsewhere = startBench(address, "lab-b", {
      chips: { left: both.left },
      act: ({ origin }) => (did.push(origin!.job), Promise.resolve([])),
    });
    await elsewhere.ready();
    await raw.query("UPDATE mho.jobs SET state = 'removed' WHERE job = 1");
    const again = startBench(address, "lab-c", {
      chips: { right: both.right },
      act: ({ origin }) => (did.push(origin!.job), Promise.resolve([])),
    });
    await again.ready();
    const waiting = await until(server, (jobs) => jobs.find(({ id }) => id === "j2")?.why !== undefined);
    expect(waiting.find(({ id }) => id === "j2")).toMatchObject({
      state: "waiting",
      why: {
        code: "chips-apart",
        message:
          "Its chips are at several benches now: pcm-64/1 is at lab-b, pcm-64/2 is at lab-c. Bring them to one, or mho queue remove j2.",
      },
    });
    expect((await mho("queue", "list", "--workspace", address)).out).toContain(
      "Its chips are at several benches",
    );
    expect(waiting.find(({ id }) => id === "j3")).toMatchObject({ wait: { for: "turn", job: "j2" } });
    await expect(server.queue.move("j2", { first: true })).rejects.toThrow("it works on several chips");
    await expect(server.queue.move("j3", { before: "j2" })).rejects.toThrow("it works on several chips");
    expect(did).toEqual([]);
    await server.queue.remove("j2");
    await until(server, (jobs) => jobs.find(({ id }) => id === "j3")!.state === "done");
    expect(did).toEqual(["j3"]);
    for (const bench of [elsewhere, again]) await bench.stop();
    await raw.close();
    await server.close();
  });

  it("a job's files travel with it, and its run is done on the bench's own chip and journal", async () => {
    const file = join(emptyFolder(), "targets.csv");
    const row = Array.from({ length: 256 }, (_, k) => k % 20).join(",");
    writeFileSync(file, `${row}\n`);
    const address = await postgres.database();
    const folder = emptyFolder();
    const lab = startBench(address, "lab-a", { chips: left, folder, act: undefined, identify: undefined });
    const server = await openBench({ workspace: address, config: "none" });
    await lab.ready();
    // As from the command line, where an option that is not given is undefined.
    const options = { method: "verify", sweepTimesSeconds: [], title: undefined };
    const { id } = await server.queue.add("program", file, options, { chip: "left" });
    writeFileSync(file, "changed meanwhile\n");
    await server.queue.add("watch", id, { until: "1m", perDecade: 1 });
    const jobs = await until(server, (all) =>
      all.every(({ state, runs }) => (state === "done" && runs.length > 0) || state === "failed"),
    );
    expect(jobs.map(({ state, why }) => why?.message ?? state)).toEqual(["done", "done"]);
    expect(jobs[0]!.runs).toEqual(["r1"]);
    // A job may be known to be done before all of its run is handed on.
    const handedOn = async (): Promise<string[]> =>
      (await (await server.store()).runs()).map(({ outcome }) => outcome);
    while ((await handedOn()).join() !== "done") continue;
    await lab.stop();
    const bench = await openBench({ workspace: folder, config: "none" });
    const store = await bench.store();
    expect((await store.runs()).map(({ outcome }) => outcome)).toEqual(["done"]);
    expect((await store.labels("r1")).job).toBe("j1");
    expect((await store.plan("r1")).title).toBe(file);
    await bench.close();
    await server.close();
  });
});

it("files that are too large for a server are refused with their size", () => {
  const file = join(emptyFolder(), "weights.npy");
  writeFileSync(file, "");
  truncateSync(file, 513 * 1024 * 1024);
  expect(() => uploadsOf([{ file, sha256: "" }])).toThrow(
    "have 513 MiB, and a server keeps at most 512 MiB for one",
  );
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
