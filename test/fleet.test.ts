import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLate, isOnline, type Lease, leaseFor } from "../src/fleet/lease.ts";
import { isUnbegunOfServer, originOf, reconcile } from "../src/fleet/reconcile.ts";
import {
  afterReport,
  isInDoubt,
  isOver,
  type JobReport,
  jobsToTake,
  jobsToTakeTogether,
  moreMayCome,
  retried,
  type ServerJob,
  takenBy,
  whyNotRetried,
} from "../src/fleet/serverJob.ts";
import { type Job, type JobChange, JobFold, type JobRequest, placesOfJob } from "../src/queue/job.ts";
import { isPending, nextOf } from "../src/queue/order.ts";

const times = { leaseMilliseconds: 60_000, silentMilliseconds: 60_000 };
const asked = {
  bench: "right",
  now: 200_000,
  lastHeardAt: 200_000,
  identifiedAt: 190_000,
  seenElsewhereAt: undefined,
};

describe("a lease", () => {
  it("of a free chip is given, with a higher fence than any before it", () => {
    expect(leaseFor({ ...asked, lease: undefined }, times)).toMatchObject({
      lease: { bench: "right", fence: 1 },
    });
    const gaveBack = { bench: undefined, fence: 6, expiresAt: 0 };
    expect(leaseFor({ ...asked, lease: gaveBack }, times)).toMatchObject({
      lease: { fence: 7 },
      isNew: true,
    });
  });

  it("is never given to a bench that is offline, nor for a chip that never identified itself there", () => {
    expect(leaseFor({ ...asked, lastHeardAt: 139_999, lease: undefined }, times)).toMatchObject({
      why: "offline",
    });
    expect(leaseFor({ ...asked, identifiedAt: undefined, lease: undefined }, times)).toMatchObject({
      why: "unseen",
    });
  });

  it("that expired passes on only when the chip has identified itself at the other bench since then", () => {
    const lease = { bench: "left", fence: 3, expiresAt: 195_000 };
    expect(leaseFor({ ...asked, now: 194_999, lastHeardAt: 194_999, lease }, times)).toMatchObject({
      why: "held",
      holder: "left",
    });
    expect(leaseFor({ ...asked, lease }, times)).toMatchObject({ why: "identify", holder: "left" });
    expect(leaseFor({ ...asked, identifiedAt: 195_001, lease }, times)).toMatchObject({
      lease: { bench: "right", fence: 4 },
    });
  });

  it("is not renewed for a bench whose chip has since identified itself elsewhere", () => {
    const lease = { bench: "right", fence: 3, expiresAt: 250_000 };
    expect(leaseFor({ ...asked, seenElsewhereAt: 190_001, lease }, times)).toMatchObject({ why: "moved" });
  });

  it("goes on for its own bench under the same fence, also after it expired and no other bench took it", () => {
    const lease = { bench: "right", fence: 3, expiresAt: 100_000 };
    expect(leaseFor({ ...asked, lease }, times)).toEqual({
      granted: true,
      isNew: false,
      lease: { bench: "right", fence: 3, expiresAt: 260_000 },
    });
  });
});

const job: ServerJob = {
  id: "j1",
  state: "waiting",
  bench: undefined,
  fence: 0,
  attempt: 0,
  begun: false,
  after: [],
  notBefore: undefined,
};
const lease: Lease = { bench: "left", fence: 1, expiresAt: 10 };
const all = { most: 4, now: 5, isDone: () => false };

describe("a bench takes jobs of its chip", () => {
  const ids = (jobs: readonly ServerJob[], options = all): string[] =>
    jobsToTake(jobs, lease, options).map(({ id }) => id);

  it("in their order, up to a few at once", () => {
    const queue = ["j1", "j2", "j3"].map((id) => ({ ...job, id }));
    expect(ids(queue, { ...all, most: 2 })).toEqual(["j1", "j2"]);
    expect(ids([takenBy(queue[0]!, lease), queue[1]!, queue[2]!], { ...all, most: 2 })).toEqual(["j2"]);
  });

  it("and none overtakes one that failed, waits for its time or for a job elsewhere, or is at another bench", () => {
    const behind = { ...job, id: "j2" };
    expect(ids([{ ...job, state: "failed" }, behind])).toEqual([]);
    expect(ids([{ ...job, notBefore: 6 }, behind])).toEqual([]);
    expect(ids([{ ...job, after: ["j9"] }, behind])).toEqual([]);
    expect(ids([takenBy(job, { ...lease, bench: "right" }), behind])).toEqual([]);
  });

  it("also one that waits for the job in front of it", () => {
    expect(ids([job, { ...job, id: "j2", after: ["j1"] }])).toEqual(["j1", "j2"]);
  });
});

