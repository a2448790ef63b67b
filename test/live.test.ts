import { readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Convergence } from "../src/results/convergence.ts";
import { emptyMemory, foldTurn } from "../src/run/journal.ts";
import { MhoError } from "../src/errors.ts";
import { summarise } from "../src/results/summary.ts";
import { recall } from "../src/run/recall.ts";
import { openBench } from "../lab/bench.ts";
import { openWorkspace, type OpenOptions, type Workspace } from "../storage/workspace.ts";
import { bearerToken, isSameOrigin, namesServer } from "../web/access.ts";
import { LiveDesk } from "../web/liveDesk.ts";
import type { RunState } from "../web/liveState.ts";
import { readPageFiles } from "../web/pageFiles.ts";
import { type LiveServer, serveLive } from "../web/server.ts";
import { openTestChip, type TestChip } from "./support/chips.ts";
import { mho } from "./support/commandHere.ts";
import { startMho } from "./support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { carryOut, gated, planToWatch, watchOver } from "./support/liveRun.ts";
import { collect, identity, plan, turn } from "./contracts/runStore.ts";

removeFoldersAfterEach();

const token = "a-token-of-the-test";
const wallTime = (): string => "2026-01-01T00:00:00Z";
const pageFolder = fileURLToPath(new URL("../dist/web/page", import.meta.url));

let folder: string;
let store: Workspace;
let server: LiveServer | undefined;
let address: string;

beforeEach(async () => {
  folder = emptyFolder();
  store = await openWorkspace(folder);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await store.close();
});

async function serve(host = "127.0.0.1", options: OpenOptions = {}): Promise<void> {
  const files = await readPageFiles(pageFolder);
  // As another program would: by a connection of its own.
  const seen = await openWorkspace(folder, options);
  const { readOnly } = seen;
  const library = await openBench({ workspace: folder, config: "none" });
  const made = await serveLive(seen, {
    host,
    port: 0,
    token,
    files,
    library,
    workspace: "w",
    readOnly,
    wallTime,
  });
  const close = (): Promise<void> =>
    made
      .close()
      .then(() => library.close())
      .then(() => seen.close());
  server = { port: made.port, close };
  address = `http://127.0.0.1:${made.port}`;
}

/** Reads what the server tells until something is told that a test waits for. */
async function heard<T>(query: string, event: string, wanted: (value: T) => boolean): Promise<T> {
  const leaving = new AbortController();
  const answer = await fetch(`${address}/api/live?${query}`, { signal: leaving.signal });
  let text = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const messages = text.split("\n\n");
    text = messages.pop()!;
    for (const message of messages) {
      const [, kind, data] = /^event: (.*)\ndata: (.*)/.exec(message) ?? [];
      if (kind !== event || !wanted(JSON.parse(data!) as T)) continue;
      leaving.abort();
      return JSON.parse(data!) as T;
    }
  }
  throw new Error("The server ended.");
}

const asking = {
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
};

function ask(run: string, request: string, headers: Record<string, string> = {}): Promise<Response> {
  const all = { ...asking.headers, origin: address, ...headers };
  return fetch(`${address}/api/runs/${run}/request`, {
    ...asking,
    headers: all,
    body: JSON.stringify({ request }),
  });
}

