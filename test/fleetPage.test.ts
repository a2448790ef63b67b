import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { EventStream } from "../lab/events.ts";
import { FleetView } from "../lab/fleet/overview.ts";
import { Workplace } from "../lab/workplace.ts";
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
import { makeFleetWorld, type WorldBench } from "./support/fleetWorld.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

const token = "a-token-of-the-test";
const wallTime = (): string => new Date().toISOString();
const model = {
  by: "model",
  model: "pcm-90nm",
  ageSeconds: 86_400,
  message: "The model pcm-90nm no longer holds at 1 day: 82.3 % of 1,017 devices lie inside its 95 % band.",
} as const;

const world: readonly WorldBench[] = [
  {
    name: "lab-a",
    doing: "j9 program strategy.json on chip-1",
    chips: [
      { serialNumber: "E1", wafer: "W7", die: "1,1", figures: { yieldPercent: 90, errorPercent: 2 } },
      { serialNumber: "E2", wafer: "W7", die: "3,1", figures: { yieldPercent: 99 }, waiting: 2 },
      {
        serialNumber: "E3",
        wafer: "W7",
        die: "1,4",
        figures: { yieldPercent: 95, aged: { exponent: 0.07, unforeseen: [model] } },
      },
      { serialNumber: "E4", wafer: "W7", die: "edge" },
    ],
  },
  {
    name: "lab-b",
    silentHours: 3,
    chips: [
      {
        serialNumber: "E5",
        wafer: "W10",
        die: "2,2",
        failed: [
          ["link-lost", "The link was lost."],
          ["link-lost", "The link was lost again."],
        ],
      },
    ],
  },
  { name: "lab-c", stopped: true, silentHours: 1, freeBytes: 1e9, chips: [{ serialNumber: "E6" }] },
  // No bench can take such a name; a row of the database can have it.
  { name: "<b>bold</b><img src=x onerror=alert(1)>", chips: [] },
];