describe("a job of several chips", () => {
  const two: ServerJob = { ...job, id: "j2", others: [{ id: 2, chip: "b", fence: 0 }] };
  const leaseB: Lease = { bench: "left", fence: 5, expiresAt: 10 };
  const a = (...queue: ServerJob[]) => ({ chip: 1, lease, queue });
  const b = (...queue: ServerJob[]) => ({ chip: 2, lease: leaseB, queue });
  const ids = (queues: Parameters<typeof jobsToTakeTogether>[0]): string[] =>
    jobsToTakeTogether(queues, all).map(({ id }) => id);
  const behind = (id: string): ServerJob => ({ ...job, id });

  it("is taken once, when its turn has come at all of them", () => {
    expect(ids([a(job, two, behind("j3")), b(two, behind("j4"))])).toEqual(["j1", "j2", "j3", "j4"]);
  });

  it("is not taken by a bench that holds one of them alone, and none behind it is", () => {
    expect(ids([a(job, two, behind("j3"))])).toEqual(["j1"]);
  });

  it("is not taken while the queue of one of them stands, which stops those of the others", () => {
    expect(ids([a(two, behind("j3")), b({ ...job, id: "j0", state: "failed" }, two)])).toEqual([]);
    const three: ServerJob = { ...two, id: "j3" };
    expect(ids([a(two, three), b({ ...job, id: "j0", notBefore: 9 }, two, three)])).toEqual([]);
  });

  it("has the fence of each lease, and what is told of it is late when one of them has passed on", () => {
    const taken = takenBy(two, lease, [leaseB]);
    expect(originOf(taken)).toEqual({ job: "j2", attempt: 1, fence: 1, others: [{ chip: "b", fence: 5 }] });
    const report = { bench: "left", attempt: 1, fence: 1, what: "done" } as const;
    expect(afterReport(taken, report, lease, [leaseB])).toMatchObject({ late: false });
    const passedOn = { bench: "right", fence: 6, expiresAt: 20 };
    expect(afterReport(taken, report, lease, [passedOn])).toMatchObject({
      job: { state: "done" },
      late: true,
    });
    expect([isInDoubt(taken, lease, leaseB), isInDoubt(taken, lease, passedOn)]).toEqual([false, true]);
    expect(whyNotRetried(taken, lease, passedOn)).toMatch(
      /several benches, left and right\. Bring them to one/,
    );
    const all = { ...passedOn, fence: 2 };
    expect(whyNotRetried(taken, all, passedOn)).toBeUndefined();
    expect(retried(taken, all, passedOn)).toMatchObject({ state: "waiting", bench: undefined, begun: false });
  });

  it("that is waited for elsewhere does not keep a worker that ends when nothing more may come", () => {
    expect(moreMayCome([two], lease, () => true)).toBe(false);
    expect(moreMayCome([two], lease)).toBe(true);
  });
});

describe("what a bench tells of a job", () => {
  const taken = takenBy(job, lease);
  const done = { bench: "left", attempt: 1, fence: 1, what: "done" } as const;

  it("counts once, however often it is told", () => {
    const first = afterReport(taken, done, lease);
    expect(first).toMatchObject({ job: { state: "done" }, late: false });
    expect(afterReport(first.job, { ...done, what: "failed" }, lease).job).toEqual(first.job);
  });

  it("is late after its chip passed on, and counts all the same", () => {
    expect(afterReport(taken, done, { bench: "right", fence: 2, expiresAt: 20 })).toMatchObject({
      job: { state: "done" },
      late: true,
    });
  });

  it("is late after a person let another bench do the job, and changes nothing", () => {
    const other = { bench: "right", fence: 2, expiresAt: 20 };
    const again = takenBy(retried(taken, other), other);
    expect(afterReport(again, done, other)).toEqual({ job: again, late: true });
  });
});