describe("the live page's server", () => {
  it("serves the page under a policy that lets nothing of elsewhere in, and nothing else of the disk", async () => {
    await serve();
    const page = await fetch(`${address}/`);
    const html = await page.text();
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=/);
    for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      if (path!.startsWith("data:")) continue;
      expect(path).toMatch(/^\.\//);
      expect([path, (await fetch(`${address}/${path!}`)).status]).toEqual([path, 200]);
    }
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/workspace.db", "/assets/"]) {
      expect((await fetch(`${address}${path}`)).status).toBe(404);
    }
  });

  it("tells of a run while another program carries it out, turn by turn, to its end", async () => {
    await serve();
    const chip = await openTestChip({ tiles: 2 });
    const { driver, letThrough } = gated(chip.driver);
    const done = carryOut(chip, store, planToWatch(chip), { driver });
    letThrough(2);
    const early = await heard<RunState>("run=r1", "run", ({ turns }) => turns >= 2);
    expect(early).toMatchObject({ phase: "programming", hears: true, settled: 0, devices: 2 * 658 });
    letThrough(1000);
    const late = await heard<RunState>("run=r1", "run", ({ phase }) => phase === "done");
    await done;
    const overview = await summarise(store, "r1");
    expect(late).toMatchObject({
      settled: overview.devices,
      accepted: overview.verdicts.accepted + overview.verdicts["accepted outside tolerance"],
      pulses: overview.pulses,
      turns: overview.turns,
      sweeps: 6,
      hears: false,
      link: { down: false, losses: 0, uncertain: 0 },
    });
    expect(late.tiles.map(({ tile, devices }) => [tile, devices])).toEqual([
      [0, 658],
      [1, 658],
    ]);
    expect(late.shown!.drift.length).toBeGreaterThan(1);
    expect(late.log.at(-1)!.text).toMatch(/^tile 1 read at an age of 1 day/);
  });

  it("tells the age at which a tile was truly read, where that was late", async () => {
    await serve();
    const chip = await openTestChip({ tiles: 2 });
    await carryOut(chip, store, planToWatch(chip));
    const last = (await collect(store.sweeps("r1"))).findLast(({ tile }) => tile === 1)!;
    const rowTimesMicroseconds = last.rowTimesMicroseconds.map((at) => at + 86_400e6);
    await store.appendSweep("r1", { ...last, timeSeconds: 90_000, rowTimesMicroseconds });
    const { shown, log } = await heard<RunState>("run=r1", "run", ({ sweeps }) => sweeps === 7);
    expect(shown).toMatchObject({ tile: 1, ageSeconds: expect.closeTo(172_800, -2) as number });
    expect(log.at(-1)!.text).toMatch(/^tile 1 read at an age of 2 days/);
  });

  it("gives a tile's devices as the journal has them", async () => {
    await serve();
    const chip = await openTestChip({ tiles: 2 });
    const plan = planToWatch(chip);
    await carryOut(chip, store, plan);
    const bytes = await (await fetch(`${address}/api/runs/r1/tiles/1/devices`)).arrayBuffer();
    const count = plan.tiles[1]!.targetsMicrosiemens.length;
    expect(bytes.byteLength).toBe(9 * count);
    expect(new Float32Array(bytes, 0, count)).toEqual(plan.tiles[1]!.targetsMicrosiemens);
    const last = (await collect(store.sweeps("r1"))).findLast(({ tile }) => tile === 1)!;
    const readings = new Float32Array(bytes, 4 * count, count);
    expect(readings.filter((g) => !Number.isNaN(g))).toEqual(
      last.conductanceMicrosiemens.filter((_, i) => i % 7 !== 0),
    );
    expect(new Uint8Array(bytes, 8 * count, count)).toEqual((await recall(store, "r1"))[1]!.verdicts);
    for (const tile of ["2", "-1", "x", "1e9"]) {
      expect((await fetch(`${address}/api/runs/r1/tiles/${tile}/devices`)).status).toBe(404);
    }
  });

  it("sends titles, log lines, notes and refusals without what would break a line or turn its direction", async () => {
    await serve();
    const chip = await openTestChip({ tiles: 2 });
    const nasty = "\u001b[2J\r\nall is well\u202e\u2028\0";
    await carryOut(chip, store, { ...planToWatch(chip), title: nasty });
    await store.appendNote("r1", { notedAt: "2027-01-01T00:00:00Z", what: "failed", text: nasty });
    const [line] = await heard<{ title: string }[]>("", "runs", () => true);
    const { title, log } = await heard<RunState>("run=r1", "run", () => true);
    const trouble = await heard<string>("run=r1%0a%1b", "trouble", () => true);
    const runs = await (await fetch(`${address}/api/runs`)).text();
    const refused = await (await ask("r1%0a%1b", "stop")).text();
    expect([line!.title, title, log.at(-1)!.text]).toEqual([
      "?[2J??all is well???",
      "?[2J??all is well???",
      "failed: ?[2J??all is well???",
    ]);
    expect(trouble).toContain("r1??");
    for (const sent of [runs, refused]) {
      expect(sent).toContain("??");
      expect(sent).not.toMatch(/\\[nru0]/);
    }
  });

  it("keeps no place for those who ask for its head alone", async () => {
    await serve();
    for (let n = 0; n < 40; n++) {
      const head = await fetch(`${address}/api/live`, { method: "HEAD" });
      expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    await heard("", "runs", () => true);
  });

  it("keeps no place for pages that were closed, however many are opened and closed in a row", async () => {
    await serve();
    for (let n = 0; n < 100; n++) {
      const leaving = new AbortController();
      const page = await fetch(`${address}/api/live`, { signal: leaving.signal });
      expect(page.status).toBe(200);
      leaving.abort();
    }
    await heard("", "runs", () => true);
  });

  it("shows a workspace that may only be read, offers no pause and no stop, and says so", async () => {
    const run = await store.beginRun(plan, identity, "2026-01-02T03:04:05Z");
    await store.appendTurn(run, turn);
    await serve("127.0.0.1", { mayOnlyBeRead: () => true });
    const state = await heard<RunState>(`run=${run}`, "run", () => true);
    expect(state).toMatchObject({ run, phase: "programming", turns: 1, hears: false });
    const { workspace } = await heard<{ workspace: string }>("", "hello", () => true);
    expect(workspace).toContain("may only be read");
    const refused = await ask(run, "stop");
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining("may only be read"),
    ]);
    expect(await store.request(run)).toBeUndefined();
  });

  it("takes no other name for a run that there is", async () => {
    await serve();
    const chip = await openTestChip({ tiles: 2 });
    await carryOut(chip, store, planToWatch(chip));
    for (const name of ["x1", "r1e0", "r01", "1"]) {
      expect((await fetch(`${address}/api/runs/${name}/tiles/0/devices`)).status).toBe(404);
      expect((await ask(name, "stop")).status).toBe(404);
    }
  });

  it("says that there is no such run, and goes on telling of those that there are", async () => {
    await serve();
    expect(await heard<string | null>("run=r9", "trouble", () => true)).toContain("no run r9");
    expect(await heard<unknown[]>("", "runs", () => true)).toEqual([]);
    expect((await ask("r9", "stop")).status).toBe(404);
  });

  it("shows a run that begins while somebody waits for it, to whoever waited and to who comes then", async () => {
    const desk = new LiveDesk(store);
    await desk.lookOn("r1", async () => {
      await expect(desk.state("r1", undefined)).rejects.toThrow("no run r1");
      const chip = await openTestChip({ tiles: 2 });
      await carryOut(chip, store, planToWatch(chip));
      expect((await desk.state("r1", undefined)).phase).toBe("done");
      await desk.lookOn("r1", async () => {
        expect((await desk.state("r1", undefined)).phase).toBe("done");
      });
    });
  });
});

