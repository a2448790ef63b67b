import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
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
import { openTestChip, type TestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { carryOut, gated, planToWatch } from "./support/liveRun.ts";

removeFoldersAfterEach();

const token = "a-token-of-the-test";
const wallTime = (): string => new Date().toISOString();

describe.skipIf(!hasBrowser)("the live page in a browser", () => {
  let browser: Browser;
  /** One for all, whose pages share a process and what it has loaded. */
  let context: BrowserContext;
  let store: Workspace;
  let folder: string;
  let server: LiveServer;
  let chip: TestChip;
  let page: Page;
  let complaints: string[];
  let letThrough: (pulses: number) => void;
  let ended: Promise<unknown>;
  /** By how much the server's clock has moved on, as if a test had waited. */
  let waitedMilliseconds: number;

  beforeAll(async () => {
    browser = await openBrowser();
    context = await browser.newContext();
  });
  afterAll(() => browser.close());

  async function serve(port: number, secret = token): Promise<LiveServer> {
    const files = await readPageFiles(pageFolder);
    const seen = await openWorkspace(folder);
    const library = await openBench({ workspace: folder, config: "none" });
    const made = await serveLive(seen, {
      library,
      host: "127.0.0.1",
      port,
      token: secret,
      files,
      workspace: "w",
      wallTime: () => new Date(Date.now() + waitedMilliseconds).toISOString(),
      betweenSignsMilliseconds: 400,
    });
    return {
      port: made.port,
      close: () =>
        made
          .close()
          .then(() => library.close())
          .then(() => seen.close()),
    };
  }

  /** Opens the page on a run that waits before its first pulse. */
  async function look(width: number, hash = `token=${token}`, aheadMilliseconds = 0): Promise<void> {
    // A clock that is set is its context's.
    page = await (aheadMilliseconds === 0 ? context : browser).newPage();
    await page.setViewportSize({ width, height: 800 });
    if (aheadMilliseconds !== 0) await page.clock.setSystemTime(Date.now() + aheadMilliseconds);
    complaints = complaintsOf(page);
    await page.goto(`http://127.0.0.1:${server.port}/#${hash}`);
    await becomes("title", /^r1/);
  }

  beforeEach(async () => {
    waitedMilliseconds = 0;
    folder = emptyFolder();
    store = await openWorkspace(folder);
    chip = await openTestChip({ tiles: 2 });
    const gate = gated(chip.driver);
    letThrough = gate.letThrough;
    const clock = { nowMicroseconds: () => 0, sleep: () => new Promise<void>((next) => setImmediate(next)) };
    const plan = planToWatch(chip, 2, 4);
    const ran = carryOut(chip, store, plan, { driver: gate.driver, clock, wallTime });
    ended = ran.catch((error: unknown) => error);
    server = await serve(0);
  });
  afterEach(async () => {
    // What is left of the run takes longer than most tests.
    await store.setRequest("r1", "stop");
    letThrough(10_000);
    await ended;
    await page.close();
    await server.close();
    await store.close();
  });

  const text = (id: string): Promise<string> => page.locator(`#${id}`).innerText();
  const becomes = (id: string, wanted: string | RegExp): Promise<void> => becomesOn(page, id, wanted);
  const picture = (): Promise<string> =>
    page.evaluate<string>(`document.querySelector("#panels canvas").toDataURL()`);
  const stop = async (): Promise<void> => {
    await page.click("#stop");
    await page.click("#confirm-stop-yes");
  };
  const asked = (wish: string): string => `Asked it to ${wish}; it hears between two turns.`;

  it("fills its heat map as devices are programmed, and draws how they converge and drift", async () => {
    await look(1280);
    letThrough(1);
    await page.waitForSelector("#panels canvas");
    const before = await picture();
    letThrough(2);
    await expect.poll(picture).not.toBe(before);
    expect(await text("phase")).toBe("programming");
    letThrough(10_000);
    await becomes("phase", "done");
    expect(await text("in-place")).toMatch(/^9\d\.\d %$/);
    expect(await text("in-place-of")).toMatch(/^of [\d,]+ devices, \d+ given up$/);
    expect([await text("left-name"), await text("left"), await text("sweeps")]).toEqual(["sweeps", "6", ""]);
    expect(await page.locator("#pace").isVisible()).toBe(false);
    await page.waitForSelector("#drift canvas");
    await page.waitForSelector("#convergence canvas");
    await page.getByRole("button", { name: "Verdict", exact: true }).click();
    expect(await text("scale")).toMatch(/accepted: \d{3}/);
    await page.getByRole("button", { name: /^tile 0:/ }).click();
    await becomes("map-says", /^Tile 0/);
    await page.locator("#panels canvas").first().hover();
    expect(await text("readout")).toMatch(/^row \d+, column \d+, G\+: target .* µS, read .* µS, accepted$/);
    expect(complaints).toEqual([]);
  });

  it("pauses, resumes and stops the run by its buttons, the chip in standby", async () => {
    await look(1280);
    letThrough(1);
    await page.click("#pause");
    await becomes("asked", asked("pause"));
    letThrough(1);
    await becomes("phase", "paused");
    expect(chip.firmware.inStandby).toBe(true);
    await page.click("#resume");
    await becomes("phase", "programming");
    await stop();
    await becomes("asked", asked("stop"));
    letThrough(1);
    await becomes("phase", "stopped");
    expect(chip.firmware.inStandby).toBe(true);
    expect(await text("asked")).toBe("The chip is in standby. mho resume r1 goes on with it.");
    expect(await page.locator("#stop").isDisabled()).toBe(true);
    expect(page.url()).not.toContain(token);
    expect(complaints).toEqual([]);
  });

  it("stops a run only once that was confirmed; Escape and the first button keep it going", async () => {
    await look(375);
    letThrough(1);
    await page.focus("#stop");
    await page.keyboard.press("Enter");
    expect(await text("confirm-stop-says")).toBe(
      "The turn under way is finished, and the chip goes into standby. Nothing that was measured is lost. " +
        "mho resume r1 goes on with it later.",
    );
    expect(await page.evaluate(collidingIn("#confirm-stop"))).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    expect(await text("confirm-stop-title")).toBe("Stop r1?");
    // The button that keeps it going has the focus.
    await page.keyboard.press("Enter");
    expect(await page.locator("#confirm-stop").isVisible()).toBe(false);
    expect(await store.request("r1")).toBeUndefined();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await becomes("asked", asked("stop"));
  });

  it("asks whoever came without the token for it, and says when it is wrong by asking again", async () => {
    await look(1280, "r1");
    await page.click("#pause");
    expect(await text("token-says")).toMatch(/^mho serve printed it/);
    await page.fill("#token", "a-wrong-token-this-is");
    await page.getByRole("button", { name: "Go on" }).click();
    await becomes("token-says", /^That is not this server's token/);
    expect(await page.inputValue("#token")).toBe("");
    await page.fill("#token", token);
    await page.press("#token", "Enter");
    await becomes("asked", asked("pause"));
    letThrough(1);
    await becomes("phase", "paused");
    await page.click("#resume");
    await becomes("phase", "programming");
  });

  it("takes up a token whose address is pasted into the open tab, and takes it out of the address", async () => {
    await look(1280, "token=that-of-yesterdays-server");
    await page.click("#pause");
    await becomes("token-says", /^That is not this server's token/);
    await page.goto(`http://127.0.0.1:${server.port}/#token=${token}`);
    await becomes("asked", asked("pause"));
    expect(await page.locator("#ask-token").isVisible()).toBe(false);
    expect(page.url()).toBe(`http://127.0.0.1:${server.port}/#r1`);
  });

  it.each([
    ["with every sign that there is", '100%41&#?"<>`=/+\\token', encodeURIComponent],
    ["that nobody encoded and that cannot be decoded", "100%-sure-token", String],
  ])("takes a token %s", async (_, secret, written) => {
    const other = await serve(0, secret);
    await server.close();
    server = other;
    await look(1280, `token=${written(secret)}`);
    await page.click("#pause");
    await becomes("asked", asked("pause"));
    expect(complaints).toEqual([]);
  });

  it("asks again for a token that no header can carry", async () => {
    await look(1280, "r1");
    await page.click("#pause");
    await page.fill("#token", "ein-Schlüssel-für-€");
    await page.press("#token", "Enter");
    await becomes("token-says", /^That is not this server's token/);
    expect(complaints).toEqual([]);
  });

  it("shows the run that the address names, typed, chosen or gone back to, and none that there is not", async () => {
    await carryOut(await openTestChip(), store, planToWatch(chip, 1));
    await look(1280);
    await page.getByRole("button", { name: /^r2/ }).click();
    await becomes("title", /^r2/);
    await page.goto(`http://127.0.0.1:${server.port}/#r1`);
    await becomes("title", /^r1/);
    await page.goBack();
    await becomes("title", /^r2/);
    expect(await page.locator('nav [aria-current="true"]').innerText()).toMatch(/^r2/);
    await page.goto(`http://127.0.0.1:${server.port}/#r9`);
    await becomes("trouble", /no run r9/);
    expect(await page.locator("#run").isVisible()).toBe(false);
    await page.goBack();
    await becomes("title", /^r2/);
  });

  it("does not take a run whose link is lost, or whose process has fallen silent, for one that goes on", async () => {
    await look(1280);
    letThrough(3);
    await becomes("phase", "programming");
    waitedMilliseconds = 60_000;
    await becomes("phase", "silent");
    expect([await text("rate"), await text("left")]).toEqual(["–", "–"]);
    expect(await text("asked")).toBe(
      "It has not reported since then. If its process has ended, mho resume r1 goes on with it.",
    );
    await store.appendNote("r1", { notedAt: new Date().toISOString(), what: "link-lost", text: "gone" });
    await becomes("phase", "link lost");
    expect(await text("link")).toBe("lost");
    await stop();
    await becomes("asked", "Asked it to stop; it hears when its chip is back, or is given up.");
  });

  it("judges a run by the server's clock, whatever the browser's shows", async () => {
    await look(1280, undefined, 600_000);
    letThrough(1);
    await becomes("heard", /^heard/);
    expect(await text("phase")).toBe("programming");
    expect(await text("heard")).toMatch(/just now|\d s ago/);
    await page.clock.setSystemTime(Date.now() - 600_000);
    waitedMilliseconds = 60_000;
    await becomes("phase", "silent");
  });

  it("does not take a watch for alive of which nothing is heard, and names what goes on with it", async () => {
    await look(1280);
    letThrough(10_000);
    await ended;
    await store.setWatch("r1", { timesSeconds: [200_000], averages: 1 });
    await becomes("phase", "waiting to read");
    expect(await text("asked")).toBe("");
    waitedMilliseconds = 7_200_000;
    await becomes("phase", "waiting, or gone");
    expect(await page.evaluate(`document.querySelector("#phase").scrollWidth`)).toBeLessThanOrEqual(
      await page.evaluate<number>(`document.querySelector("#phase").clientWidth`),
    );
    expect(await text("heard")).toBe("heard 2 h ago");
    expect(await text("asked")).toBe(
      "It has not reported since then, as when it waits for the next age to read at. " +
        "If its process has ended, mho watch r1 goes on with it.",
    );
    await stop();
    await becomes("asked", asked("stop"));
    await page.evaluate(`performance.now = ((now) => () => now() + 9000)(performance.now.bind(performance))`);
    await becomes("asked", /no process answers\. If its process has ended, mho watch r1 goes on with it\.$/);
    await store.appendNote("r1", { notedAt: wallTime(), what: "stopped", text: "asked" });
    await store.setRequest("r1", undefined);
    await becomes("asked", "Its watch ended before everything was read. mho watch r1 goes on with it.");
    expect(await text("phase")).toBe("watch ended");
    expect(await page.locator("#stop").isDisabled()).toBe(true);
  });

  it("says that the connection is lost, and comes back by itself to where the run is then", async () => {
    await look(1280);
    await becomes("line", "live");
    const { port } = server;
    await server.close();
    await becomes("line", "connection lost; trying again");
    letThrough(10_000);
    await ended;
    server = await serve(port);
    await becomes("line", "live");
    await becomes("phase", "done");
  });

  it.each([1280, 375])("keeps long titles and many runs in their place at %i pixels", async (width) => {
    const identity = await chip.driver.identify();
    const plan = { ...planToWatch(chip, 1, 1), title: "w".repeat(240) };
    for (let n = 2; n <= 60; n++) {
      await store.beginRun(plan, identity, wallTime());
      await store.endRun(`r${n}`, "interrupted");
    }
    // The oldest stands last.
    await look(width, "r1");
    const outside = `[...document.querySelectorAll("nav li")].filter((item) => {
      const { left, right } = item.getBoundingClientRect();
      return [...item.querySelectorAll("*")].some((part) => {
        const box = part.getBoundingClientRect();
        return box.left < left - 1 || box.right > right + 1 || part.scrollWidth > part.clientWidth + 1;
      });
    }).length`;
    expect(await page.evaluate(outside)).toBe(0);
    expect((await page.locator("#runs").boundingBox())!.height).toBeLessThan(800);
    await expect.poll(() => inList("r1")).toBe(true);
    await page.goto(`http://127.0.0.1:${server.port}/#r60`);
    await becomes("title", /^r60/);
    expect(await inList("r60")).toBe(true);
    const stop = (await page.locator("#stop").boundingBox())!;
    expect(stop.y + stop.height).toBeLessThan(600);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(width);
  });

  /** Whether a run's place in the list can be seen. */
  const inList = (run: string): Promise<boolean> =>
    page.evaluate<boolean>(`(() => {
      const list = document.querySelector("#runs").getBoundingClientRect();
      const items = [...document.querySelectorAll("nav button")];
      const item = items.find(({ innerText }) => innerText.startsWith("${run} ")).getBoundingClientRect();
      return item.left >= list.left - 1 && item.right <= list.right + 1 &&
        item.top >= list.top - 1 && item.bottom <= list.bottom + 1;
    })()`);

  it("fits a phone: nothing is wider than 375 pixels or lies on something else, and its buttons are on the first screen", async () => {
    await look(375);
    letThrough(2);
    await page.waitForSelector("#panels canvas");
    expect(await page.evaluate(collidingIn("#run"))).toEqual([]);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(375);
    const stop = (await page.locator("#stop").boundingBox())!;
    expect(stop.y + stop.height).toBeLessThan(800);
    expect(stop.height).toBeGreaterThan(32);
    expect(complaints).toEqual([]);
  });

  it("shows an empty workspace the command that begins a run, to copy", async () => {
    const [full, empty] = [server, emptyFolder()];
    await (await openWorkspace(empty)).close();
    folder = empty;
    server = await serve(0);
    page = await context.newPage();
    await page.setViewportSize({ width: 375, height: 800 });
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await becomes(
      "first-command",
      "npx mho program examples/levels/verify.csv --chip emulator:pcm-64 --workspace w",
    );
    await page.click("#copy");
    await becomes("copied", /^(Copied\.|Selected: copy it with Ctrl-C\.)$/);
    expect(await page.locator("#loading").isVisible()).toBe(false);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(375);
    await full.close();
  });
});
