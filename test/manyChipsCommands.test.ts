import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allCommands } from "../cli/commands/all.ts";
import { runCandidates } from "../lab/completion.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import { changesOf, foldGroups, ownRunsOf } from "../src/run/groups.ts";
import { UnpackedGroups } from "../storage/packGroups.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { LiveDesk } from "../web/liveDesk.ts";
import { NetworkDesk } from "../web/networkDesk.ts";
import { readPageFiles } from "../web/pageFiles.ts";
import { serveLive } from "../web/server.ts";
import {
  becomes,
  collidingIn,
  complaintsOf,
  hasBrowser,
  openBrowser,
  pageFolder,
} from "./support/browser.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { twoLayerStrategy } from "./support/smallNetwork.ts";

removeFoldersAfterAll();

const [left, right] = [1, 2].map((seed) => `emulator:pcm-64?seed=${seed}&births=sound`) as [string, string];
const folder = emptyFolder();
const workspace = join(folder, "w");
const at = ["--workspace", workspace, "--config", "none"];
const file = (name: string): string => join(folder, name);

/** One network on two chips, for all claims here. */
beforeAll(async () => {
  const bench = await openBench({ workspace, config: "none" });
  await bench.program(await twoLayerStrategy(folder), { chips: [left, right] });
  await bench.watch("n1", { until: "10m", perDecade: 3 });
  await bench.close();
});

/** What each command that takes a run does with a network: what it says, or why it refuses. In this order: the last of them delete it. */
const commands: readonly (readonly [words: readonly string[], says: RegExp, code?: number])[] = [
  [["show", "n1"], /Share 2, tile 1: r\d on pcm-64 number EMU-2/],
  [["show", "--json", "n1"], /"network":"n1"/],
  [["show", "--where", "network=n1"], /^r1 .*\nr2 /],
  [["report", "n1", "--out", file("n1.html")], /Report: /],
  [["export", "n1", "--to", "csv", "--out", file("n1.csv")], /readings/],
  [["export", "n1", "--to", "csv", "--findings"], /n1 is a network over several chips/, 2],
  [["compare", "n1", "r1", "--json", "--out", file("c.html")], /"run":"n1"/],
  [["fit", "n1", "--out", file("fit.json")], /Model: /],
  [["lot", "n1", "--out", file("lot.html")], /Report: /],
  [["watch", "n1", "--until", "10m", "--per-decade", "3"], /nothing is left to read/],
  [["watch", "n1", "--chip", left], /--chip is for one run.*\(r\d, r\d\)/, 2],
  [["calibrate", "n1"], /^ {2}tile 1 at .*\n[\s\S]*The factors are kept with each run/m],
  [["calibrate", "n1", "--chip", left], /--chip is for one run.*\(r\d, r\d\)/, 2],
  [["advise", "n1", "--times", "1h"], /^n1: weight error of one read/m],
  [["trim", "n1", "--dry-run", "--times", "1h"], /n1/],
  [["trim", "n1", "--chip", left], /--chip is for one run.*\(r\d, r\d\)/, 2],
  [["resume", "n1"], /n1 was done already/],
  [["resume", "n1", "--chip", left], /--chip is for one run/, 2],
  [["standby", "n1"], /EMU-1[\s\S]*EMU-2/],
  [["tag", "n1", "ald", "--json"], /"run":"n1","tags":\["ald"\]/],
  [["tag", "n1", "wafer-7", "--remove"], /Not every run of network n1 has the tag wafer-7/, 2],
  [["note", "n1", "warm day"], /Noted of n1/],
  [["note", "n1", "--die", "1,2"], /are of a chip, not of a run or a network/, 2],
  [["queue", "add", "watch", "n1", "--until", "1h"], /also on .*seed=2/],
  [["queue", "add", "trim", "n1", "--chip", left], /n1 is a network over several chips. Leave it out/, 2],
  [["queue", "add", "resume", "n1"], /Network n1 is done/, 2],
  [["read", "n1", "--config", "none"], /n1 is a network over several chips, and a chip is meant here/, 2],
  [["pack", "n1", "--out", file("n1.mhopack")], /n1 is in it as a whole/],
  [["archive", "n1"], /r1, r2: archived/],
  [["archive", "n1", "--undo"], /r1, r2: back in the list/],
  [["delete", "n1"], /Runs r1, r2 are not archived/, 2],
];

describe("a command that takes a run", () => {
  it.each(commands.map((one) => [one[0].join(" ").replaceAll(folder, ""), one] as const))(
    "takes a network too, or says what to do: mho %s",
    async (_, [words, says, code = 0]) => {
      const { code: ended, out, err } = await mho(...words, ...at);
      // Whether a fit is to be believed is not a matter of networks.
      if (words[0] !== "fit") expect([ended, err === ""]).toEqual([code, code === 0]);
      expect(`${out}${err}`).toMatch(says);
    },
  );

  it("is in this table, whichever it is, and a shell completes networks like runs", () => {
    expect(runCandidates(workspace).map(({ word }) => word)).toEqual(["n1", "r2", "r1"]);
    const takesRun = allCommands().filter(({ registeredArguments }) =>
      registeredArguments.some((one) => ["run", "what", "subject", "network"].includes(one.name())),
    );
    const tried = new Set(commands.map(([[name]]) => name));
    expect(takesRun.map((one) => one.name()).filter((name) => !tried.has(name))).toEqual([]);
  });
});