describe("what is asked by the live page", () => {
  it("pauses, resumes and stops a run, and each is told of", async () => {
    await serve();
    const chip = await openTestChip({ tiles: 2 });
    const { driver, letThrough } = gated(chip.driver);
    // The run's own process looks every so often; here it looks whenever the test lets it.
    const clock = { nowMicroseconds: () => 0, sleep: () => new Promise<void>((next) => setImmediate(next)) };
    const ended = carryOut(chip, store, planToWatch(chip), { driver, clock }).catch(
      (error: unknown) => error,
    );
    await heard<RunState>("run=r1", "run", ({ turns }) => turns === 1);
    expect((await ask("r1", "pause")).status).toBe(204);
    expect((await heard<RunState>("run=r1", "run", () => true)).asked).toBe("pause");
    letThrough(1);
    expect(await heard<RunState>("run=r1", "run", ({ phase }) => phase === "paused")).toMatchObject({
      asked: null,
    });
    expect(chip.firmware.inStandby).toBe(true);
    expect((await ask("r1", "resume")).status).toBe(204);
    await heard<RunState>("run=r1", "run", ({ phase }) => phase === "programming");
    expect(chip.firmware.inStandby).toBe(false);
    await ask("r1", "stop");
    letThrough(1);
    await heard<RunState>("run=r1", "run", ({ phase }) => phase === "interrupted");
    expect(chip.firmware.inStandby).toBe(true);
    expect(await ended).toMatchObject({ code: "interrupted" });
    expect(await (await ask("r1", "pause")).json()).toEqual({
      error: "Run r1 has already ended.",
    });
  });

  it("is refused to whoever has no token, comes from another page, or asks for something else", async () => {
    await serve();
    const chip = await openTestChip();
    const { driver, letThrough } = gated(chip.driver);
    const ended = carryOut(chip, store, planToWatch(chip, 1), { driver });
    await heard<RunState>("run=r1", "run", () => true);
    const refused: [Record<string, string>, string, number][] = [
      [{ authorization: "" }, "stop", 401],
      [{ authorization: "Bearer another-token-here" }, "stop", 401],
      [{ authorization: token }, "stop", 401],
      [{ origin: "https://example.org" }, "stop", 403],
      [{ origin: "null" }, "stop", 403],
      [{ origin: `${address}.example.org` }, "stop", 403],
      [{}, "standby", 400],
      [{}, "x".repeat(2000), 413],
    ];
    for (const [headers, wish, status] of refused) {
      expect([headers, (await ask("r1", wish, headers)).status]).toEqual([headers, status]);
    }
    const bare = {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: '{"request":"stop"}',
    };
    expect((await fetch(`${address}/api/runs/r1/request`, bare)).status).toBe(403);
    expect(await store.request("r1")).toBeUndefined();
    letThrough(1000);
    await ended;
  });

  it("is refused under a name that another page may have made to point here", async () => {
    await serve();
    const { request } = await import("node:http");
    const status = await new Promise((resolve) => {
      const headers = { host: "mho.example.org", origin: "http://mho.example.org" };
      request(`${address}/api/runs`, { headers }, (answer) => resolve(answer.statusCode)).end();
    });
    expect(status).toBe(403);
  });

  it("takes the token to see anything from beyond this machine, and a look is no leave to ask", async () => {
    await serve("0.0.0.0");
    expect((await fetch(`${address}/`)).status).toBe(200);
    expect((await fetch(`${address}/api/runs`)).status).toBe(401);
    expect((await fetch(`${address}/api/live`)).status).toBe(401);
    const { status, headers } = await fetch(`${address}/api/session`, {
      ...asking,
      headers: { ...asking.headers, origin: address },
    });
    expect(status).toBe(204);
    const cookie = headers.get("set-cookie")!;
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toContain(token);
    const pass = { cookie: cookie.split(";")[0]! };
    expect((await fetch(`${address}/api/runs`, { headers: pass })).status).toBe(200);
    expect((await ask("r1", "stop", { ...pass, authorization: "" })).status).toBe(401);
    expect((await fetch(`${address}/api/runs`, { headers: { cookie: "mho-looks-on=x" } })).status).toBe(401);
  });

  it("whatever it is, never brings the server down", async () => {
    await serve();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"),
        fc.constantFrom(
          "/",
          "/api/runs",
          "/api/session",
          "/api/runs/r1/request",
          "/api/runs/%00/tiles/0/devices",
        ),
        fc.string({ unit: "grapheme", maxLength: 40 }),
        fc.uint8Array({ maxLength: 1500 }),
        async (method, path, tail, body) => {
          const withBody = method === "GET" || method === "HEAD" ? {} : { body };
          const headers = { ...asking.headers, origin: address };
          const url = `${address}${path}${encodeURIComponent(tail.replace(/[\ud800-\udfff]/g, ""))}`;
          const answer = await fetch(url, { method, headers, ...withBody });
          await answer.arrayBuffer();
          expect(answer.status).toBeLessThan(500);
        },
      ),
      { seed: 5, numRuns: 200 },
    );
    expect((await fetch(`${address}/api/runs`)).status).toBe(200);
  });
});