const at = "2026-11-30T00:00:00.000Z";
const aRequest: JobRequest = {
  command: "measure",
  subjects: ["yield"],
  options: {},
  chip: "",
  place: "",
  files: [],
  after: [],
  seed: 7,
  acceptUnknownWear: false,
  text: "measure yield",
};

const benches = ["left", "middle", "right"] as const;
const chips = ["a", "b"] as const;
const numberOf = (chip: string): number => 1 + chips.indexOf(chip as "a");

/** Benches, chips that are carried about, and a server, in any order of events. Reports may be lost, late and doubled. */
class World {
  now = 0;
  readonly leases = new Map<string, Lease>();
  readonly jobs = new Map<string, { chips: readonly string[]; job: ServerJob }>();
  readonly at = new Map<string, string>(chips.map((chip) => [chip, "left"]));
  readonly seen = new Map<string, number>();
  readonly heard = new Map<string, number>();
  /** The benches' own queues. */
  readonly local = new Map(benches.map((bench) => [bench as string, new JobFold()]));
  /** Until when a bench believes that it has a chip. */
  readonly believes = new Map<string, number>();
  readonly finished = new Map<string, number>();
  readonly retries = new Map<string, number>();
  readonly faults: string[] = [];

  /** @param on  "a", "b", or both: "ba" stands first at b. */
  add(on: string): void {
    const id = `j${this.jobs.size + 1}`;
    const [, ...others] = on.split("");
    const rest = others.map((chip) => ({ id: numberOf(chip), chip, fence: 0 }));
    this.jobs.set(id, { chips: on.split(""), job: { ...job, id, ...(rest.length > 0 && { others: rest }) } });
  }