describe("what was written on a network", () => {
  it("stands with each of its runs, and once with the whole", async () => {
    const bench = await openBench({ workspace, config: "none" });
    const { labels, notes } = await bench.run("r2");
    expect(labels.tags).toEqual(["ald"]);
    expect(notes.map(({ text }) => text)).toContain("warm day");
    const told = (await bench.network("n1")).notes.map(({ text }) => text);
    expect(told.filter((text) => text.includes("warm day"))).toEqual(["warm day"]);
    await bench.close();
  });
});

describe("the live page of a network", () => {
  it("knows it as its runs are together, and each run its share", async () => {
    const store = await openWorkspace(workspace);
    const desk = new LiveDesk(store);
    const networks = new NetworkDesk(store, desk);
    const [line, ...others] = await networks.lines();
    expect(others).toEqual([]);
    expect(line).toMatchObject({ network: "n1", outcome: "done", runs: ["r1", "r2"], own: ["r1", "r2"] });
    await networks.lookOn("n1", async () => {
      const whole = await networks.state("n1");
      const parts = await Promise.all(["r1", "r2"].map((run) => desk.state(run, undefined)));
      for (const count of ["devices", "judged", "accepted", "done", "pulses", "sweeps"] as const)
        expect(whole[count]).toBe(parts[0]![count] + parts[1]![count]);
      expect(whole).toMatchObject({ phase: "done", hears: false, correctedBy: null });
      expect(whole.shares.map(({ run, firstTile, phase }) => [run, firstTile, phase])).toEqual([
        ["r1", 0, "done"],
        ["r2", 1, "done"],
      ]);
      expect(parts[1]!.network).toEqual({ network: "n1", share: 2, shares: 2, left: false });
    });
    expect(await networks.ask("n1", "stop")).toBe(false);
    await store.close();
  });
});

describe.skipIf(!hasBrowser)("the live page of a network, in a browser", () => {
  it("shows it as one, with its chips, its runs under it in the list, and a link from each run", async () => {
    const store = await openWorkspace(workspace);
    const bench = await openBench({ workspace, config: "none" });
    const server = await serveLive(store, {
      host: "127.0.0.1",
      port: 0,
      token: "a-token-of-the-test",
      files: await readPageFiles(pageFolder),
      library: bench,
      workspace: "w",
      wallTime: () => new Date().toISOString(),
    });
    const browser = await openBrowser();
    const page = await browser.newPage({ viewport: { width: 375, height: 800 } });
    const complaints = complaintsOf(page);
    const address = `http://127.0.0.1:${server.port}/`;
    try {
      // What is looked at when nothing is named.
      await page.goto(`${address}#token=a-token-of-the-test`);
      await becomes(page, "network-title", /^n1 .*two\.json$/);
      await becomes(page, "network-phase", "done");
      const keys = await page
        .locator("#runs [data-key]")
        .evaluateAll((all) => all.map((one) => one.getAttribute("data-key")));
      expect(keys).toEqual(["n1", "r1", "r2"]);
      expect(await page.locator("#shares tbody tr").count()).toBe(2);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
      expect(await page.evaluate(collidingIn("#network"))).toEqual([]);
      expect(await page.locator("#network-notes p").allInnerTexts()).toEqual(["warm day"]);
      await page.fill("#network-tag", "seen");
      await page.press("#network-tag", "Enter");
      await becomes(page, "network-tags", /^ald\s×?\s*seen/);
      expect((await bench.run("r2")).labels.tags).toEqual(["ald", "seen"]);
      await page.locator("#shares a").first().click();
      await becomes(page, "share", /^Holds share 1 of 2 of network n1\.$/);
      expect(await page.locator("#network").isVisible()).toBe(false);
      const report = await page.request.get(`${address}api/runs/n1/report`);
      expect([report.status(), (await report.text()).includes("EMU-2")]).toEqual([200, true]);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
      await bench.close();
      await store.close();
    }
  });
});

