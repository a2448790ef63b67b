import { cpSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BenchEvent, EventStream } from "../lab/events.ts";
import { handOn, type HandOnManner, type HandOnOptions } from "../lab/handOn.ts";
import { Workplace } from "../lab/workplace.ts";
import { Random, uniformOf } from "../src/random.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import type { RunId } from "../src/run/store.ts";
import type { KeptRuns } from "../storage/keptRuns.ts";
import { openServer } from "../storage/postgres/connection.ts";
import { openPostgresStore } from "../storage/postgres/openStore.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect, identity, plan, sweep, turn } from "./contracts/runStore.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

removeFoldersAfterEach();

const chip = { name: identity.name, serialNumber: identity.serialNumber };
const description = {
  text: '{"name":"pcm-64"}',
  sha256: "6a8bc1d7cce4ae52b214b6da406c2845f9f38676c9c91ee85f25ce625d76fb91",
};

/** Uniform draws of a seed, from 0 to below 1. */
function draws(seed: number): () => number {
  const random = new Random(seed);
  let at = 0;
  return () => uniformOf(random.at(at++, 0).word0);
}

/** Makes what a bench makes, by chance: runs begin, go on and end. */
async function work(folder: string, draw: () => number, steps: number): Promise<void> {
  const store = await openWorkspace(folder);
  const open: RunId[] = (await store.runs())
    .filter(({ outcome }) => outcome === "running")
    .map(({ id }) => id);
  let ticket = await store.newestTicket(chip);
  for (let step = 0; step < steps; step++) {
    const what = Math.floor(10 * draw());
    const run = open[Math.floor(open.length * draw())];
    const at = new Date(Date.UTC(2026, 0, 1) + 1000 * ((await store.stamp()).length + step)).toISOString();
    if (run === undefined || what === 0) {
      const labels = { tags: ["ald"], operator: "anna", note: "begun" };
      const forecasts = [
        { by: "strategy", model: "m", modelDigest: "ab", timesSeconds: [1, 60], rmsPercent: [2, 3] } as const,
      ];
      const corrects = (await store.runs()).at(-1)?.id;
      open.push(
        await store.beginRun(
          { ...plan, labels, forecasts, ...(corrects === undefined ? {} : { corrects }) },
          identity,
          at,
          description,
        ),
      );
    } else if (what < 4) {
      const { turns } = await store.rowCounts(run);
      ticket += 2;
      await store.appendTurn(run, { ...turn, turn: turns, firstTicket: ticket - 1, newestTicket: ticket });
    } else if (what < 6) await store.appendSweep(run, { ...sweep, timeSeconds: step });
    else if (what === 6)
      await store.appendNote(run, { notedAt: at, what: "link-lost", text: `step ${step}` });
    else if (what === 7) await store.appendLabel(run, { at, add: [`t${step}`] });
    else if (what === 8) {
      await store.setWatch(run, { timesSeconds: [1, 10 + step], averages: 4 });
      await store.appendChipNote(chip, { notedAt: at, wafer: "W7", text: `step ${step}` });
      const times = { boot: 1, chipTimeMicroseconds: 1000 * step, offsetMicroseconds: 5, markedAt: at };
      await store.markClock({ ...times, chipName: chip.name, chipSerialNumber: chip.serialNumber });
    } else {
      await store.endRun(run, "done");
      open.splice(open.indexOf(run), 1);
    }
  }
  await store.close();
}

/** All that a store says of its runs, by the names that the runs have there. */
async function told(store: KeptRuns, runs?: readonly RunId[]): Promise<unknown> {
  const all = runs ?? (await store.runs()).map(({ id }) => id);
  const names = new Map(all.map((run, at) => [run, `run ${at}`]));
  const renamed = (run: RunId | undefined): string | undefined => run && names.get(run);
  const ofRuns = [];
  for (const run of all) {
    const { corrects, ...planned } = await store.plan(run);
    const summary = await store.summary(run);
    ofRuns.push({
      // Which bench made it, the server knows alone.
      summary: {
        ...summary,
        id: renamed(summary.id),
        corrects: renamed(summary.corrects),
        madeAt: undefined,
      },
      plan: { ...planned, corrects: renamed(corrects) },
      identity: await store.identity(run),
      description: await store.description(run),
      forecasts: await store.forecasts(run),
      turns: await collect(store.turns(run)),
      sweeps: await collect(store.sweeps(run)),
      notes: await store.notes(run),
      labels: await store.labels(run),
      watch: await store.watch(run),
      counts: await store.rowCounts(run),
      origin: await store.originOf(run),
    });
  }
  return ofRuns;
}

