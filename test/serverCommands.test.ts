import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

removeFoldersAfterAll();

describe.skipIf(postgresPrograms === undefined)(`commands on a server (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  let to: string;
  let folder: string;
  let workspace: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    to = await postgres.database({ setUp: false });
    folder = emptyFolder();
    workspace = join(folder, "runs");
    const targets = join(folder, "targets.csv");
    const row = Array.from({ length: 256 }, (_, device) => 1 + (device % 20)).join(",");
    writeFileSync(targets, `${row}\n${row}\n`);
    const chip = ["--chip", "emulator:pcm-64?seed=3", "--workspace", workspace];
    expect((await mho("program", targets, "--sweep", "1,60", "--quiet", ...chip)).err).toBe("");
    await mho("program", targets, "--tag", "second", "--quiet", ...chip);
    await mho("note", "pcm-64", "--wafer", "W7", "--workspace", workspace);
    expect((await mho("server", "init", to)).out).toContain("GRANT mho_operate TO");
    expect(await mho("hand-on", "--to", to, "--bench", "left", "--workspace", workspace)).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringMatching(/bench left: \d+ rows of 2 runs handed on/) as string,
    });
  });
  afterAll(() => postgres.close());

  /** The same command on both, without what names the store and the time of asking. */
  async function both(...words: string[]): Promise<readonly [string, string]> {
    const said = async (store: string): Promise<string> => {
      const { out, err, code } = await mho(...words, "--workspace", store);
      expect([err, code]).toEqual(["", 0]);
      return (
        out
          .replaceAll(store, "STORE")
          .replaceAll("STORE/workspace.db", "STORE")
          // What the server knows beside: which bench made it.
          .replaceAll(/"(bench|bench_run)":(null|"[^"]*"),/g, "")
          .replaceAll(/, r\d of bench left|  r\d of bench left/g, "")
          .replace(/"time":"[^"]*"|"age_seconds":[\d.]+/g, "")
      );
    };
    return [await said(workspace), await said(to)];
  }

  it.each([
    [["show", "r1", "--json"]],
    [["show", "r2", "--json"]],
    [["show", "r1"]],
    [["show", "--json"]],
    [["compare", "r1", "r2", "--json"]],
  ])("%s says the same of a run that was handed on", async (words) => {
    const [here, there] = await both(
      ...words,
      ...(words[0] === "compare" ? ["--out", join(folder, "c.html")] : []),
    );
    expect(there).toBe(here);
  });

  it.each([
    ["export", "csv", ["export", "r1", "--to", "csv"]],
    ["report", "html", ["report", "r1"]],
  ])("%s writes the same bytes", async (name, ending, words) => {
    const files = [];
    for (const [at, store] of [workspace, to].entries()) {
      const out = join(folder, `${name}-${at}.${ending}`);
      expect((await mho(...words, "--out", out, "--workspace", store)).code).toBe(0);
      const others = name === "report" ? [out.replace(".html", ".figures.csv")] : [];
      files.push([out, ...others].map((file) => readFileSync(file, "utf8")));
    }
    expect(files[1]).toEqual(files[0]);
  });

  it("show names the bench that made a run, and how that calls it; the list is asked by bench", async () => {
    expect((await mho("show", "r1", "--workspace", to)).out).toMatch(/^Run r1, r1 of bench left: /);
    expect((await mho("show", "--workspace", to)).out).toMatch(/^r1 {2}r1 of bench left {2}done/m);
    const { out } = await mho("show", "--where", "bench=left run=r2", "--json", "--workspace", to);
    expect(JSON.parse(out)).toMatchObject({ runs: [{ run: "r2", bench: "left", bench_run: "r2" }] });
    expect((await mho("show", "--where", "bench=right", "--workspace", to)).out).toContain("No run passes");
    const here = JSON.parse((await mho("show", "r1", "--json", "--workspace", workspace)).out) as object;
    expect(here).toMatchObject({ bench: null, bench_run: null });
  });

  it("lot sends one whose runs were not read long enough to their bench", async () => {
    const { code, err } = await mho("lot", "r1", "r2", "--workspace", to);
    // Both are of one chip; what is missing of a run is said by the bench that can read it.
    expect([code, err]).toEqual([2, expect.stringContaining("both of the chip")]);
    const other = join(folder, "other");
    const chip = ["--chip", "emulator:pcm-64?seed=4", "--workspace", other];
    await mho("program", join(folder, "targets.csv"), "--sweep", "1", "--quiet", ...chip);
    await mho("hand-on", "--to", to, "--bench", "right", "--workspace", other);
    expect((await mho("lot", "r3", "r1", "--workspace", to)).err).toContain(
      "Read them at the bench right, where the run is called r1, with mho watch r1, or leave the run out.",
    );
  });

  it("a user who may only look hears what takes another role, and which", async () => {
    const anna = await postgres.as("anna", to, ["mho_look"]);
    const targets = join(folder, "targets.csv");
    const added = await mho("queue", "add", "program", targets, "--chip", "left", "--workspace", anna);
    expect([added.code, added.err]).toEqual([
      4,
      expect.stringMatching(
        /anna may look at postgres:.*, and may not add jobs to its queue: that takes the role mho_operate\..*GRANT mho_operate TO "anna"/,
      ),
    ]);
    const removed = await mho("queue", "remove", "j1", "--workspace", anna);
    expect(removed.err).toContain("may not remove jobs of its queue");
  });

  it("server init is refused to a user who is no administrator, set up or not", async () => {
    const bare = await postgres.database({ setUp: false });
    for (const [user, database] of [
      ["berta", to],
      ["carla", bare],
    ] as const) {
      const own = await postgres.as(user, database, ["mho_operate"]);
      const { code, err, out } = await mho("server", "init", own);
      expect([code, out, err]).toEqual([
        2,
        "",
        expect.stringMatching(new RegExp(`${user} is no administrator of .*nothing was set up or changed`)),
      ]);
    }
  });

  it("hands on nothing the second time, and tells of it as events", async () => {
    const { out } = await mho("hand-on", "--to", to, "--workspace", workspace, "--json");
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { type: "handing_on", server: to, bench: "left" },
      { type: "result", command: "hand-on", server: to, bench: "left", rows: 0, runs: 0 },
    ]);
  });

  it("that operate a chip, or need a folder, are refused and say what to do", async () => {
    const chip = ["--chip", "emulator:pcm-64?seed=3"];
    const targets = join(folder, "targets.csv");
    for (const words of [
      ["program", targets, ...chip],
      ["resume", "r1"],
      ["watch", "r1"],
      ["trim", "r1"],
      ["calibrate", "r1"],
      ["read", "--tile", "0", "--row", "0", ...chip],
    ]) {
      const { code, err } = await mho(...words, "--workspace", to);
      expect([words[0], code, err]).toEqual([
        words[0],
        2,
        expect.stringMatching(/A chip is operated from a folder, .* mho hand-on --to 'postgres:/),
      ]);
    }
    for (const words of [["pack", "r1", "--out", join(folder, "p")], ["delete", "r1"], ["check"], ["work"]]) {
      const { code, err } = await mho(...words, "--workspace", to);
      expect([words[0], code, err]).toEqual([
        words[0],
        2,
        expect.stringMatching(/is a server, and .*Name a folder/),
      ]);
    }
    expect(await mho("hand-on", "--to", to, "--workspace", to)).toMatchObject({ code: 2 });
  });

  it("note, tag and archive there, into the same lake as at the bench", async () => {
    expect((await mho("tag", "r2", "seen", "--workspace", to)).out).toContain("second, seen");
    const lake = join(folder, "lake");
    expect((await mho("archive", "r2", "--lake", lake, "--workspace", workspace)).err).toBe("");
    const { out } = await mho("archive", "r2", "--lake", lake, "--workspace", to);
    expect(out).toContain("was there already, the same");
  });
});