describe("who is let in", () => {
  it.each(["127.0.0.1:8417", "localhost", "localhost:1", "[::1]:80", "127.9.9.9"])(
    "%s is this machine",
    (host) => {
      expect(namesServer(host)).toBe(true);
    },
  );
  it.each([
    undefined,
    "",
    "example.org",
    "127.0.0.1.example.org",
    "localhost.evil",
    "10.0.0.1",
    "a@127.0.0.1",
    "[::2]",
  ])("%s is not", (host) => {
    expect(namesServer(host)).toBe(false);
  });
  it("a page is the server's own when its origin names the host that was asked, port and all", () => {
    expect(isSameOrigin("http://localhost:8417", "localhost:8417")).toBe(true);
    expect(isSameOrigin("http://localhost:8418", "localhost:8417")).toBe(false);
    expect(isSameOrigin("file://localhost:8417", "localhost:8417")).toBe(false);
    expect(isSameOrigin(undefined, "localhost:8417")).toBe(false);
  });
  it("a token is what follows Bearer, and nothing else", () => {
    expect(bearerToken("Bearer abc")).toBe("abc");
    for (const header of [undefined, "", "Basic abc", "Bearer", "Bearer a b", `Bearer ${"a".repeat(201)}`]) {
      expect(bearerToken(header)).toBeUndefined();
    }
  });
});