async function toldOfChip(store: KeptRuns): Promise<unknown> {
  return [await store.newestTicket(chip), await store.newestMark(chip), await store.chipNotes(chip)];
}

const once: HandOnManner = { wait: () => Promise.reject(new Error("nothing waits here")), piecesInCommit: 3 };

interface Handed {
  readonly events: BenchEvent[];
  readonly result: Awaited<ReturnType<typeof handOn>>;
}

async function hand(
  folder: string,
  options: HandOnOptions,
  { manner = once, onEvent = () => {}, signal }: HandOn = {},
): Promise<Handed> {
  const events: BenchEvent[] = [];
  const listen = (event: unknown): void => {
    events.push(event as BenchEvent);
    onEvent(event as BenchEvent);
  };
  const stream = new EventStream(listen, () => "2026-01-01T00:00:00Z");
  const place = new Workplace({ workspace: folder, signal }, stream);
  try {
    return { result: await handOn(place, options, manner), events };
  } finally {
    await place.close();
  }
}

interface HandOn {
  readonly manner?: HandOnManner;
  readonly onEvent?: (event: BenchEvent) => void;
  readonly signal?: AbortSignal;
}

describe.skipIf(postgresPrograms === undefined)(`hand-on (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  async function expectEqual(folder: string, to: string, runs?: readonly RunId[]): Promise<void> {
    const [here, there] = [await openWorkspace(folder), await openPostgresStore(to)];
    expect(await told(there, runs)).toEqual(await told(here));
    expect(await toldOfChip(there)).toEqual(await toldOfChip(here));
    await here.close();
    await there.close();
  }

  it("gives a server all that a workspace has, and then nothing", async () => {
    const [folder, to] = [emptyFolder(), await postgres.database()];
    const draw = draws(1);
    await work(folder, draw, 40);
    const first = await hand(folder, { to, bench: "left" });
    expect(first.result).toMatchObject({ server: to, bench: "left" });
    await expectEqual(folder, to);
    expect((await hand(folder, { to })).result).toEqual({ server: to, bench: "left", rows: 0, runs: 0 });
    await work(folder, draw, 30);
    await hand(folder, { to });
    await expectEqual(folder, to);
  });

  it("that is stopped at any commit goes on where it was", async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const [folder, to, draw] = [emptyFolder(), await postgres.database(), draws(seed)];
      for (let round = 0; round < 4; round++) {
        await work(folder, draw, 25);
        const stop = new AbortController();
        let left = Math.floor(4 * draw());
        const onEvent = ({ type }: BenchEvent): void => {
          if (type === "handed_on" && left-- === 0) stop.abort();
        };
        await hand(folder, { to, bench: "left" }, { onEvent, signal: stop.signal }).catch((error: unknown) =>
          expect(error).toMatchObject({ code: "interrupted" }),
        );
      }
      await hand(folder, { to });
      await expectEqual(folder, to);
    }
  });

  it("whose connection is cut within its commits loses nothing and gives nothing twice", async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const [folder, to, draw] = [emptyFolder(), await postgres.database(), draws(seed)];
      await work(folder, draw, 40);
      const server = await openServer(to);
      // The server itself ends the connection at every so manyth change of a chain, in the midst of a commit.
      const every = 5 + Math.floor(20 * draw());
      await server.query("CREATE SEQUENCE changes_of_chains");
      await server.query(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('changes_of_chains') % ${every} = 0 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NEW; END $$`);
      await server.query(
        "CREATE TRIGGER cut BEFORE INSERT OR UPDATE ON mho.chains FOR EACH ROW EXECUTE FUNCTION cut()",
      );
      await server.close();
      const { events, stop } = following();
      let rounds = 0;
      const manner: HandOnManner = {
        piecesInCommit: 2,
        wait: async (_milliseconds, _signal, why) => {
          if (why === "idle" && rounds++ < 2) await work(folder, draw, 20);
          else if (why === "idle") stop.abort();
        },
      };
      await hand(
        folder,
        { to, follow: true },
        { manner, signal: stop.signal, onEvent: (one) => events.push(one) },
      );
      const types = events.map(({ type }) => type);
      expect(types).toContain("server_away");
      expect(types.filter((type) => type === "server_back")).toHaveLength(
        types.filter((type) => type === "server_away").length,
      );
      await expectEqual(folder, to);
    }
  });

  it("waits for a server that was killed, says so once, and goes on", async () => {
    const [folder, to, draw] = [emptyFolder(), await postgres.database(), draws(5)];
    await work(folder, draw, 40);
    const { events, stop } = following();
    let killed = false;
    let waits = 0;
    const manner: HandOnManner = {
      piecesInCommit: 2,
      wait: async (_milliseconds, _signal, why) => {
        if (why === "away" && ++waits === 3) await postgres.start();
        if (why === "idle") {
          if (killed) return stop.abort();
          killed = true;
          await postgres.kill();
          await work(folder, draw, 30);
        }
      },
    };
    await hand(
      folder,
      { to, follow: true },
      { manner, signal: stop.signal, onEvent: (one) => events.push(one) },
    );
    const types = events.map(({ type }) => type).filter((type) => type !== "handed_on");
    expect(types).toEqual(["handing_on", "server_away", "server_back"]);
    expect(waits).toBe(3);
    await expectEqual(folder, to);
  });

  it("of two benches with the same numbers of runs mixes nothing", async () => {
    const to = await postgres.database();
    const benches = [
      { folder: emptyFolder(), draw: draws(11), bench: "left", runs: [] as RunId[] },
      { folder: emptyFolder(), draw: draws(12), bench: "right", runs: [] as RunId[] },
    ];
    for (let round = 0; round < 3; round++) {
      for (const { folder, draw, bench, runs } of benches) {
        await work(folder, draw, 20);
        const before = await runsAt(to);
        await hand(folder, { to, bench });
        runs.push(...(await runsAt(to)).filter((run) => !before.includes(run)));
      }
    }
    const there = await openPostgresStore(to);
    for (const { folder, runs } of benches) {
      const here = await openWorkspace(folder);
      expect(await told(there, runs)).toEqual(await told(here));
      await here.close();
    }
    await there.close();
  });

  async function runsAt(to: string): Promise<readonly RunId[]> {
    const store = await openPostgresStore(to);
    const runs = (await store.runs()).map(({ id }) => id);
    await store.close();
    return runs;
  }

  it("refuses an older copy that was restored, whether it went on or not, and takes it as another bench", async () => {
    const [folder, to, draw] = [emptyFolder(), await postgres.database(), draws(21)];
    await work(folder, draw, 15);
    const copy = emptyFolder();
    cpSync(folder, copy, { recursive: true });
    await work(folder, draw, 15);
    await hand(folder, { to, bench: "left" });
    const before = await toldAt(to);
    const refused = {
      code: "workspace-failed",
      message: expect.stringMatching(/is not the one that was handed on: .*older copy.*--restored/) as string,
    };
    await expect(hand(copy, { to })).rejects.toMatchObject(refused);
    await work(copy, draws(22), 30);
    await expect(hand(copy, { to })).rejects.toMatchObject(refused);
    expect(await toldAt(to)).toEqual(before);
    await expect(hand(copy, { to, bench: "left-2" })).rejects.toMatchObject({ code: "bad-argument" });
    await hand(copy, { to, bench: "left-2", restored: true });
    // From then on it is known by that name.
    expect((await hand(copy, { to })).result).toMatchObject({ bench: "left-2", rows: 0 });
    const here = await openWorkspace(copy);
    const runs = (await runsAt(to)).slice(-(await here.runs()).length);
    const there = await openPostgresStore(to);
    expect(await told(there, runs)).toEqual(await told(here));
    await here.close();
    await there.close();
  });

  async function toldAt(to: string): Promise<unknown> {
    const store = await openPostgresStore(to);
    const all = await told(store);
    await store.close();
    return all;
  }

  it("gives a name to one workspace", async () => {
    const [left, right, to] = [emptyFolder(), emptyFolder(), await postgres.database()];
    await work(left, draws(31), 5);
    await work(right, draws(32), 5);
    await hand(left, { to, bench: "probe" });
    await expect(hand(right, { to, bench: "probe" })).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/Another workspace hands on.*as the bench probe/) as string,
    });
    await expect(hand(left, { to, bench: "a b" })).rejects.toMatchObject({ code: "bad-argument" });
  });

  it("keeps at the server what the bench deletes to have room", async () => {
    const [folder, to] = [emptyFolder(), await postgres.database()];
    await work(folder, draws(41), 40);
    let store = await openWorkspace(folder);
    for (const { id, outcome } of await store.runs())
      if (outcome === "running") await store.endRun(id, "done");
    const [first] = await store.runs();
    await store.close();
    await hand(folder, { to });
    const before = await openPostgresStore(to);
    const turns = await collect(before.turns(first!.id));
    expect(turns.length).toBeGreaterThan(0);
    await before.close();
    store = await openWorkspace(folder);
    const tile = {
      block: plan.tiles[0]!.block,
      devicesPerRow: 2,
      pulses: Uint32Array.of(1, 2, 3, 4),
      uncertainPulses: new Uint32Array(4),
      pulsedAtMicroseconds: Float64Array.of(1, 2, 3, 4),
    };
    await store.keepWear([{ run: first!.id, newestTurn: await store.newestTurn(first!.id), tiles: [tile] }]);
    await store.deleteRun(first!.id, { at: "2026-02-02", deleted: true });
    await store.close();
    await hand(folder, { to });
    const after = await openPostgresStore(to);
    expect(await collect(after.turns(first!.id))).toEqual(turns);
    expect(await after.summary(first!.id)).toMatchObject({ outcome: "done" });
    expect(await after.labels(first!.id)).toMatchObject({ deletedAt: undefined });
    await after.close();
  });

  it("leaves what people write at the server, and what was sealed there, as it is", async () => {
    const [folder, to] = [emptyFolder(), await postgres.database()];
    const here = await openWorkspace(folder);
    const run = await here.beginRun({ ...plan, labels: { tags: ["ald"] } }, identity, "2026-01-01T00:00:00Z");
    await here.appendTurn(run, turn);
    await hand(folder, { to });
    const there = await openPostgresStore(to);
    await there.appendNote(run, { notedAt: "2026-01-02T00:00:00Z", what: "note", text: "seen", by: "anna" });
    await there.appendLabel(run, { at: "2026-01-02T00:00:00Z", add: ["good"], remove: ["ald"] });
    await here.appendLabel(run, { at: "2026-01-03T00:00:00Z", add: ["late"] });
    await hand(folder, { to });
    expect(await there.notes(run)).toMatchObject([{ text: "seen", by: "anna" }]);
    expect((await there.labels(run)).tags).toEqual(["good", "late"]);
    await expect(there.appendTurn(run, turn)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("it goes on there, and not at the server") as string,
    });
    await there.appendLabel(run, { at: "2026-01-04T00:00:00Z", sealed: true });
    await here.appendTurn(run, { ...turn, turn: 1 });
    await here.appendNote(run, { notedAt: "2026-01-05T00:00:00Z", what: "note", text: "later" });
    const { events } = await hand(folder, { to });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "warning", code: "sealed_at_server", name: run }),
    );
    expect(await collect(there.turns(run))).toEqual([turn]);
    expect((await there.notes(run)).map(({ text }) => text)).toEqual(["seen", "later"]);
    await there.close();
    await here.close();
  });

  it("gives networks over several chips with their runs, whose names at the server they have from then on", async () => {
    const to = await postgres.database();
    const [left, right] = [emptyFolder(), emptyFolder()];
    await networkIn(left, { before: 1, title: "s.json" });
    await networkIn(right, { before: 0, title: "other.json" });
    await hand(left, { to, bench: "left" });
    await hand(right, { to, bench: "right" });
    // A trim of which one share stays with the run that held it.
    await networkIn(left, { before: 0, title: "trim of n1: s.json", corrects: "n1", keeps: "r2" });
    await hand(left, { to });
    expect((await hand(left, { to })).result.rows).toBe(0);
    const store = await openPostgresStore(to);
    const told = (await store.groups()).map(({ id, title, corrects, spares, recipe, shares }) => ({
      id,
      title,
      corrects,
      shares: shares.map(({ run, chip: at, before }) => [run, at, ...before.map((one) => one.run)]),
      rest: [spares, recipe],
    }));
    const rest = [[], undefined];
    expect(told).toEqual([
      // r1 is a run by itself.
      {
        id: "n2",
        title: "s.json",
        corrects: undefined,
        rest,
        shares: [
          ["r2", "a"],
          ["r4", "c", "r3"],
        ],
      },
      {
        id: "n5",
        title: "other.json",
        corrects: undefined,
        rest,
        shares: [
          ["r5", "a"],
          ["r7", "c", "r6"],
        ],
      },
      {
        id: "n8",
        title: "trim of n2: s.json",
        corrects: "n2",
        rest,
        shares: [
          ["r2", "a"],
          ["r9", "c", "r8"],
        ],
      },
    ]);
    expect((await wholeReader(store).plan("n2")).tiles).toHaveLength(2 * plan.tiles.length);
    await store.close();
    const workspace = await openWorkspace(left);
    expect((await workspace.groups()).map(({ id }) => id)).toEqual(["n1", "n2"]);
    await workspace.close();
  });

  it("tells one who may only look what is missing, and writes nothing", async () => {
    const [folder, to] = [emptyFolder(), await postgres.database()];
    await work(folder, draws(51), 20);
    await hand(folder, { to });
    const before = await toldAt(to);
    const looking = await postgres.as("anna", to, ["mho_look"]);
    const refused = {
      code: "workspace-failed",
      message: expect.stringMatching(/anna may look at .*GRANT mho_operate TO "anna"/) as string,
    };
    await work(folder, draws(52), 20);
    await expect(hand(folder, { to: looking })).rejects.toMatchObject(refused);
    const store = await openPostgresStore(looking);
    expect(store.readOnly).toBe(true);
    expect(await told(store)).toEqual(before);
    const note = { notedAt: "t", what: "note", text: "" } as const;
    await expect(store.appendNote("r1", note)).rejects.toMatchObject(refused);
    await expect(store.beginRun(plan, identity, "t")).rejects.toMatchObject(refused);
    await store.close();
    const operating = await postgres.as("bench1", to, ["mho_operate"]);
    await hand(folder, { to: operating });
    await expectEqual(folder, to);
    // What was handed on, no bench can change.
    const server = await openServer(operating);
    for (const sql of [
      "UPDATE mho.turns SET verdicts = ''",
      "DELETE FROM mho.sweeps",
      "DELETE FROM mho.runs",
    ])
      await expect(server.query(sql)).rejects.toMatchObject({
        message: expect.stringMatching(/bench1 has no right to this .*mho_administer/) as string,
      });
    await server.close();
  });
});

