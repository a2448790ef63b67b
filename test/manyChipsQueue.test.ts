import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { builtInDialects, type LabDialect } from "../lab/dialects.ts";
import type { StampedEvent } from "../lab/events.ts";
import { goOnTrim } from "../lab/group/trimGroup.ts";
import { takePlace } from "../lab/queue/jobPlaces.ts";
import { Workplace } from "../lab/workplace.ts";
import { MhoError } from "../src/errors.ts";
import { groupNamed } from "../src/results/wholeReader.ts";
import type { JobList } from "../src/queue/job.ts";
import { circleIn, nextOf, waitOf } from "../src/queue/order.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { twoLayerStrategy } from "./support/smallNetwork.ts";

removeFoldersAfterAll();

const [left, right, third] = [1, 2, 3].map((seed) => `emulator:pcm-64?seed=${seed}&births=sound`) as [
  string,
  string,
  string,
];
const both = { chips: [left, right] };
let strategy: string;

beforeAll(async () => {
  strategy = await twoLayerStrategy(emptyFolder());
});

async function open(options: Parameters<typeof openBench>[0] = {}) {
  const workspace = options.workspace ?? emptyFolder();
  const told: StampedEvent[] = [];
  const bench = await openBench({
    config: "none",
    ...options,
    workspace,
    onEvent: (event) => void told.push(event),
  });
  return { bench, told, workspace };
}

const jobsOf = async (bench: Bench): Promise<unknown[]> =>
  (await bench.queue.list({ all: true })).map(({ id, state, runs }) => [id, state, ...runs]);

describe("a job of several chips", () => {
  it("is done when all of them are free, one job a chip at a time, and j1 stands for its network", async () => {
    const { bench, told, workspace } = await open();
    const {
      id,
      place: first,
      others,
    } = await bench.queue.add("program", strategy, { ...both, spares: [third] });
    expect(others?.map(({ chip }) => chip)).toEqual([right, third]);
    expect(new Set([first, ...others!.map((other) => other.place)]).size).toBe(3);
    await bench.queue.add("measure", "yield", { row: 0 }, { chip: right });
    await bench.queue.add("watch", id, { until: "10m", perDecade: 3 });
    await bench.queue.add("trim", id, { timesSeconds: [3600] });
    expect(await bench.work()).toMatchObject({ failed: [], left: [] });
    expect(await jobsOf(bench)).toEqual([
      ["j1", "done", "n1"],
      ["j2", "done", "r3"],
      ["j3", "done", "n1"],
      ["j4", "done", "n2"],
    ]);
    expect((await bench.network("n2")).corrects).toBe("n1");
    // In between, no chip has two of them.
    const order = told.flatMap((event) =>
      event.type === "job_started" || event.type === "job_ended" ? [`${event.type} ${event.job}`] : [],
    );
    expect(order).toEqual(
      ["j1", "j2", "j3", "j4"].flatMap((job) => [`job_started ${job}`, `job_ended ${job}`]),
    );
    expect(await bench.queue.add("watch", "n1", { until: "1d" })).toMatchObject({ chip: left });
    await bench.watch("n2", { until: "10m", perDecade: 3 });
    await bench.close();
    // A trim whose worker died after it was begun, and before any of its shares was.
    const place = new Workplace({ workspace }, { emit: () => {} });
    const store = await place.writableStore();
    const { shares } = await groupNamed(store, "n2");
    const begun = {
      kind: "begun",
      at: "t",
      title: "trim of n2",
      shares,
      spares: [],
      corrects: "n2",
    } as const;
    expect(await store.appendGroup(begun)).toBe("n3");
    await goOnTrim(place, "n3", { timesSeconds: [3600] });
    const held = (await groupNamed(store, "n3")).shares.map(({ run }) => run!);
    for (const [k, run] of held.entries()) {
      const before = shares[k]!.run!;
      expect([run, (await store.plan(run)).corrects]).toContain(before);
      expect((await store.summary(run)).outcome).toBe("done");
    }
    await place.close();
  });

  it("waits while another worker has one of its chips, and gives the others back", async () => {
    const { bench, workspace, told } = await open();
    const { others } = await bench.queue.add("program", strategy, both);
    const held = takePlace(workspace, others![0]!.place).lock!;
    const stop = new AbortController();
    const second = await openBench({
      workspace,
      config: "none",
      signal: stop.signal,
      onEvent: (event) => {
        told.push(event);
        if (event.type === "job_waits") stop.abort();
      },
    });
    await expect(second.work()).rejects.toMatchObject({ code: "interrupted" });
    await second.close();
    expect(told.find(({ type }) => type === "job_waits")).toMatchObject({ job: "j1", for: "worker" });
    const first = takePlace(workspace, (await bench.queue.list())[0]!.place).lock;
    expect(first).toBeDefined();
    first!.release();
    held.release();
    expect(await jobsOf(bench)).toEqual([["j1", "waiting"]]);
    await bench.close();
  });

  it("that was stopped goes on with its network, and with the share of a chip that failed on its spare", async () => {
    const stop = new AbortController();
    const { bench, workspace } = await open({ signal: stop.signal, extensions });
    const chips = [left, `${right}&dialect=fragile`];
    await bench.queue.add("program", strategy, { chips, spares: [third] });
    let begun = 0;
    const stopping = await openBench({
      workspace,
      config: "none",
      extensions,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === "turn" && ++begun === 2) stop.abort();
      },
    });
    await expect(stopping.work()).rejects.toMatchObject({ code: "interrupted" });
    await stopping.close();
    const again = await open({ workspace, extensions });
    expect(await jobsOf(again.bench)).toEqual([["j1", "waiting", "n1"]]);
    expect(await again.bench.work()).toMatchObject({ done: ["j1"] });
    expect(again.told.find(({ type }) => type === "job_started")).toMatchObject({ resumes: ["n1"] });
    const { shares, result } = await again.bench.network("n1");
    expect(shares.map(({ chip, outcome }) => [chip, outcome])).toEqual([
      [left, "done"],
      [third, "done"],
    ]);
    expect(result!.overview.verdicts.pending).toBe(0);
    expect(await again.bench.networks()).toHaveLength(1);
    await again.bench.close();
    await bench.close();
  });

  it("fails where no spare is left, and is done again on another chip by a job that names one", async () => {
    const { bench } = await open({ extensions });
    await bench.queue.add("program", strategy, { chips: [left, `${right}&dialect=fragile`] });
    expect(await bench.work()).toMatchObject({ failed: ["j1"] });
    const [job] = await bench.queue.list();
    expect(job!.why!.message).toMatch(/^Network n1 is not complete\. Share 2 of 2/);
    expect(job!.runs).toEqual(["n1"]);
    await bench.queue.remove("j1");
    await bench.queue.add("resume", "n1", { spares: [third] });
    expect(await bench.work()).toMatchObject({ done: ["j2"] });
    expect((await bench.network("n1")).shares.map(({ chip }) => chip)).toEqual([left, third]);
    // One of its chips alone was watched: none is pulsed.
    await bench.watch("r1", { until: "10m", perDecade: 3 });
    for (const refused of [bench.trim("n1"), bench.advise("n1")])
      await expect(refused).rejects.toThrow(/^Run r\d was read 1 time, .*: mho watch n1 --until 2h/);
    expect(await bench.networks()).toHaveLength(1);
    await bench.close();
  });

  it("is refused at once where its command would refuse it", async () => {
    const { bench } = await open();
    const refused = (...given: Parameters<typeof bench.queue.add>): Promise<string> =>
      bench.queue.add(...given).then(
        () => "",
        ({ message }: Error) => message,
      );
    expect(await refused("program", strategy, { chips: [left, left] })).toMatch(/is named twice/);
    expect(await refused("program", strategy, { chips: [left, "emulator:rram-128?seed=1"] })).toMatch(
      /chips of one kind/,
    );
    expect(await refused("program", strategy, { chips: [left], spares: [right] })).toMatch(
      /Name 1 more chip/,
    );
    expect(await refused("watch", "n7")).toMatch(/There is no network n7/);
    await bench.queue.add("program", strategy, both);
    expect(await refused("watch", "j1", {}, { chip: left })).toMatch(/j1 is a network over several chips/);
    await bench.close();
  });
});