describe("a run that is looked at", () => {
  it("is the same taken in at once or as it grew", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const desk = new LiveDesk(store);
    let [looks, seen] = [Promise.resolve(), 0];
    const look = async (): Promise<void> => {
      await desk.state("r1", 1);
      seen++;
    };
    let release = (): void => {};
    let looking = Promise.resolve();
    await carryOut(chip, store, planToWatch(chip), {
      onEvent({ type }) {
        if (type === "started") {
          looking = desk.lookOn("r1", () => new Promise((resolve) => (release = resolve)));
        }
        looks = looks.then(look);
      },
    });
    await looks;
    const grown = await desk.state("r1", 1);
    release();
    await looking;
    expect(seen).toBeGreaterThan(10);
    expect(await new LiveDesk(store).state("r1", 1)).toEqual(grown);
  });

  it("converges by the RMS of its tiles together, each where it stood last, and by what is still fired at", () => {
    const tileOf = (tile: number) => ({
      block: { tile, rowStart: 0, rowCount: 1 },
      targetsMicrosiemens: Float32Array.of(10, 10, Number.NaN),
    });
    const convergence = new Convergence({ tiles: [tileOf(0), tileOf(1)] });
    const take = (tile: number, readings: readonly number[][]): void => {
      const memory = emptyMemory(tileOf(tile).block, 3);
      readings.forEach((values, turn) => {
        const pulse = { kind: "reset", widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0 } as const;
        foldTurn(memory, {
          tile,
          turn,
          devices: Uint32Array.of(0, 1),
          conductanceMicrosiemens: Float32Array.from(values),
          verdicts: new Uint8Array(2),
          orders: turn === 0 ? [{ ...pulse, codes: Uint16Array.of(7, 0) }] : [],
          firstTicket: 0,
          newestTicket: 0,
          fired: { rowTimesMicroseconds: new Float64Array(0), fates: new Uint8Array(0) },
          inside: 0,
          decidedAt: "",
        });
        convergence.add(memory, tileOf(tile));
      });
    };
    take(0, [
      [Number.NaN, Number.NaN],
      [13, 14],
    ]);
    take(1, [[10, 15]]);
    expect(convergence.kind).toBe("devices");
    expect(convergence.points()).toEqual([
      { turns: 1, rms: Math.sqrt(25 / 2), pulsedPercent: 50 },
      { turns: 2, rms: Math.sqrt((9 + 16 + 25) / 4), pulsedPercent: 0 },
    ]);
  });

  it("converges by its weights where it knows of them, in percent of their largest and freely scaled", () => {
    const tile = {
      block: { tile: 0, rowStart: 0, rowCount: 1 },
      targetsMicrosiemens: Float32Array.of(10, 0, 0, 20),
      cells: { devicesPerCell: 2, factors: [1, -1], wantedMicrosiemens: Float32Array.of(10, -20) },
    };
    const convergence = new Convergence({ tiles: [tile] });
    const memory = emptyMemory(tile.block, 4);
    memory.turns = 1;
    memory.lastReadMicrosiemens.set([5, 0, 0, 10]);
    convergence.add(memory, tile);
    memory.turns = 2;
    memory.lastReadMicrosiemens.set([0, 0, 0, 20]);
    convergence.add(memory, tile);
    expect(convergence.kind).toBe("weights");
    expect(convergence.points().map(({ rms }) => rms)).toEqual([0, 100 * Math.sqrt(0.5 * 0.25)]);
  });
});

