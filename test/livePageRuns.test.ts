import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { glossary } from "../report/glossary.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { readPageFiles } from "../web/pageFiles.ts";
import { type LiveServer, serveLive } from "../web/server.ts";
import {
  becomes as becomesOn,
  collidingIn,
  complaintsOf,
  hasBrowser,
  openBrowser,
  pageFolder,
} from "./support/browser.ts";
import { openTestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { carryOut, planToWatch } from "./support/liveRun.ts";

removeFoldersAfterAll();

const token = "a-token-of-the-test";

/** One browser, one server and three runs for all of them: what a test writes on a run, the others do not look at. */
describe.skipIf(!hasBrowser)("the live page of runs that are done, in a browser", () => {
  let browser: Browser;
  /** One for all, whose pages share a process and what it has loaded. */
  let context: BrowserContext;
  let store: Workspace;
  let bench: Bench;
  let server: LiveServer;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await openBrowser();
    context = await browser.newContext();
    const folder = emptyFolder();
    store = await openWorkspace(folder);
    for (const [title, tags, seed] of [
      ["a run to look at", ["ald"], 7],
      ["the same on another chip", ["ald", "wafer-7"], 8],
      ["a run of yesterday", [], 9],
    ] as const) {
      const chip = await openTestChip({ tiles: 2, seed });
      const plan = {
        ...planToWatch(chip, 2, 2),
        title,
        chipSerialNumber: `EMU-${seed}`,
        labels: { tags, operator: "Ada" },
      };
      await carryOut(chip, store, plan);
    }
    bench = await openBench({ workspace: folder, config: "none" });
    await bench.archive("r3");
    server = await serveLive(store, {
      host: "127.0.0.1",
      port: 0,
      token,
      files: await readPageFiles(pageFolder),
      library: {
        list: (of) => bench.list(of),
        note: (run, text) => bench.note(run, text),
        tag: (run, tags, change) => bench.tag(run, tags, change),
        questions: () => bench.questions(),
        answer: (question, text) => bench.answer(question, text),
        withdraw: (question) => bench.withdraw(question),
        report: (run, to) => bench.report(run, to),
        compare: (runs, to) => bench.compare(runs, to),
        export: (run, to) => bench.export(run, to),
        queue: bench.queue,
        startWork: async () => void (await bench.work()),
      },
      workspace: "w",
      wallTime: () => new Date().toISOString(),
      betweenSignsMilliseconds: 400,
    });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await bench.close();
    await store.close();
  });
  beforeEach(async () => {
    page = await context.newPage();
    complaints = complaintsOf(page);
  });
  afterEach(() => page.close());

  async function look(run: string, width = 1280): Promise<void> {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`http://127.0.0.1:${server.port}/#token=${token}`);
    await page.goto(`http://127.0.0.1:${server.port}/#${run}`);
    await becomes("title", new RegExp(`^${run}`));
  }
  const becomes = (id: string, wanted: string | RegExp): Promise<void> => becomesOn(page, id, wanted);
  const text = (id: string): Promise<string> => page.locator(`#${id}`).innerText();
  const listed = (): Promise<string[]> =>
    page
      .locator("#runs button")
      .evaluateAll((all) => all.map((one) => (one as unknown as { dataset: { key: string } }).dataset.key));

  it("lists all runs but archived ones, with their day, their time and their tags, newest first", async () => {
    await look("r1");
    expect(await listed()).toEqual(["r2", "r1"]);
    expect(await page.locator("#runs button").first().innerText()).toMatch(
      /^r2 the same on another chip\s+done · 1 Jan 2026, \d\d:\d\d\s+#ald #wafer-7$/,
    );
    expect(await text("facts")).toMatch(/begun 1 Jan 2026, \d\d:\d\d$/);
    expect(await page.locator("#log .day").allInnerTexts()).toEqual(["1 Jan 2026"]);
    await page.goto(`http://127.0.0.1:${server.port}/#r3`);
    await becomes("archived", "Archived: lists leave it out.");
  });

  it("finds runs by the terms of mho show --where, and says what is wrong with a term", async () => {
    await look("r1");
    await page.fill("#search", "tag=wafer-7");
    await becomes("search-says", "1 run");
    expect(await listed()).toEqual(["r2"]);
    await page.fill("#search", "yield>=0");
    await becomes("search-says", "2 runs, and 1 archived: add archived=yes");
    await page.fill("#search", "archived=yes");
    await becomes("search-says", "1 run");
    expect(await listed()).toEqual(["r3"]);
    await page.fill("#search", "colour=red");
    await becomes("search-says", /colour[^]*tag/);
    await page.fill("#search", "");
    await expect.poll(listed).toEqual(["r2", "r1"]);
    await becomes("search-says", "");
  });

  it("adds and takes away tags, and writes notes, with the token, and shows those that others write", async () => {
    await look("r2");
    await page.fill("#tag", "probed");
    await page.press("#tag", "Enter");
    await expect
      .poll(async () => (await bench.list({ where: "tag=probed" })).runs.map(({ id }) => id))
      .toEqual(["r2"]);
    await becomes("tags", /probed/);
    await page.getByRole("button", { name: "Take the tag probed away" }).click();
    await becomes("tags", /^((?!probed)[^])*$/);
    await page.fill("#tag", "no!tag");
    await page.press("#tag", "Enter");
    await becomes("trouble", /no!tag: a tag has letters/);
    await page.fill("#note", "The needle was worn.\nA second line <b>of it</b>.");
    await page.getByRole("button", { name: "Add the note" }).click();
    await becomes("note-says", "Noted.");
    await becomes("notes", /The needle was worn\.\nA second line <b>of it<\/b>\.$/);
    await bench.note("r2", "From another desk", { operator: "Grace" });
    await bench.note("pcm-64/EMU-8", undefined, { wafer: "W7", die: "3,4" });
    await becomes("notes", /today, \d\d:\d\d · Grace\s+From another desk$/);
    await becomes("place", "operator Ada · wafer W7 · die 3,4");
    expect((await store.notes("r2")).filter(({ what }) => what === "note")).toHaveLength(2);
  });

  it("compares the runs that are chosen, by the keyboard, as mho compare does", async () => {
    await look("r1");
    await page.focus("#choose");
    await page.keyboard.press("Enter");
    expect(await page.locator("#compare").isDisabled()).toBe(true);
    for (const run of ["r1", "r2"]) {
      await page.focus(`[data-key="choose-${run}"]`);
      await page.keyboard.press("Space");
    }
    await becomes("compare", "Compare r1, r2");
    await page.focus("#compare");
    await page.keyboard.press("Enter");
    await becomes("comparison-title", "r2 beside r1");
    const { differences } = await bench.compare(["r1", "r2"]);
    await becomes("comparison-differences", /^r2 − r1, yield: /);
    expect(await page.locator("#comparison-differences li").count()).toBe(differences.length);
    expect(await page.locator("#comparison-table thead th").allInnerTexts()).toEqual([
      "run",
      "yield",
      "device error",
      "pulses a device",
    ]);
    expect(await page.locator("#run").isVisible()).toBe(false);
    await page.setViewportSize({ width: 375, height: 800 });
    expect(await page.evaluate(collidingIn("#comparison"))).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    const [opened] = await Promise.all([page.waitForEvent("popup"), page.click("#comparison-page")]);
    await opened.waitForSelector("svg");
    expect(await opened.title()).toMatch(/r1/);
    await opened.close();
    await page.goto(`http://127.0.0.1:${server.port}/#compare=r1,r9`);
    await becomes("comparison-says", /no run r9/);
    await page.goto(`http://127.0.0.1:${server.port}/#r2`);
    await becomes("title", /^r2/);
    expect(await page.locator("#comparison").isVisible()).toBe(false);
  });

  it("opens the report of a run, and gives its tables, as the library makes them", async () => {
    await look("r1");
    const [opened] = await Promise.all([page.waitForEvent("popup"), page.click("#report")]);
    await opened.waitForSelector("svg");
    expect(await opened.title()).toMatch(/r1/);
    // Its style came with it, and nothing of it runs or was refused.
    expect(await opened.evaluate(`getComputedStyle(document.body).fontFamily`)).toMatch(/system-ui/);
    await opened.close();
    await page.locator("#exports summary").click();
    const [table] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Sweeps as csv" }).click(),
    ]);
    expect(table.suggestedFilename()).toBe("r1.csv");
    const out = `${emptyFolder()}/r1.csv`;
    const { readings } = await bench.export("r1", { to: "csv", out });
    const lines = readFileSync(await table.path(), "utf8");
    expect(lines).toBe(readFileSync(out, "utf8"));
    expect(lines.trim().split("\n").length).toBeGreaterThan(readings);
    expect(complaints).toEqual([]);
  });

  it("shows the map as a film over its sweeps: by the slider's keys, and by itself", async () => {
    await look("r1");
    await page.getByRole("button", { name: /^tile 1:/ }).click();
    await becomes("film-says", /^Sweep 3 of 3: at an age of 1 day/);
    const picture = (): Promise<string> =>
      page.evaluate<string>(`document.querySelector("#panels canvas").toDataURL()`);
    const newest = await picture();
    await page.focus("#film-at");
    await page.keyboard.press("Home");
    await becomes("map-says", /read at an age of 1 s\.$/);
    expect(await page.getAttribute("#film-at", "aria-valuetext")).toMatch(/^Sweep 1 of 3: at an age of 1 s/);
    const first = await picture();
    expect(first).not.toBe(newest);
    await page.keyboard.press("ArrowRight");
    await becomes("map-says", /read at an age of 1 h\.$/);
    await page.focus("#film-play");
    await page.keyboard.press("Space");
    await becomes("map-says", /read at an age of 1 day\.$/);
    await becomes("film-play", "Play");
    expect(await picture()).toBe(newest);
    await page.getByRole("button", { name: "Target", exact: true }).click();
    expect(await page.locator("#film").isVisible()).toBe(false);
  });

  it("shows what an experiment asks, takes the answer, and says so in the tab", async () => {
    await look("r1", 375);
    const answered = bench.ask("Needle down on die 3,4?", { run: "r1" });
    await becomes("questions", /^Needle down on die 3,4\?\s+q1 · asked .* ago on .* · of r1\s+yes\s+no/);
    await expect.poll(() => page.title()).toMatch(/^\? r1/);
    expect(await page.evaluate(collidingIn("body"))).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    await page.getByRole("button", { name: "yes" }).focus();
    await page.keyboard.press("Enter");
    expect(await answered).toBe("yes");
    await expect.poll(() => page.locator("#questions").isVisible()).toBe(false);
    await becomes("log", /asked: q1, Needle down on die 3,4\? – answered yes after/);
    const line = bench.ask("Which die?", { answers: "line" });
    await page.getByLabel("Which die?").fill("5,6");
    await page.getByRole("button", { name: "Answer" }).click();
    expect(await line).toBe("5,6");
    const taken = bench.ask("Is the lamp off?");
    const stopped = expect(taken).rejects.toThrow('q3, "Is the lamp off?": It was taken back.');
    const card = page.locator("#questions article", { hasText: "Is the lamp off?" });
    await card.getByRole("button", { name: "Take back" }).click();
    await stopped;
    expect(complaints).toEqual([]);
  });

  it("shows the queue, changes its order, and starts it", async () => {
    await look("r1", 375);
    const chip = { chip: "emulator:pcm-64?seed=5" };
    const measured = { row: 0, rows: 1 };
    for (let n = 0; n < 3; n++) await bench.queue.add("measure", "yield", measured, chip);
    await becomes("queue-title", "Queue: 3 jobs");
    const pause = (await page.locator("#pause").boundingBox())!;
    expect(pause.y + pause.height).toBeLessThan(600);
    await page.locator("#queue-title").click();
    await becomes(
      "jobs",
      /^emulator:pcm-64\?seed=5\s+j1 measure yield\s+waiting\s+Remove\s+j2 .*\s+waiting · after j1/,
    );
    expect(await page.evaluate(collidingIn("body"))).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    await page.getByRole("button", { name: "First j3" }).click();
    await becomes("start", "Start j3");
    await page.getByRole("button", { name: "Remove j2" }).click();
    await becomes("jobs", /^((?!j2 )[^])*$/);
    await page.focus("#start");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#queue").isVisible()).toBe(false);
    const jobs = await bench.queue.list({ all: true });
    expect(jobs.map(({ id, state }) => [id, state])).toEqual([
      ["j3", "done"],
      ["j1", "done"],
      ["j2", "removed"],
    ]);
    expect(complaints).toEqual([]);
  });

  it("shows of a measurement what was measured, and nothing of targets", async () => {
    const other = await openBench({ workspace: bench.workspace, chip: "emulator:rram-128", config: "none" });
    const run = await other.measure("yield", { row: 2, settings: { pulses: 1 } });
    const noise = await other.measure("noise", { row: 2, devices: [1, 2], settings: { reads: 8 } });
    await other.close();
    await look(noise);
    await page.waitForSelector("#panels canvas");
    await becomes("map-says", /^Tile 0, row 2: a pixel a device, as last read while it was measured\.$/);
    await becomes("film-says", /^Sweep 8 of 8: (today|yesterday|\d)/);
    expect(await text("scale")).toMatch(/not measured$/);
    expect(await text("log")).not.toContain("age of");
    expect(await text("fired-says")).toBe("No pulse was fired.");
    expect(await text("heard")).not.toContain("heard");
    await page.locator("#views >> text='Verdict'").click();
    await becomes("scale", /^measured: 2/);
    await bench.archive(noise);
    await look(run);
    await becomes("log", /\d+ of 256 devices measured/);
    expect(await text("in-place-name")).toBe("measured");
    for (const part of ["#of-targets", "#of-convergence", "#of-drift", "#views >> text='Target'"])
      expect([part, await page.locator(part).isVisible()]).toEqual([part, false]);
    await bench.archive(run);
  });

  it("fits a phone in every part, light and dark", async () => {
    await look("r2", 375);
    await page.waitForSelector("#drift canvas");
    await page.locator("#exports summary").click();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(collidingIn("body"))).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    }
  });

  it("names rows, columns and the hatch of its maps, and explains each term where it is tapped", async () => {
    await look("r1", 375);
    await page.waitForSelector("#panels canvas");
    expect((await text("panels")).replace(/\s+/g, " ")).toMatch(/^G\+ 3 row 4 0 column 63 G− /);
    expect(await text("scale")).toMatch(/no target$/);
    await page.waitForSelector("#drift canvas");
    const terms = await page.evaluate<[string, string][]>(
      `[...document.querySelectorAll(".term")].map(({ dataset }) => [dataset.term, dataset.says])`,
    );
    const named = "verify,in place,yield,sweep,link,convergence,drift,drift band".split(",");
    expect(terms.map(([name]) => name)).toEqual(expect.arrayContaining(named));
    for (const [name, says] of terms)
      expect(says).toBe(glossary.find(({ names }) => names[0] === name)!.meaning);
    await page.locator('#run .term[data-term="yield"]').click();
    const shown = `getComputedStyle(document.querySelector('#run .term[data-term="yield"]'), "::after").display`;
    expect(await page.evaluate(shown)).toBe("block");
    expect(complaints).toEqual([]);
  });

  it("draws by the report's own names and units, and each band with a marker of its own", async () => {
    await look("r1");
    await page.waitForSelector("#drift canvas");
    expect(await page.locator("#convergence .axis-name").innerText()).toBe("error of the devices, µS");
    expect(await page.locator("#drift .axis-name").innerText()).toBe("conductance, µS");
    const keys = await page.evaluate<string[]>(
      `[...document.querySelectorAll("#drift .legend .sample path:last-child")].map((one) => one.getAttribute("d"))`,
    );
    expect(keys.length).toBeGreaterThan(1);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("draws imported devices as a square in their order, and says that they have no place", async () => {
    await bench.importMeasurements("examples/rram-relaxation/relaxation-1500.tsv.gz", {
      as: "rram-relaxation",
    });
    const { runs } = await bench.list({});
    await look(runs.at(-1)!.id, 375);
    await becomes("map-says", /Imported devices have no place on a chip/);
    const [width, height] = await page.evaluate<[number, number]>(
      `(({ width, height }) => [width, height])(document.querySelector("#panels canvas"))`,
    );
    expect(Math.abs(width - height)).toBeLessThan(2);
    expect(await page.locator("#panels .rows").count()).toBe(0);
    expect(await page.locator("#of-turns").isVisible()).toBe(false);
  });
});
