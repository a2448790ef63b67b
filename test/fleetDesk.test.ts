import { describe, expect, it } from "vitest";
import { doingNow } from "../lab/fleet/benchNow.ts";
import { alarmsOf } from "../src/fleet/alarms.ts";
import type { Job } from "../src/queue/job.ts";
import { FleetDesk } from "../web/fleetDesk.ts";
import type { FleetState } from "../web/fleetState.ts";
import type { PageFleet } from "../web/pageFleet.ts";
import { dieAt, wafersOf } from "../web/waferPlaces.ts";

const none: PageFleet = { benches: [], chips: [], jobs: [], alarms: [] };
const chipLine = (chip: string, wafer: string | null, die: string | null) => ({
  chip,
  wafer,
  die,
  bench: null,
  run: null,
  madeAt: null,
  yieldPercent: null,
  errorPercent: null,
  errorAgeSeconds: null,
  exponent: null,
  pulsesPerDevice: null,
  isOutOfForecast: false,
});

describe("the fleet as pages see it", () => {
  it("is looked at once for all of them, however many ask at the same time", async () => {
    let looks = 0;
    const desk = new FleetDesk(
      () => {
        looks++;
        return Promise.resolve(none);
      },
      () => "2026-11-30T00:00:00Z",
    );
    expect(await Promise.all(Array.from({ length: 20 }, () => desk.version()))).toEqual(Array(20).fill(1));
    await desk.state();
    expect(looks).toBe(1);
  });

  it("tells of a look that failed to those who asked, and keeps what it had", async () => {
    let fails = false;
    const look = (): Promise<PageFleet> =>
      fails ? Promise.reject(new Error("The server is away.")) : Promise.resolve(none);
    const desk = new FleetDesk(look, () => "2026-11-30T00:00:00Z");
    const before = await desk.state();
    fails = true;
    // Within its pause it does not look.
    expect(await desk.state()).toBe(before);
    const other = new FleetDesk(look, () => "2026-11-30T00:00:00Z");
    await expect(other.version()).rejects.toThrow("The server is away.");
  });

  it("has silent benches first, counts jobs, and tells failed ones by their reasons, the commonest first", async () => {
    const bench = { doing: "", diskFreeBytes: 1.234e11, chips: [], host: "h", version: "1" };
    const failed = (id: string, code: string) => ({
      id,
      state: "failed",
      why: { code, message: `of ${id}` },
    });
    const fleet = {
      ...none,
      benches: [
        { ...bench, name: "a", state: "online", silentSeconds: 3 },
        { ...bench, name: "b", state: "stopped", silentSeconds: 300 },
        { ...bench, name: "c", state: "silent", silentSeconds: 301 },
      ],
      jobs: [
        failed("j1", "chip-refused"),
        failed("j2", "link-lost"),
        failed("j3", "link-lost"),
        { id: "j4", state: "waiting", why: undefined },
        { id: "j5", state: "under way", why: undefined },
      ],
    } as unknown as PageFleet;
    const desk = new FleetDesk(
      () => Promise.resolve(fleet),
      () => "2026-11-30T00:10:00Z",
    );
    const state = JSON.parse(await desk.state()) as FleetState;
    expect(state.benches.map(({ name, heardAt, freeGigabytes }) => [name, heardAt, freeGigabytes])).toEqual([
      ["c", "2026-11-30T00:05:00.000Z", 120],
      ["a", null, 120],
      ["b", "2026-11-30T00:05:00.000Z", 120],
    ]);
    expect(state.jobs).toEqual({ waiting: 1, underWay: 1, failed: 3 });
    expect(state.failures).toEqual([
      { code: "link-lost", jobs: ["j2", "j3"], count: 2, message: "of j3" },
      { code: "chip-refused", jobs: ["j1"], count: 1, message: "of j1" },
    ]);
  });
});

describe("chips on wafers", () => {
  it("have a place where their die was noted as two whole numbers, x first", () => {
    const read = ["3,4", "x3 y4", "(3; -4)", "-1/2", "X03Y04"].map((die) => dieAt(die));
    expect(read).toEqual([
      { x: 3, y: 4 },
      { x: 3, y: 4 },
      { x: 3, y: -4 },
      { x: -1, y: 2 },
      { x: 3, y: 4 },
    ]);
    expect(["edge", "7", "3,4,5", "B12", ""].map((die) => dieAt(die))).toEqual(Array(5).fill(undefined));
  });

  it("are laid together by wafer, W2 before W10 and those without one last; two at one die share a place", () => {
    const wafers = wafersOf([
      chipLine("c/1", "W10", "1,1"),
      chipLine("c/2", null, null),
      chipLine("c/3", "W2", "1,1"),
      chipLine("c/4", "W2", "1,1"),
      chipLine("c/5", "W2", "edge"),
    ]);
    expect(wafers.map(({ name }) => name)).toEqual(["W2", "W10", null]);
    expect(wafers[0]!.placed.map(({ x, y, chips }) => [x, y, chips.map(({ chip }) => chip)])).toEqual([
      [1, 1, ["c/3", "c/4"]],
    ]);
    expect(wafers[0]!.unplaced.map(({ chip }) => chip)).toEqual(["c/5"]);
    expect(wafers[2]!.unplaced.map(({ chip }) => chip)).toEqual(["c/2"]);
  });
});

describe("what has to be looked after", () => {
  it("names the bench at which a job failed, and what its runs are called at the server", () => {
    const [alarm] = alarmsOf(
      [],
      [
        {
          id: "j7",
          state: "failed",
          chipName: "pcm-64/1",
          why: { code: "link-lost", message: "The link was lost. mho resume r3 goes on." },
          failedAt: "lab-a",
          runsAt: [{ run: "r12", there: "r3" }],
        },
      ],
    );
    expect(alarm).toEqual({
      about: "job-failed",
      bench: "lab-a",
      chip: "pcm-64/1",
      job: "j7",
      message:
        "j7 on pcm-64/1 failed at bench lab-a, and the chip's queue stands: The link was lost. mho resume r3 goes on. r3 of that bench is r12 here.",
    });
  });

  it("is told by the server's names of jobs, and a bench's own job says so", () => {
    const job = (id: string, origin?: { job: string }): Job =>
      ({
        id,
        origin,
        state: "under way",
        text: "measure yield",
        chip: "emulator:pcm-64?seed=1",
      }) as unknown as Job;
    expect(doingNow([job("j1", { job: "j40" }), job("j2")], { left: "emulator:pcm-64?seed=1" })).toBe(
      "j40 measure yield on left; its own j2 measure yield on left",
    );
  });
});