describe("a watch that is looked at", () => {
  let chip: TestChip;
  beforeEach(async () => {
    chip = await openTestChip({ tiles: 2 });
    await carryOut(chip, store, planToWatch(chip, 2, 1));
  });

  const look = (): Promise<RunState> => new LiveDesk(store).state("r1", undefined);
  const notes = async (): Promise<string[]> => (await store.notes("r1")).map(({ what }) => what);
  const day = (number: number): string => `2026-01-0${number}T00:00:00Z`;

  it("is over, with the command that goes on with it, when its process ended in a pause", async () => {
    const stop = { requested: false };
    const clock = { nowMicroseconds: () => 0, sleep: () => Promise.resolve(void (stop.requested = true)) };
    const onEvent = ({ type }: { type: string }): void => {
      if (type === "watching") void store.setRequest("r1", "pause");
    };
    await expect(watchOver(chip, store, "r1", { stop, clock, onEvent })).rejects.toThrow("was stopped");
    expect(await notes()).toEqual(["paused", "stopped"]);
    expect(await look()).toMatchObject({
      phase: "watch ended",
      hears: false,
      goesOnWith: "watch",
      sweepsLeft: 4,
    });
  });

  it.each(["paused", "stopped", "failed"] as const)(
    "is not taken for %s, as an earlier one was left, while the chip is read again",
    async (what) => {
      await store.setWatch("r1", { timesSeconds: [200_000], averages: 1 });
      await store.appendNote("r1", { notedAt: day(2), what, text: "" });
      expect((await look()).phase).toBe(what === "paused" ? "paused" : "watch ended");
      let seen: Promise<RunState> | undefined;
      const onEvent = ({ type }: { type: string }): void => {
        if (type === "watching") seen = look();
      };
      await watchOver(chip, store, "r1", { onEvent });
      expect(await seen).toMatchObject({ phase: "reading", hears: true });
      expect(await notes()).toEqual([what, "resumed"]);
    },
  );

  it("is not taken for paused when a sweep was taken since, whatever was noted", async () => {
    await store.setWatch("r1", { timesSeconds: [200_000, 400_000], averages: 1 });
    await store.appendNote("r1", { notedAt: day(3), what: "paused", text: "" });
    const sweep = (await collect(store.sweeps("r1"))).at(-1)!;
    await store.appendSweep("r1", { ...sweep, takenAt: day(2) });
    expect((await look()).phase).toBe("paused");
    await store.appendSweep("r1", { ...sweep, takenAt: day(4) });
    expect(await look()).toMatchObject({ phase: "reading", heardAt: day(4) });
  });

  it("is over when somebody stopped it from the page, or when it failed, and says so in its log", async () => {
    const stopping = ({ type }: { type: string }): void => {
      if (type === "sweep") void store.setRequest("r1", "stop");
    };
    await expect(watchOver(chip, store, "r1", { onEvent: stopping })).rejects.toThrow("was stopped");
    expect(await look()).toMatchObject({ phase: "watch ended", sweepsLeft: 3 });
    const markClock = (): Promise<void> => Promise.reject(new Error("the disk is full"));
    await expect(watchOver(chip, store, "r1", { markClock })).rejects.toThrow("disk is full");
    expect(await look()).toMatchObject({ phase: "watch ended", sweepsLeft: 2, hears: false });
    expect((await look()).log.at(-1)!.text).toBe("failed: the disk is full");
  });

  it("is over when it was stopped while its chip was out of reach, where no turn heeds it", async () => {
    const text = "Stopped while the chip was out of reach.";
    const markClock = (): Promise<void> => Promise.reject(new MhoError("interrupted", text));
    await expect(watchOver(chip, store, "r1", { markClock })).rejects.toThrow(text);
    expect(await notes()).toEqual(["stopped"]);
    expect(await look()).toMatchObject({ phase: "watch ended", hears: false, goesOnWith: "watch" });
  });

  it("has nothing to come of a tile that was never pulsed", async () => {
    const { targetsMicrosiemens, block } = planToWatch(chip).tiles[0]!;
    const nothing = {
      block: { ...block, tile: 1 },
      targetsMicrosiemens: targetsMicrosiemens.map(() => Number.NaN),
    };
    const plan = planToWatch(chip, 1);
    await carryOut(chip, store, { ...plan, tiles: [...plan.tiles, nothing] });
    await store.setWatch("r2", { timesSeconds: [200_000, 400_000], averages: 1 });
    expect((await new LiveDesk(store).state("r2", undefined)).sweepsLeft).toBe(2);
  });
});