  #leasesOf(of: readonly string[]): (Lease | undefined)[] {
    return of.map((chip) => this.leases.get(chip));
  }

  identify(bench: string, chip: string): void {
    if (this.at.get(chip) === bench) this.seen.set(`${bench} ${chip}`, this.now);
  }

  hear(bench: string): void {
    this.heard.set(bench, this.now);
    for (const chip of chips) {
      const before = this.leases.get(chip);
      const seenAt = (one: string): number | undefined => this.seen.get(`${one} ${chip}`);
      const elsewhere = benches.flatMap((one) => (one === bench ? [] : (seenAt(one) ?? [])));
      const answer = leaseFor(
        {
          bench,
          now: this.now,
          lastHeardAt: this.now,
          identifiedAt: seenAt(bench),
          seenElsewhereAt: elsewhere.length === 0 ? undefined : Math.max(...elsewhere),
          lease: before,
        },
        times,
      );
      if (!answer.granted) {
        this.giveBack(bench, chip);
        continue;
      }
      const { lease: next, isNew } = answer;
      if (isNew === (next.fence === (before?.fence ?? 0))) this.faults.push(`${chip}: fence ${next.fence}`);
      if (next.fence < (before?.fence ?? 0)) this.faults.push(`${chip}: the fence fell`);
      this.leases.set(chip, next);
      this.believes.set(`${bench} ${chip}`, next.expiresAt);
    }
    for (const chip of chips) {
      const holders = benches.filter((one) => (this.believes.get(`${one} ${chip}`) ?? 0) > this.now);
      if (holders.length > 1) this.faults.push(`${chip} is held by ${holders.join(" and ")}`);
    }
  }

  take(bench: string): void {
    const online = isOnline({ now: this.now, lastHeardAt: this.heard.get(bench) ?? -Infinity }, times);
    if (!online) return;
    const queues = chips.flatMap((chip) => {
      const held = this.leases.get(chip);
      if (held?.bench !== bench || held.expiresAt <= this.now) return [];
      const queue = [...this.jobs.values()].filter((one) => one.chips.includes(chip)).map((one) => one.job);
      return { chip: numberOf(chip), lease: held, queue };
    });
    const isDone = (id: string): boolean => this.jobs.get(id)?.job.state === "done";
    for (const one of jobsToTakeTogether(queues, { most: 2, now: this.now, isDone })) {
      const known = this.jobs.get(one.id)!;
      const [first, ...others] = this.#leasesOf(known.chips) as Lease[];
      if ([first!, ...others].some((held) => held.bench !== bench || held.expiresAt <= this.now))
        this.faults.push(`${one.id} is taken without all of its chips`);
      known.job = takenBy(one, first!, others);
    }
  }

  /** The bench brings its own queue in line with what the server says it has, and tells it what became of its jobs. */
  sync(bench: string): void {
    const own = this.local.get(bench)!;
    const pending = own.list.filter(isPending).map(({ origin }) => origin!.job);
    const rows = [...this.jobs.values()].filter(
      ({ job: one }) =>
        (one.bench === bench && ["taken", "under way", "failed"].includes(one.state)) ||
        pending.includes(one.id),
    );
    const { missing, changes, reports } = reconcile(
      own.list,
      rows.map((row) => ({ job: row.job, isUnwanted: false })),
      bench,
    );
    for (const change of changes)
      own.take(
        change.what === "retried"
          ? { ...change, what: "retried", at, files: [] }
          : ({ ...change, at } as JobChange),
      );
    for (const id of missing) this.#keep(bench, id);
    for (const { id, local, what } of reports) this.#tell(bench, id, local, what);
  }

  #keep(bench: string, id: string): void {
    const own = this.local.get(bench)!;
    const { chips: on, job: one } = this.jobs.get(id)!;
    const [first, ...others] = on.map((chip) => ({ chip, place: chip }));
    const request = { ...aRequest, ...first!, others, origin: originOf(one) };
    own.take({ job: `j${own.list.length + 1}`, at, what: "added", request });
  }

  #tell(bench: string, id: string, { origin }: Job, what: JobReport["what"]): void {
    const known = this.jobs.get(id)!;
    const { attempt, fence } = origin!;
    const [first, ...others] = this.#leasesOf(known.chips);
    known.job = afterReport(known.job, { bench, attempt, fence, what }, first, others).job;
  }

  /** What a bench said before is heard again, whatever was said since. */
  report(bench: string): void {
    for (const one of this.local.get(bench)!.list) {
      const { state, attempts } = one;
      if (state === "done" || state === "failed") this.#tell(bench, one.origin!.job, one, state);
      else if (attempts > 0 && state !== "removed") this.#tell(bench, one.origin!.job, one, "begun");
      else if (one.givenBack) this.#tell(bench, one.origin!.job, one, "given back");
    }
  }

  work(bench: string, chip: string, end: "done" | "failed" | "stopped"): void {
    const own = this.local.get(bench)!;
    const next = nextOf(own.list, chip, at);
    if (next === undefined || placesOfJob(next).some((place) => this.at.get(place) !== bench)) return;
    const { id } = next;
    if (next.state === "waiting") return own.take({ job: id, at, what: "taken", runsBefore: 0 });
    const why = { code: "chip-refused", message: "" };
    if (end === "failed") return own.take({ job: id, at, what: "failed", ...why, runs: [] });
    if (end === "stopped") return own.take({ job: id, at, what: "put back", ...why });
    own.take({ job: id, at, what: "done", runs: [] });
    const { job: server } = next.origin!;
    this.finished.set(server, (this.finished.get(server) ?? 0) + 1);
  }

  giveBack(bench: string, chip?: string): void {
    const own = this.local.get(bench)!;
    for (const one of own.list)
      if (isUnbegunOfServer(one) && (chip === undefined || placesOfJob(one).includes(chip)))
        own.take({ job: one.id, at, what: "removed", givenBack: true });
  }

  retry(id: string): void {
    const known = this.jobs.get(id);
    if (known === undefined) return;
    const held = this.#leasesOf(known.chips);
    if (whyNotRetried(known.job, ...held) !== undefined) return;
    if (isInDoubt(known.job, ...held)) this.retries.set(id, (this.retries.get(id) ?? 0) + 1);
    known.job = retried(known.job, ...held);
  }

  /** All is well at last: every bench is online, and a person retries what failed or is in doubt. */
  settle(): void {
    const isLeft = (): boolean => [...this.jobs.values()].some((one) => !isOver(one.job));
    // Jobs of both chips need them at one bench.
    if ([...this.jobs.values()].some((one) => one.chips.length > 1)) this.at.set("b", this.at.get("a")!);
    for (let round = 0; isLeft() && round < 40 * this.jobs.size; round++) {
      for (const bench of benches) {
        for (const chip of chips) this.identify(bench, chip);
        this.hear(bench);
        this.take(bench);
        this.sync(bench);
        for (const chip of chips) this.work(bench, chip, "done");
        this.report(bench);
      }
      if (round % 5 === 4) for (const id of this.jobs.keys()) this.retry(id);
      this.now += 30_000;
    }
  }
}