/** A chip that refuses all pulses after its first few. */
const fragile: LabDialect = {
  ...builtInDialects[0]!,
  name: "fragile",
  open(transport, options) {
    const driver = builtInDialects[0]!.open(transport, options);
    let left = 5;
    const pulse = driver.pulse.bind(driver);
    driver.pulse = (...given) => {
      if (left-- > 0) return pulse(...given);
      throw new MhoError("chip-refused", `The chip at ${options.address} says that its supply failed.`);
    };
    return driver;
  },
};
const extensions = { dialects: [fragile] };

describe("the order of jobs of several chips", () => {
  const job = (id: string, place: string, ...others: string[]): JobList[number] =>
    ({
      id,
      place,
      others: others.map((at) => ({ chip: at, place: at })),
      state: "waiting",
      attempts: 0,
      after: [],
    }) as unknown as JobList[number];
  const jobs = [job("j1", "b"), job("j2", "a", "b"), job("j3", "b"), job("j4", "a")];

  it("is that of each of their chips", () => {
    expect(nextOf(jobs, "a", "")).toBeUndefined();
    expect(waitOf(jobs, jobs[1]!, "")).toEqual({ for: "turn", job: "j1" });
    const later = jobs.slice(1);
    expect(nextOf(later, "a", "")?.id).toBe("j2");
    expect(nextOf(later, "b", "")?.id).toBe("j2");
    expect(waitOf(later, jobs[2]!, "")).toEqual({ for: "turn", job: "j2" });
    expect(waitOf(later, jobs[3]!, "")).toEqual({ for: "turn", job: "j2" });
  });

  it("stands on each of their chips where one of them failed", () => {
    const failed = [{ ...jobs[1]!, state: "failed" as const }, jobs[2]!, jobs[3]!];
    expect(failed.slice(1).map((one) => waitOf(failed, one, ""))).toEqual([
      { for: "failed", job: "j2" },
      { for: "failed", job: "j2" },
    ]);
  });

  it("has no circle unless jobs wait for each other", () => {
    expect(circleIn(jobs)).toBeUndefined();
    expect(circleIn([{ ...jobs[0]!, after: ["j2"] }, ...jobs.slice(1)])).toEqual(["j1", "j2", "j1"]);
  });
});