describe("a pack of a network", () => {
  let there: Bench;
  beforeAll(async () => {
    there = await openBench({ workspace: join(folder, "there"), config: "none" });
  });
  afterAll(() => there.close());

  it("holds all its runs and how they belong together, and is the same network where it is unpacked", async () => {
    const before = await openWorkspace(join(folder, "there"));
    const share = { chip: left, firstTile: 0, tiles: 1 };
    await before.appendGroup({ kind: "begun", at: "t", title: "its own", shares: [share], spares: [] });
    await before.close();
    const { networks, runs } = await there.unpack(file("n1.mhopack"));
    expect(networks).toEqual([
      { packed: "n1", network: "n2", state: "new", runs: runs.map(({ run }) => run) },
    ]);
    const here = await openBench({ workspace, config: "none" });
    const [one, two] = [await here.network("n1"), await there.network("n2")];
    expect(two.result!.errors).toEqual(one.result!.errors);
    expect(two.result!.overview).toEqual(one.result!.overview);
    expect([two.title, two.begunAt]).toEqual([one.title, one.begunAt]);
    await here.close();
    expect((await there.unpack(file("n1.mhopack"))).networks).toMatchObject([{ state: "known" }]);
    expect((await there.networks()).map(({ id }) => id)).toEqual(["n1", "n2"]);
    await expect(there.trim("n2")).rejects.toThrow(/came out of a pack.*mho trim r1 --chip ADDRESS/);
  });
});

describe("a network in a pack that cannot be", () => {
  const begun = {
    kind: "begun",
    at: "t",
    title: "s",
    shares: [{ firstTile: 0, tiles: 1, chip: "a" }],
    spares: [],
  };
  it.each([
    ["has a name that is none", "r1", [begun]],
    ["never began", "n1", [{ kind: "serves", group: "n1", share: 0, run: "r1" }]],
    ["began twice", "n1", [begun, begun]],
    [
      "has a run for a share that it has not",
      "n1",
      [begun, { kind: "serves", group: "n1", share: 3, run: "r1" }],
    ],
    ["has a change that is none", "n1", [begun, { kind: "grown" }]],
  ])("is refused where it %s", async (_, id, changes) => {
    const store = await openWorkspace(emptyFolder());
    const groups = new UnpackedGroups("x.mhopack");
    const unpacked = async (): Promise<unknown> => {
      for (const change of changes) groups.take([id, JSON.stringify(change)]);
      return groups.write(store, (run) => run, "packed:");
    };
    await expect(unpacked()).rejects.toThrow(/x\.mhopack: a network over several chips in it is none/);
    expect(await store.groups()).toEqual([]);
    await store.close();
  });
});

describe("a network that is archived and deleted", () => {
  it("leaves the lists with its runs, and is in a lake as a whole, with the yield that show tells", async () => {
    const lake = join(folder, "lake");
    const { code, err } = await mho("archive", "n1", "--lake", lake, ...at);
    expect([code, err, existsSync(lake)]).toEqual([0, "", true]);
    const page = readFileSync(new URL("../docs/lake.md", import.meta.url), "utf8");
    const sql = /```sql\n(SELECT n\.network, n\.title[^]*?)```/.exec(page)![1]!;
    const bench = await openBench({ workspace, config: "none" });
    const { overview, yieldPercent } = (await bench.network("n1")).result!;
    const { rows } = await bench.query(sql, { lake });
    await bench.close();
    expect(rows.map((row) => row.slice(2, 4))).toEqual([[2, overview.devices]]);
    expect(rows[0]![4]).toBeCloseTo(yieldPercent!, 9);
    expect((await mho("show", ...at)).out).not.toMatch(/^n1/m);
    expect((await mho("show", "--archived", ...at)).out).toMatch(/^n1 {2}done, archived/m);
    expect((await mho("delete", "n1", ...at)).out).toMatch(/^Deleted r1, r2\./);
    expect((await mho("show", "--archived", ...at)).out).not.toMatch(/^n1/m);
    expect((await mho("show", "n1", ...at)).err).toMatch(/Run r1 was deleted/);
    expect((await mho("archive", "n1", ...at)).err).toMatch(/The runs of network n1 were deleted: r1, r2/);
  });
});

describe("changes of networks", () => {
  const share = { firstTile: 0, tiles: 1, chip: "a" };
  const groups = foldGroups([
    {
      kind: "begun",
      at: "t0",
      title: "s",
      shares: [share, { ...share, firstTile: 1, chip: "b" }],
      spares: ["c", "d"],
    },
    { kind: "serves", group: "n1", share: 0, run: "r1" },
    { kind: "serves", group: "n1", share: 1, run: "r2" },
    { kind: "moved", at: "t1", group: "n1", share: 1, chip: "c", why: "It failed." },
    { kind: "serves", group: "n1", share: 1, run: "r3" },
    { kind: "begun", at: "t2", title: "trim of n1: s", shares: [share, share], spares: [], corrects: "n1" },
    { kind: "serves", group: "n2", share: 1, run: "r4" },
    { kind: "serves", group: "n2", share: 0, run: "r1" },
  ]);

  it("are made again of what stands", () => {
    expect(foldGroups(groups.flatMap(changesOf))).toEqual(groups);
  });

  it("give each run to the network that it was begun for", () => {
    expect([...ownRunsOf(groups)]).toEqual([
      ["n1", ["r1", "r2", "r3"]],
      ["n2", ["r4"]],
    ]);
  });
});