const bench = fc.constantFrom(...benches);
const chip = fc.constantFrom(...chips);
const acts = fc.oneof(
  {
    arbitrary: fc.record({ act: fc.constant("add" as const), on: fc.constantFrom("a", "b", "ab", "ba") }),
    weight: 2,
  },
  { arbitrary: fc.record({ act: fc.constant("identify" as const), bench, chip }), weight: 3 },
  { arbitrary: fc.record({ act: fc.constant("hear" as const), bench }), weight: 4 },
  { arbitrary: fc.record({ act: fc.constant("take" as const), bench }), weight: 4 },
  { arbitrary: fc.record({ act: fc.constant("sync" as const), bench }), weight: 4 },
  {
    arbitrary: fc.record({
      act: fc.constant("work" as const),
      bench,
      chip,
      end: fc.constantFrom("done" as const, "failed" as const, "stopped" as const),
    }),
    weight: 5,
  },
  { arbitrary: fc.record({ act: fc.constant("report" as const), bench }), weight: 3 },
  { arbitrary: fc.record({ act: fc.constant("give back" as const), bench }), weight: 1 },
  { arbitrary: fc.record({ act: fc.constant("move" as const), bench, chip }), weight: 1 },
  { arbitrary: fc.record({ act: fc.constant("retry" as const), job: fc.nat(5) }), weight: 1 },
  {
    arbitrary: fc.record({ act: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 150 }) }),
    weight: 3,
  },
);

type Act = typeof acts extends fc.Arbitrary<infer A> ? A : never;

function done(world: World, one: Act): void {
  switch (one.act) {
    case "add":
      return world.add(one.on);
    case "identify":
      return world.identify(one.bench, one.chip);
    case "hear":
      return world.hear(one.bench);
    case "take":
      return world.take(one.bench);
    case "sync":
      return world.sync(one.bench);
    case "work":
      return world.work(one.bench, one.chip, one.end);
    case "report":
      return world.report(one.bench);
    case "give back":
      return world.giveBack(one.bench);
    case "move":
      return void world.at.set(one.chip, one.bench);
    case "retry":
      return world.retry(`j${one.job + 1}`);
    case "wait":
      return void (world.now += 1000 * one.seconds);
  }
}

describe("whatever happens in whatever order", () => {
  const worlds = fc.array(acts, { minLength: 5, maxLength: 80 }).map((list) => {
    const world = new World();
    world.add("a");
    world.add("b");
    for (const one of list) done(world, one);
    return world;
  });
  const runs = { numRuns: 300, seed: 25 };

  it("no chip has two holders, and fences only grow", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        expect(world.faults).toEqual([]);
      }),
      runs,
    );
  });

  it("no job is done twice, but where a person had it done again elsewhere", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        world.settle();
        for (const [id, times] of world.finished)
          expect(times).toBeLessThanOrEqual(1 + (world.retries.get(id) ?? 0));
      }),
      runs,
    );
  });

  it("no job is lost: with all benches back, each is done", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        world.settle();
        expect([...world.jobs.values()].filter((one) => one.job.state !== "done")).toEqual([]);
        for (const id of world.jobs.keys()) expect(world.finished.get(id)).toBeGreaterThan(0);
      }),
      runs,
    );
  });
});

it("a turn under an older fence is late, one under the newest is not", () => {
  expect(isLate({ bench: "right", fence: 2, expiresAt: 0 }, { bench: "left", fence: 1 })).toBe(true);
  expect(isLate({ bench: "right", fence: 2, expiresAt: 0 }, { bench: "right", fence: 2 })).toBe(false);
  expect(isOver({ state: "failed" })).toBe(false);
});