describe("what the page has the library do", () => {
  let run: string;
  beforeEach(async () => {
    run = await store.beginRun(plan, identity, "2026-01-02T03:04:05Z");
    await store.appendTurn(run, turn);
  });

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${address}${path}`, {
      method: "POST",
      headers: { ...asking.headers, origin: address, ...headers },
      body: JSON.stringify(body),
    });
  const looks = [
    "/api/search?where=tag=ald",
    "/api/compare?runs=r1,r1",
    "/api/comparison?runs=r1,r1",
    "/api/runs/r1/report",
    "/api/runs/r1/figures",
    "/api/runs/r1/export?to=csv&of=turns",
    "/api/runs/r1/tiles/0/frames",
    "/api/runs/r1/tiles/0/frames/0",
  ];
  const changes = [
    ["/api/runs/r1/notes", { text: "worn" }],
    ["/api/runs/r1/tags", { add: ["ald"] }],
    ["/api/questions/q1/answer", { answer: "yes" }],
  ] as const;
  const queued = [
    ["/api/queue/start", {}],
    ["/api/queue/j1", { change: "remove" }],
    ["/api/runs/r1/queue", { command: "resume" }],
  ] as const;

  it("is not seen from beyond this machine without the token", async () => {
    await serve("0.0.0.0");
    for (const path of looks) expect([path, (await fetch(`${address}${path}`)).status]).toEqual([path, 401]);
  });

  it("is not made for pages of elsewhere, nor under another name, nor for its head alone", async () => {
    await serve();
    const { request } = await import("node:http");
    const status = (path: string, headers: Record<string, string>): Promise<unknown> =>
      new Promise((resolve) =>
        request(`${address}${path}`, { headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).end(),
      );
    for (const path of looks) {
      expect([path, await status(path, { host: "mho.example.org" })]).toEqual([path, 403]);
      if (!path.includes("/frames"))
        expect([path, await status(path, { "sec-fetch-site": "cross-site" })]).toEqual([path, 403]);
    }
    for (const path of ["/api/runs/r9/report", "/api/comparison?runs=r9,r8"]) {
      const head = await fetch(`${address}${path}`, { method: "HEAD" });
      // Where it was made, it would say that there is no such run.
      expect([path, head.status]).toEqual([path, 200]);
    }
  });

  it("takes the token and the page's own origin to change anything", async () => {
    await serve();
    await store.appendQuestion({
      kind: "asked",
      at: "2026-01-02T03:04:05Z",
      text: "Needle down?",
      answers: ["yes", "no"],
      from: { host: "another-machine", process: 1 },
    });
    for (const [path, body] of [...changes, ...queued]) {
      for (const [headers, status] of [
        [{ authorization: "" }, 401],
        [{ authorization: "Bearer another-token-here" }, 401],
        [{ origin: "https://example.org" }, 403],
      ] as const)
        expect([path, headers, (await post(path, body, headers)).status]).toEqual([path, headers, status]);
    }
    for (const [path] of changes)
      expect([path, (await post(path, { other: 1 })).status]).toEqual([path, 400]);
    // Without a worker to start, it says how; and there is no job yet.
    const said = await Promise.all(queued.slice(0, 2).map(([path, body]) => post(path, body)));
    expect(said.map(({ status }) => status)).toEqual([409, 400]);
    expect((await store.notes(run)).length + (await store.labels(run)).tags.length).toBe(0);
    for (const [path, body] of changes) expect([path, (await post(path, body)).status]).toEqual([path, 204]);
    expect((await store.notes(run)).at(-1)).toMatchObject({ what: "note", text: "worn" });
    expect((await store.labels(run)).tags).toEqual(["ald"]);
    expect(await store.questions()).toMatchObject([{ state: "answered", answer: "yes" }]);
    const again = await post("/api/questions/q1/answer", { answer: "no" });
    expect([again.status, await again.json()]).toEqual([400, { error: "Question q1 was answered: yes." }]);
  });

  it("takes notes of ten thousand characters, and nothing that is larger", async () => {
    await serve();
    expect((await post("/api/runs/r1/notes", { text: "\u0001".repeat(10_000) })).status).toBe(204);
    expect((await post("/api/runs/r1/notes", { text: "a".repeat(10_001) })).status).toBe(400);
    expect((await post("/api/runs/r1/notes", { text: "a".repeat(70_000) })).status).toBe(413);
    expect((await post("/api/runs/r1/tags", { add: ["a".repeat(2000)] })).status).toBe(413);
  });

  it("names runs alone: no file and no chip passes for one", async () => {
    await serve();
    writeFileSync(join(folder, "strategy.json"), "{}");
    for (const name of ["pcm-64", encodeURIComponent(join(folder, "strategy.json")), "..%2fr1", "R1"]) {
      for (const what of ["report", "figures", "export?to=csv"])
        expect([name, what, (await fetch(`${address}/api/runs/${name}/${what}`)).status]).toEqual([
          name,
          what,
          404,
        ]);
      expect((await post(`/api/runs/${name}/notes`, { text: "worn" })).status).toBe(404);
    }
  });

  it("sends a report in a sandbox where nothing runs, and tables as files", async () => {
    await serve();
    const report = await fetch(`${address}/api/runs/r1/report`);
    expect([report.status, report.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(report.headers.get("content-security-policy")).toMatch(
      /^sandbox[^;]*; default-src 'none'; style-src/,
    );
    expect(report.headers.get("content-security-policy")).not.toMatch(/script|allow-same-origin/);
    expect(await report.text()).toMatch(/^<!doctype html>/i);
    const table = await fetch(`${address}/api/runs/r1/export?to=csv&of=turns`);
    expect(table.headers.get("content-disposition")).toBe('attachment; filename="r1.turns.csv"');
    expect((await table.text()).length).toBe(Number(table.headers.get("content-length")));
    const refused = await fetch(`${address}/api/runs/r9/report`);
    expect([refused.status, refused.headers.get("content-type")]).toEqual([
      400,
      expect.stringMatching(/^text\/plain/),
    ]);
  });

  it("leaves nothing behind of the files that it made", async () => {
    await serve();
    const made = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("mho-page-"));
    const before = made();
    for (const path of ["report", "figures", "export?to=csv&of=turns", "export?to=parquet&of=turns"])
      await (await fetch(`${address}/api/runs/r1/${path}`)).arrayBuffer();
    await fetch(`${address}/api/runs/r9/report`);
    await expect.poll(() => made().filter((name) => !before.includes(name))).toEqual([]);
  });

  it("is done on a workspace that may only be read as far as it writes nothing", async () => {
    await serve("127.0.0.1", { mayOnlyBeRead: () => true });
    for (const path of [
      "/api/search?where=run=r1",
      "/api/runs/r1/report",
      "/api/runs/r1/export?to=csv&of=turns",
    ])
      expect([path, (await fetch(`${address}${path}`)).status]).toEqual([path, 200]);
    for (const [path, body] of [...changes, ...queued]) {
      const refused = await post(path, body);
      expect([path, refused.status, await refused.text()]).toEqual([
        path,
        409,
        expect.stringContaining("may only be read"),
      ]);
    }
  });
});

describe("mho serve", () => {
  it("says where the page is, with a token of its own, and ends well when it is stopped", async () => {
    const started = startMho(["serve", "--port", "0", "--workspace", folder]);
    const line = await started.line(/^Live page: /);
    const [, root, secret] = /(http:\/\/127\.0\.0\.1:\d+\/)#token=([\w-]{22})$/.exec(line)!;
    expect((await fetch(root!)).status).toBe(200);
    expect(secret).not.toBe("");
    started.process.kill("SIGINT");
    expect((await started.ended()).code).toBe(0);
  });

  it("refuses a token that is easy to guess, and an address that is none", async () => {
    const refused = async (...flags: string[]): Promise<string> => {
      const ended = await mho("serve", "--port", "0", "--workspace", folder, ...flags);
      expect(ended.code).toBe(2);
      return ended.err;
    };
    expect(await refused("--token", "a".repeat(12))).toMatch(
      /easy to guess\. Give one of at least 8 different/,
    );
    expect(await refused("--token", "abababababababab")).toMatch(/easy to guess/);
    for (const url of [
      "lab.example/mho",
      "ftp://lab.example/",
      "https://me:secret@lab.example/",
      "https://x/#y",
    ])
      expect(await refused("--public-url", url)).toMatch(/such as https:\/\/lab\.example\/mho\//);
  });

  it("warns of plain HTTP beyond this machine, and says what is shown without the token", async () => {
    const said = async (...flags: string[]): Promise<string> => {
      const mho = startMho(["serve", "--port", "0", "--workspace", folder, ...flags]);
      await mho.line(/without it/);
      mho.process.kill("SIGTERM");
      const { out, err } = await mho.ended();
      return out + err;
    };
    const token_ = ["--token", token];
    expect(await said()).toMatch(/without it the page can only be looked at(?![^]*plain HTTP)/);
    expect(await said("--host", "0.0.0.0", ...token_)).toMatch(/nothing of a run is shown[^]*is plain HTTP/);
    expect(await said("--public-url", "https://lab.example/mho")).toMatch(
      /https:\/\/lab\.example\/mho\/#token=[^]*nothing of a run is shown(?![^]*plain HTTP)/,
    );
    expect(await said("--public-url", "http://lab.example")).toMatch(/is plain HTTP/);
  });

  it("prints a token so that an address can carry it", async () => {
    const secret = "50%41-of-a#token&more";
    const started = startMho(["serve", "--port", "0", "--workspace", folder, "--token", secret]);
    const line = await started.line(/^Live page: /);
    expect(decodeURIComponent(/#token=([\w%-]+)$/.exec(line)![1]!)).toBe(secret);
    started.process.kill("SIGINT");
    await started.ended();
  });

  it("says where it is although it is to be quiet, and that it made a workspace which was not there", async () => {
    const fresh = join(folder, "new");
    const quiet = startMho(["serve", "--port", "0", "--quiet", "--workspace", folder]);
    await quiet.line(/^Live page: /);
    const made = startMho(["serve", "--port", "0", "--workspace", fresh]);
    await made.line(/^There was no workspace in .*new: it was made/);
    quiet.process.kill("SIGINT");
    made.process.kill("SIGINT");
    expect((await quiet.ended()).out.trim().split("\n")).toHaveLength(1);
    await made.ended();
  });

  it("says that a file is where the workspace should be", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const { code, err } = await mho("serve", "--port", "0", "--workspace", file);
    expect([code, err]).toEqual([4, expect.stringMatching(/something else is where its folder should be/)]);
  });

  it.each([
    [["--port", "70000"], /--port 70000: give a port from 0 to 65535/],
    [["--host", "0.0.0.0"], /can be reached from other machines: set a --token/],
    [["--token", "short"], /--token: give 12 to 200 letters/],
    [
      ["--host", "192.0.2.1", "--token", "long-enough-token"],
      /192\.0\.2\.1 is not an address of this machine/,
    ],
  ])("refuses %j with a message that says what to do", async (args, message) => {
    const { code, err } = await mho("serve", "--port", "0", "--workspace", folder, ...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  it("says that a port is taken, and by which flag to choose another", async () => {
    await serve();
    const port = String(server!.port);
    const { code, err } = await mho("serve", "--port", port, "--workspace", folder);
    expect([code, err]).toEqual([2, expect.stringMatching(/is taken\. Name another --port/)]);
  });
});
