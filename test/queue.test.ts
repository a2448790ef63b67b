import { copyFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { type Bench, type BenchOptions, openBench, type StampedEvent } from "../lab/index.ts";
import { takePlace } from "../lab/queue/jobPlaces.ts";
import { timeAfter, timeGiven } from "../lab/queue/jobTimes.ts";
import { checkWorkspace } from "../storage/checkWorkspace.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const left = "emulator:pcm-64?seed=5&births=sound";
const right = "emulator:pcm-64?seed=6&births=sound";
const onRight = { chip: right };

/** Two rows of 256 devices. */
function targetsIn(folder: string, name = "t.csv", first = 1): string {
  const file = join(folder, name);
  const row = (r: number): string => Array.from({ length: 256 }, (_, k) => (first + r + k) % 25).join();
  writeFileSync(file, [row(0), row(1)].join("\n"));
  return file;
}

async function open(options: BenchOptions = {}) {
  const folder = emptyFolder();
  const events: StampedEvent[] = [];
  const workspace = join(folder, "w");
  const common = { workspace, chip: left, config: "none", ...options };
  const bench = await openBench({ ...common, onEvent: (event) => void events.push(event) });
  return { folder, workspace, bench, events, targets: targetsIn(folder), common };
}

const states = async (bench: Bench): Promise<string[]> =>
  (await bench.queue.list({ all: true })).map(({ id, state }) => `${id} ${state}`);

const quick = { method: "verify", sweepTimesSeconds: [] };

describe("a queue", () => {
  it("does the jobs of each chip in their order, and knows the run of each", async () => {
    const { bench, events, targets } = await open();
    await bench.queue.add("program", targets, { ...quick, title: "first" });
    await bench.queue.add("measure", "yield", { row: 0 }, onRight);
    await bench.queue.add("watch", "j1", { until: "1m", perDecade: 1 });
    await bench.queue.add("program", targets, { ...quick, title: "last" });
    expect(await bench.work()).toEqual({
      done: expect.any(Array) as string[],
      failed: [],
      left: [],
      unconfirmed: [],
    });
    expect(await states(bench)).toEqual(["j1 done", "j2 done", "j3 done", "j4 done"]);
    const begun = events.flatMap((event) => (event.type === "job_started" ? [event.job] : []));
    expect(begun.filter((job) => job !== "j2")).toEqual(["j1", "j3", "j4"]);
    const [first, other, watched, last] = await bench.queue.list({ all: true });
    const store = await bench.store();
    const titles = await Promise.all(
      [first!, other!, last!].map(async ({ runs }) => (await store.plan(runs[0]!)).title),
    );
    expect(titles).toEqual(["first", "measure yield", "last"]);
    expect(watched!.runs).toEqual(first!.runs);
    expect((await store.labels(first!.runs[0]!)).job).toBe("j1");
    await bench.close();
  });

  it("refuses at once what would only fail at night", async () => {
    const { bench, folder, targets } = await open();
    const refused = async (...given: Parameters<typeof bench.queue.add>): Promise<string> =>
      bench.queue.add(...given).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await refused("demo", "x")).toMatch(/A queue does not do demo\. It does program, measure/);
    expect(await refused("program", join(folder, "none.csv"))).toMatch(/there is no such file/);
    expect(await refused("program", targets, { methud: "verify" })).toMatch(/program has no option methud/);
    expect(await refused("program", targets, { method: "nonsense" })).toMatch(/nonsense/);
    expect(await refused("program", targets, { verifyShare: 2 })).toMatch(/verifyShare 2: give a share/);
    expect(await refused("measure", "yield", { settings: { wrong: 1 } })).toMatch(/has no setting wrong/);
    expect(await refused("measure", "yield", { row: 900 })).toMatch(/900/);
    expect(await refused("watch", "r7")).toMatch(/There is no run r7/);
    expect(await refused("watch", "j7")).toMatch(/There is no job j7/);
    expect(await refused("watch", "j7", { onChipFailed: () => {} })).toMatch(/takes no option onChipFailed/);
    expect(await refused("trim", "r1", { dryRun: true })).toMatch(/takes no option dryRun/);
    expect(await refused("program", targets, quick, { at: "25:00" })).toMatch(/there is no such time/);
    expect(await refused("program", targets, quick, { after: "soon" })).toMatch(/give a job such as j3/);
    expect(await refused("program", targets, quick, { chip: "nowhere" })).toMatch(/nowhere/);
    expect(await refused("program", targets, quick, { chip: `${left}&state=none` })).toMatch(/not kept/);
    expect(await refused("measure", "yield", {}, { minYieldPercent: 9 })).toMatch(/has no yield/);
    expect(await refused("run", join(folder, "none.mjs"))).toMatch(/there is no such file/);
    expect(await bench.queue.list({ all: true })).toEqual([]);
    await bench.close();
  });

  it("says so where a board cannot be asked whether a job fits it; the job fails when its turn comes", async () => {
    const { bench, events, targets } = await open();
    await bench.queue.add("program", targets, quick, { chip: "tcp:127.0.0.1:1" });
    expect(events).toMatchObject([{ type: "warning", code: "job_not_checked" }]);
    expect(await bench.work()).toMatchObject({ failed: ["j1"] });
    expect((await bench.queue.list())[0]).toMatchObject({ runs: [], why: { code: "port-failed" } });
    await bench.close();
  });

  it("works on a run's chip where it is now, and keeps files and descriptions by their whole paths", async () => {
    const { bench, folder, targets } = await open();
    const run = await bench.program(targets, quick);
    const watched = await bench.queue.add("watch", run, { until: "1m" }, { chip: right });
    expect(watched).toMatchObject({ chip: right, options: { chip: right }, after: [] });
    const described = join(folder, "mine.json");
    copyFileSync(fileURLToPath(new URL("../chips/pcm-64.json", import.meta.url)), described);
    const near = relative(process.cwd(), described);
    const job = await bench.queue.add("program", relative(process.cwd(), targets), quick, {
      chip: `emulator:pcm-64?seed=8&chip=${near}`,
    });
    expect(job.chip).toBe(`emulator:pcm-64?seed=8&chip=${described}`);
    expect(job.files.map(({ file }) => file)).toEqual([targets, described]);
    await bench.close();
  });

  it("stands for the chip of a job that failed, and for no other; retry and remove let it go on", async () => {
    const { bench, folder, targets } = await open();
    const changed = targetsIn(folder, "changed.csv");
    await bench.queue.add("program", changed, quick);
    await bench.queue.add("program", targets, quick);
    await bench.queue.add("measure", "yield", { row: 0 }, onRight);
    targetsIn(folder, "changed.csv", 2);
    expect(await bench.work()).toEqual({ done: ["j3"], failed: ["j1"], left: ["j2"], unconfirmed: [] });
    const [failed, behind] = await bench.queue.list();
    expect(failed!.why?.message).toMatch(
      /changed\.csv was changed since job j1 was added.*mho queue retry j1/,
    );
    expect(behind!.wait).toEqual({ for: "failed", job: "j1" });
    await expect(bench.queue.move("j1")).rejects.toThrow(/it failed; mho queue retry j1/);
    await bench.queue.retry("j1");
    expect(await bench.work()).toEqual({ done: ["j1", "j2"], failed: [], left: [], unconfirmed: [] });
    await expect(bench.queue.retry("j1")).rejects.toThrow(/has not failed: it is done/);

    await bench.queue.add("program", targets, quick, { minYieldPercent: 100 });
    await bench.queue.add("measure", "yield", { row: 0 });
    targetsIn(folder, "t.csv", 3);
    expect(await bench.work()).toMatchObject({ failed: ["j4"], left: ["j5"] });
    await bench.queue.remove("j4");
    expect(await bench.work()).toEqual({ done: ["j5"], failed: [], left: [], unconfirmed: [] });
    await bench.close();
  });

  it("a job whose yield is short fails after its run, which is done", async () => {
    const { bench, targets } = await open({ chip: "emulator:pcm-64?seed=5" });
    await bench.queue.add("program", targets, { ...quick, pulsesPerDevice: 1 }, { minYieldPercent: 99.9 });
    expect(await bench.work()).toMatchObject({ failed: ["j1"] });
    const [job] = await bench.queue.list();
    expect(job).toMatchObject({ runs: ["r1"], why: { code: "low-yield" } });
    expect((await bench.result("r1")).outcome).toBe("done");
    await bench.close();
  });

  it("goes on with the run of a job that was stopped, and begins no other", async () => {
    const { bench, common, targets } = await open();
    await bench.queue.add("program", targets, quick);
    await bench.queue.add("measure", "yield", { row: 0 });
    const stop = new AbortController();
    const stopped = await openBench({
      ...common,
      signal: stop.signal,
      onEvent: ({ type }) => void (type === "turn" && stop.abort()),
    });
    await expect(stopped.work()).rejects.toMatchObject({ code: "interrupted" });
    await stopped.close();
    expect((await bench.queue.list())[0]).toMatchObject({
      state: "waiting",
      runs: ["r1"],
      worked: false,
      attempts: 1,
    });
    await expect(bench.queue.move("j2", { before: "j1" })).rejects.toThrow(
      /j1 cannot be passed: it was begun/,
    );
    expect(await bench.work()).toMatchObject({ done: ["j1", "j2"], failed: [] });
    expect((await bench.runs()).map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(["r1 done", "r2 done"]);
    await bench.close();
  });

  it("takes up what a worker left that died, with the run that it had begun", async () => {
    const { bench, workspace, targets } = await open();
    const run = await bench.program(targets, quick);
    await bench.queue.add("program", targets, quick);
    // As after a kill between the run's last turn and the word that the job is done.
    const store = await openWorkspace(workspace);
    const at = new Date().toISOString();
    await store.changeJobs(() => [{ job: "j1", at, what: "taken", runsBefore: 0 }]);
    await store.appendLabel(run, { at, job: "j1" });
    await store.close();
    expect((await bench.queue.list())[0]).toMatchObject({ state: "under way", worked: false, runs: [run] });
    expect(await bench.work()).toMatchObject({ done: ["j1"] });
    expect(await bench.runs()).toHaveLength(1);
    await bench.close();
  });

  it("leaves a chip to the worker that has it, and removes nothing that is under way", async () => {
    const { bench, workspace, targets, events } = await open();
    await bench.queue.add("program", targets, quick);
    const { place } = (await bench.queue.list())[0]!;
    const { lock } = takePlace(workspace, place);
    const store = await openWorkspace(workspace);
    await store.changeJobs(() => [{ job: "j1", at: new Date().toISOString(), what: "taken", runsBefore: 0 }]);
    await store.close();
    expect((await bench.queue.list())[0]).toMatchObject({ state: "under way", worked: true });
    await expect(bench.queue.remove("j1")).rejects.toThrow(/Job j1 is under way: .*Stop it first/);
    expect(takePlace(workspace, place).lock).toBeUndefined();
    lock!.release();
    await bench.queue.remove("j1");
    expect(await bench.work()).toEqual({ done: [], failed: [], left: [], unconfirmed: [] });
    expect(events.some(({ type }) => type === "job_started")).toBe(false);
    await bench.close();
  });

  it("two workers at once do each job once", async () => {
    const { bench, common, targets } = await open();
    for (const chip of [left, right, left, right]) await bench.queue.add("program", targets, quick, { chip });
    const other = await openBench(common);
    const [one, two] = await Promise.all([bench.work(), other.work()]);
    await other.close();
    expect([...one.done, ...two.done].toSorted()).toEqual(["j1", "j2", "j3", "j4"]);
    expect(await bench.runs()).toHaveLength(4);
    await bench.close();
  });

  it("waits while another program has the chip", async () => {
    const { bench, common, events, targets } = await open();
    await bench.queue.add("measure", "yield", { row: 0 });
    const other = await openBench(common);
    await other.program(targets, quick);
    const stop = new AbortController();
    const worker = await openBench({
      ...common,
      signal: stop.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.type === "job_ended") stop.abort();
      },
    });
    await expect(worker.work()).rejects.toMatchObject({ code: "interrupted" });
    await worker.close();
    expect(events.find(({ type }) => type === "job_ended")).toMatchObject({ outcome: "put_back" });
    await other.close();
    expect(await bench.work()).toMatchObject({ done: ["j1"] });
    await bench.close();
  });

  it("moves jobs within a chip, and never so that jobs would wait for each other", async () => {
    const { bench, targets } = await open();
    await bench.queue.add("program", targets, quick);
    await bench.queue.add("watch", "j1", { until: "1m" });
    await bench.queue.add("measure", "yield", { row: 0 });
    await bench.queue.add("measure", "yield", { row: 0 }, { ...onRight, after: ["j3"] });
    await bench.queue.add("measure", "yield", { row: 1 }, onRight);
    const order = async (): Promise<string[]> => (await bench.queue.list()).map(({ id }) => id);
    await bench.queue.move("j3", { first: true });
    expect(await order()).toEqual(["j3", "j1", "j2", "j4", "j5"]);
    await bench.queue.move("j3");
    expect((await order()).filter((id) => id < "j4")).toEqual(["j1", "j2", "j3"]);
    await expect(bench.queue.move("j2", { before: "j1" })).rejects.toThrow(
      /Job j2 cannot be moved there: .*j1.*for ever/,
    );
    await expect(bench.queue.move("j2", { before: "j4" })).rejects.toThrow(/of another chip/);
    await expect(bench.queue.remove("j1")).rejects.toThrow(
      /j2 would wait for job j1 for ever.*mho queue remove j1 j2/,
    );
    await bench.queue.remove(["j1", "j2"]);
    expect(await bench.work()).toMatchObject({ done: ["j3", "j4", "j5"] });
    await bench.close();
  });

  it("begins no job before its time, and none after a job that was removed", async () => {
    const { bench, common, targets } = await open();
    await bench.queue.add("program", targets, quick, { after: "2d" });
    const stop = new AbortController();
    const seen: StampedEvent[] = [];
    const worker = await openBench({
      ...common,
      signal: stop.signal,
      onEvent: (event) => {
        seen.push(event);
        stop.abort();
      },
    });
    await expect(worker.work()).rejects.toMatchObject({ code: "interrupted" });
    await worker.close();
    expect(seen).toMatchObject([{ type: "job_waits", for: "time" }]);
    await bench.queue.remove("j1");
    await expect(bench.queue.add("watch", "j1")).rejects.toThrow(
      /Job j1 was removed, so nothing comes after it/,
    );
    await bench.close();
  });

  it("runs code of a file only where the worker was told that it may, and never anew once it was cut off", async () => {
    const { bench, folder, workspace } = await open();
    const file = join(folder, "mine.mjs");
    writeFileSync(
      file,
      `export async function run(bench, { args }) {
        await bench.measure("yield", { row: Number(args[0]), title: "mine" });
      }`,
    );
    await bench.queue.add("run", file, { args: ["3"] });
    await bench.queue.add("run", file, { args: ["4"] });
    expect(await bench.work()).toMatchObject({ failed: ["j1"] });
    expect((await bench.queue.list())[0]!.why?.message).toMatch(
      /runs code of .*mine\.mjs.*mho work --allow-run/,
    );
    await bench.queue.remove("j1");
    const store = await openWorkspace(workspace);
    await store.changeJobs(() => [{ job: "j2", at: new Date().toISOString(), what: "taken", runsBefore: 0 }]);
    await store.close();
    expect(await bench.work({ allowRun: true })).toMatchObject({ failed: ["j2"] });
    expect((await bench.queue.list())[0]!.why?.message).toMatch(/was cut off, and would begin anew/);
    await bench.queue.remove("j2");
    await bench.queue.add("run", file, { args: ["5"] });
    expect(await bench.work({ allowRun: true })).toMatchObject({ done: ["j3"] });
    expect((await bench.queue.list({ all: true })).at(-1)).toMatchObject({ runs: ["r1"] });
    expect(await bench.list()).toMatchObject({ runs: [{ title: "mine" }] });
    await bench.close();
  });

  it("fails an experiment that never ends when its time is over, and gives its chip back", async () => {
    const { bench, folder } = await open();
    const file = join(folder, "mine.mjs");
    writeFileSync(
      file,
      `export async function run(bench, { args, signal }) {
        await bench.measure("yield", { row: 3 });
        if (args[0] === "deaf") await new Promise(() => {});
        while (args[0] === "loop") await bench.read({ tile: 0, rowStart: 3, rowCount: 1 });
      }`,
    );
    for (const word of ["deaf", "loop", "short"]) {
      const { id } = await bench.queue.add("run", file, { args: [word] });
      const limits = { allowRun: true, runLimitSeconds: word === "short" ? 3600 : 1 };
      expect(await bench.work(limits)).toMatchObject(word === "short" ? { done: [id] } : { failed: [id] });
      if (word === "short") continue;
      const why = (await bench.queue.list())[0]!.why!;
      expect(why.message).toMatch(/mine\.mjs had not ended after 1 s, and was stopped.*--run-limit/);
      expect((await bench.queue.list())[0]).toMatchObject({ runs: [word === "deaf" ? "r1" : "r2"] });
      await bench.queue.remove(id);
    }
    await expect(bench.work({ runLimitSeconds: 1e9 })).rejects.toThrow(/at most 24 days/);
    await bench.close();
  });

  it("that is retried by hand does an experiment that had begun no run, and none that was cut off since", async () => {
    const { bench, folder, workspace } = await open();
    const file = join(folder, "mine.mjs");
    writeFileSync(file, `export const run = (bench) => bench.measure("yield", { row: 3 });`);
    await bench.queue.add("run", file);
    expect(await bench.work()).toMatchObject({ failed: ["j1"] });
    await bench.queue.retry("j1");
    const store = await openWorkspace(workspace);
    await store.changeJobs(() => [{ job: "j1", at: new Date().toISOString(), what: "taken", runsBefore: 0 }]);
    await store.close();
    expect(await bench.work({ allowRun: true })).toMatchObject({ failed: ["j1"] });
    expect((await bench.queue.list())[0]!.why?.message).toMatch(/was cut off, and would begin anew/);
    await bench.queue.retry("j1");
    expect(await bench.work({ allowRun: true })).toMatchObject({ done: ["j1"] });
    expect((await bench.queue.list({ all: true }))[0]).toMatchObject({ runs: ["r1"] });
    await bench.close();
  });

  it("is checked with the workspace: a job that was changed by hand shows", async () => {
    const { bench, workspace, targets } = await open();
    await bench.queue.add("program", targets, quick);
    await bench.close();
    const database = new DatabaseSync(join(workspace, "workspace.db"));
    database.exec("UPDATE job_changes SET change = replace(change, 'verify', 'single')");
    database.close();
    const store = await openWorkspace(workspace);
    await expect(store.jobs()).rejects.toThrow(/row 1 of the queue: its checksum is another/);
    expect(await checkWorkspace(store)).toMatchObject({ sound: false });
    await store.close();
  });
});

describe("a time of the calendar", () => {
  const now = new Date(2026, 10, 29, 23, 10, 0);

  it("is the next of its hour, or of the day that is named", () => {
    expect(new Date(timeGiven("23:30", now))).toEqual(new Date(2026, 10, 29, 23, 30));
    expect(new Date(timeGiven("22:00", now))).toEqual(new Date(2026, 10, 30, 22, 0));
    expect(new Date(timeGiven("2026-12-01 06:00", now))).toEqual(new Date(2026, 11, 1, 6, 0));
    expect(timeGiven("2026-12-01T06:00+01:00", now)).toBe("2026-12-01T05:00:00.000Z");
    expect(timeAfter("2h", now)).toBe(new Date(now.getTime() + 7_200_000).toISOString());
    expect(timeAfter("j3", now)).toBeUndefined();
  });

  it.each([
    ["tomorrow", /give a time such as/],
    ["2026-02-30 10:00", /there is no such time/],
    ["24:00", /there is no such time/],
    ["2026-11-29 22:00", /this is past/],
    ["2099-01-01 00:00", /more than ten years/],
    ["22:00Z", /give the day too/],
  ])("%s is refused", (text, message) => {
    expect(() => timeGiven(text, now)).toThrow(message);
  });
});