describe.skipIf(!hasBrowser || postgresPrograms === undefined)(
  `the page of a server in a browser (skipped where ${noPostgres})`,
  () => {
    let browser: Browser;
    let postgres: TestServer;
    let address: string;
    let page: Page;
    let complaints: string[];
    const closing: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      browser = await openBrowser();
      postgres = await startPostgres();
      address = await postgres.database();
      await makeFleetWorld(address, world);
    });
    afterAll(async () => {
      await browser.close();
      await postgres.close();
    });
    afterEach(async () => {
      await page.close();
      for (const close of closing.splice(0).toReversed()) await close();
    });

    async function serve(to: string): Promise<LiveServer> {
      const stream = new EventStream(() => {}, wallTime);
      const place = new Workplace({ workspace: to, config: "none" }, stream);
      const bench = await openBench({ workspace: to, config: "none" });
      const view = await FleetView.open(place);
      const server = await serveLive(await place.store(), {
        library: Object.assign(bench, { lookAtFleet: () => view.look() }),
        host: "127.0.0.1",
        port: 0,
        token,
        files: await readPageFiles(pageFolder),
        workspace: to,
        wallTime,
        betweenSignsMilliseconds: 400,
      });
      closing.push(
        () => place.close(),
        () => view.close(),
        () => bench.close(),
        () => server.close(),
      );
      return server;
    }

    async function look(
      to: string,
      { width = 1280, colour = "light" as "light" | "dark" } = {},
    ): Promise<void> {
      const server = await serve(to);
      page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: colour });
      complaints = complaintsOf(page);
      await page.goto(`http://127.0.0.1:${server.port}/#token=${token}`);
    }

    const becomes = (id: string, wanted: string | RegExp): Promise<void> => becomesOn(page, id, wanted);
    const texts = (selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();

    it("begins with the fleet: how many benches, chips and jobs there are, and what has to be looked after", async () => {
      await look(address);
      await becomes("fleet-benches", "2 online");
      expect(
        await texts("#fleet-benches-of, #fleet-chips, #fleet-jobs, #fleet-jobs-of, #fleet-alarms"),
      ).toEqual(["1 silent, 1 stopped", "6", "2 to do", "0 under way, 2 failed", "5"]);
      expect(await texts("#alarms li")).toEqual([
        expect.stringMatching(/^Silent Bench lab-b is silent\. .* Heard last 3(\.\d+)? h ago\.$/),
        expect.stringMatching(/^Disk The disk of bench lab-c has 1\.0 GB free/),
        expect.stringMatching(/^Out of its forecast Chip pcm-64\/E3 is out of its forecast in r3: .* r3$/),
        expect.stringMatching(/^Failed job j\d on pcm-64\/E5 failed/),
        expect.stringMatching(/^Failed job j\d on pcm-64\/E5 failed/),
      ]);
      expect(await texts("#failures tbody tr")).toEqual([
        expect.stringMatching(/^link-lost\s+2\s+j\d, j\d\s+The link was lost again\.$/),
      ]);
      expect(complaints).toEqual([]);
    });

    it("lists benches with their state, what they do and their disk, and takes no name for HTML", async () => {
      await look(address);
      await becomes("fleet-benches", "2 online");
      const rows = await page
        .locator("#benches tbody tr")
        .evaluateAll((all) =>
          all.map((row) => [...row.children].slice(0, 5).map((cell) => cell.textContent)),
        );
      expect(rows).toEqual([
        ["lab-b", expect.stringMatching(/^silent since /), "–", "chip-1", "400 GB"],
        ["<b>bold</b><img src=x onerror=alert(1)>", "online", "waits for jobs", "none", "400 GB"],
        [
          "lab-a",
          "online",
          "j9 program strategy.json on chip-1",
          "chip-1, chip-2, chip-3 and 1 more",
          "400 GB",
        ],
        ["lab-c", expect.stringMatching(/^stopped since /), "–", "chip-1", "1 GB"],
      ]);
      expect(await page.locator("#benches b, #benches img").count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    it("lays chips on their wafers by a chosen figure, and by the arrow keys tells of each", async () => {
      await look(address);
      await becomes("fleet-benches", "2 online");
      expect(await texts("#wafer option")).toEqual(["W7 (4)", "W10 (1)", "none noted (1)"]);
      const places = (): Promise<unknown> =>
        page.evaluate(
          `[...document.querySelectorAll("#wafer-map .axes .die")].map((die) => [die.dataset.chip, die.style.gridColumn, die.style.gridRow, die.style.background])`,
        );
      // Dark is low and bright is high, over all wafers.
      expect(await places()).toEqual([
        ["pcm-64/E1", "1", "1", "rgb(68, 1, 84)"],
        ["pcm-64/E2", "3", "1", "rgb(253, 231, 37)"],
        ["pcm-64/E3", "1", "4", expect.stringMatching(/^rgb/)],
      ]);
      expect(await texts("#wafer-map .rows b, #wafer-map .columns b")).toEqual(["1", "4", "1", "3"]);
      // The die whose name is no place stands below the map, and is hatched as nothing is known of it.
      expect(await page.locator("#wafer-map .in-order .die.none").count()).toBe(1);
      expect(await texts("#wafer-scale > span")).toEqual(["not known yet", "out of its forecast"]);
      expect(await texts("#wafer-scale .bar div span")).toEqual(["90.0 %", "99.0 %"]);
      await page.locator('[data-chip="pcm-64/E1"]').focus();
      await becomes(
        "wafer-readout",
        /^pcm-64\/E1: W7, die 1,1, at lab-a, yield 90\.0 %, error 2\.00 % at 1 day, .*Newest run r1$/,
      );
      await page.keyboard.press("ArrowRight");
      await becomes("wafer-readout", /^pcm-64\/E2:/);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowDown");
      await becomes("wafer-readout", /^pcm-64\/E3: .*out of its forecast\. Newest run r3$/);
      await page.locator("#wafer-figures button", { hasText: "ν" }).click();
      await becomes("wafers-says", /coloured by the mean drift exponent/);
      expect(await texts("#wafer-scale .bar div span")).toEqual(["0.050", "0.070"]);
      await page.locator("#wafer").selectOption({ label: "none noted (1)" });
      await becomes("wafers-says", /no wafer is noted, .*mho note CHIP --wafer W7 --die 3,4/);
      await page.locator("#wafers summary").click();
      expect(await texts("#wafer-table tbody th")).toEqual(["pcm-64/E6"]);
      expect(complaints).toEqual([]);
    });

    it.each([
      [1280, "light"],
      [1280, "dark"],
      [375, "light"],
    ] as const)("has no text on another at %i pixels, %s, and no scrolling aside", async (width, colour) => {
      await look(address, { width, colour });
      await becomes("fleet-benches", "2 online");
      expect(await page.evaluate(collidingIn("#fleet"))).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    });

    it("terms explain themselves, and the way to a run and back is a press each", async () => {
      await look(address);
      await becomes("fleet-benches", "2 online");
      expect(await page.locator("#alarms .term").allInnerTexts()).toContain("Out of its forecast");
      await page.locator("#alarms a", { hasText: "r3" }).click();
      await becomes("title", /^r3 /);
      expect(await page.locator("#fleet").isVisible()).toBe(false);
      await page.locator("#to-fleet").click();
      await becomes("fleet-benches", "2 online");
      expect(await page.locator("#run").isVisible()).toBe(false);
      expect(complaints).toEqual([]);
    });

    it("of a server without benches says how a first one begins", async () => {
      await look(await postgres.database());
      await becomes("benches-says", /^No bench has worked from this server yet/);
      await becomes("benches-command", /^mho work --keep --server 'postgres:.*' --bench NAME$/);
      await becomes("wafers-says", /^No chip is known yet/);
      expect(await page.locator("#empty").isVisible()).toBe(false);
      expect(complaints).toEqual([]);
    });

    it("keeps what it shows while the server is away, says so, and goes on when it is back", async () => {
      await look(address);
      await becomes("fleet-benches", "2 online");
      await postgres.kill();
      await becomes("trouble", /^The server postgres:.* failed: /);
      expect(await page.locator("#fleet").isVisible()).toBe(true);
      await postgres.start();
      await expect.poll(() => page.locator("#trouble").isVisible()).toBe(false);
      await makeFleetWorld(address, [{ name: "lab-d", chips: [] }]);
      await becomes("fleet-benches", "3 online");
    });
  },
);