function following(): { readonly events: BenchEvent[]; readonly stop: AbortController } {
  return { events: [], stop: new AbortController() };
}

/** A network over two chips, the second of which failed. */
async function networkIn(
  folder: string,
  options: {
    readonly before: number;
    readonly title: string;
    readonly corrects?: string;
    readonly keeps?: string;
  },
): Promise<void> {
  const { before, title, corrects, keeps } = options;
  const store = await openWorkspace(folder);
  for (let k = 0; k < before; k++) await store.beginRun(plan, identity, "t");
  const shares = ["a", "b"].map((at, k) => ({
    chip: at,
    firstTile: k * plan.tiles.length,
    tiles: plan.tiles.length,
  }));
  const group = await store.appendGroup({
    kind: "begun",
    at: "t",
    title,
    shares,
    spares: ["c", "d"],
    corrects,
  });
  const begin = (share: number): Promise<RunId> =>
    store.beginRun({ ...plan, share: { group, share, firstTile: 0 } }, identity, "t");
  if (keeps === undefined) await begin(0);
  else await store.appendGroup({ kind: "serves", group, share: 0, run: keeps });
  await begin(1);
  await store.appendGroup({ kind: "moved", at: "t", group, share: 1, chip: "c", why: "It failed." });
  await begin(1);
  await store.close();
}
