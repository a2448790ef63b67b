import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import type { StampedEvent } from "../lab/events.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";

removeFoldersAfterAll();

/** Work on a chip in each dialect, command by command: what a bench tells meanwhile. */
async function toldIn(dialect: string): Promise<Map<string, StampedEvent[]>> {
  const folder = emptyFolder();
  const told = new Map<string, StampedEvent[]>();
  let events: StampedEvent[] = [];
  const bench = await openBench({
    workspace: join(folder, "w"),
    chip: `emulator:pcm-64?seed=5&births=sound&dialect=${dialect}`,
    onEvent: (event) => events.push(event),
  });
  const tell = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const done = await work;
    told.set(name, events);
    events = [];
    return done;
  };
  const weights = Array.from({ length: 4 }, (_, i) =>
    Array.from({ length: 32 }, (__, j) => (((i * 32 + j) * 37) % 101) / 50 - 1).join(),
  );
  const file = join(folder, "w.csv");
  writeFileSync(file, weights.join("\n"));
  const strategy = join(folder, "s.json");
  const aims = ["--model", "pcm-90nm", "--scale", "full", "--significance", "2"];
  await mho("optimize", file, ...aims, "--out", strategy);
  await tell("dry run", bench.estimate(strategy));
  const run = await tell("program", bench.program(strategy));
  await tell("watch", bench.watch(run, { until: "2h", perDecade: 2 }));
  await tell("trim dry run", bench.trim(run, { dryRun: true }));
  await tell("read", bench.readOut({ row: 1 }));
  await bench.close();
  return told;
}

describe("a dialect without tickets", () => {
  let told: Map<string, StampedEvent[]>;
  const warnings = (name: string): StampedEvent[] =>
    told.get(name)!.filter((event) => event.type === "warning" && event.code === "no_tickets");
  beforeAll(async () => {
    told = await toldIn("scpi");
  });

  it("says once, before a run begins, that mho cannot tell whether another workspace has pulsed the chip", () => {
    const [warning, ...others] = warnings("program");
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      name: "pcm-64",
      message: expect.stringMatching(
        /dialect scpi keep no tickets.* another workspace, or a restored copy of this one, has pulsed the chip pcm-64/,
      ) as string,
    });
    const types = told.get("program")!.map(({ type }) => type);
    expect(types.indexOf("warning")).toBeLessThan(types.indexOf("started"));
  });

  it("says so in a dry run, and where a trim is planned", () => {
    expect(warnings("dry run")).toHaveLength(1);
    expect(warnings("trim dry run")).toHaveLength(1);
  });

  it("says nothing where only reads are made", () => {
    expect(warnings("watch")).toEqual([]);
    expect(warnings("read")).toEqual([]);
  });
});

it("a dialect with tickets does not say that it has none", async () => {
  const told = await toldIn("packet");
  for (const events of told.values())
    expect(events.filter((event) => event.type === "warning" && event.code === "no_tickets")).toEqual([]);
});
