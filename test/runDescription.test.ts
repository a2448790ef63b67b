import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import type { StampedEvent } from "../lab/events.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

interface ChipFile {
  converter: { microsiemens_per_code: number };
  limits: { max_amplitude_microamperes: number };
}

const pcm64 = readFileSync(fileURLToPath(new URL("../chips/pcm-64.json", import.meta.url)), "utf8");

/** A run of 8 rows on a chip that a file of one's own describes, and what edits that file. */
async function programmed(rows = 8) {
  const folder = emptyFolder();
  const file = join(folder, "mine.json");
  writeFileSync(file, pcm64);
  const events: StampedEvent[] = [];
  const open = (signal?: AbortSignal): Promise<Bench> =>
    openBench({
      workspace: join(folder, "w"),
      chip: `emulator:pcm-64?seed=5&births=sound&chip=${file}`,
      onEvent: (event) => events.push(event),
      signal,
    });
  const valuesMicrosiemens = Float32Array.from({ length: rows * 256 }, (_, i) => 2 + (i % 22));
  const bench = await open();
  const run = await bench.program({ title: "even", valuesMicrosiemens }, { sweepTimesSeconds: [1] });
  await bench.close();
  const edit = (change: (chip: ChipFile) => void): void => {
    const chip = JSON.parse(readFileSync(file, "utf8")) as ChipFile;
    change(chip);
    writeFileSync(file, JSON.stringify(chip));
  };
  const warnings = (): string[] => events.flatMap((event) => (event.type === "warning" ? event.message : []));
  return { run, file, open, edit, warnings };
}

describe("a run keeps its chip's description", () => {
  it("and is fitted and watched by it when the file says something else by now, or is gone, and says so", async () => {
    const { run, file, open, edit, warnings } = await programmed();
    const bench = await open();
    await bench.watch(run, { until: 100, perDecade: 2 });
    const { record } = await bench.fit([run]);
    expect(warnings()).toEqual([]);
    edit((chip) => (chip.converter.microsiemens_per_code *= 1.1));
    const after = await bench.fit([run]);
    expect(after.record).toEqual(record);
    expect(warnings()).toEqual([expect.stringMatching(/description has changed since run r1 was begun/)]);
    rmSync(file);
    expect((await bench.fit([run])).record).toEqual(record);
    expect(warnings().at(-1)).toMatch(/cannot be read any more: .*mine\.json.* Run r1 kept its own/);
    await bench.close();
  });

  it("and is not told to differ where only the spaces and the order of the file's keys do", async () => {
    const { run, file, open, warnings } = await programmed(1);
    const chip = Object.entries(JSON.parse(readFileSync(file, "utf8")) as object).toReversed();
    writeFileSync(file, JSON.stringify(Object.fromEntries(chip), undefined, 7));
    const bench = await open();
    await bench.watch(run, { until: 10, perDecade: 1 });
    expect(warnings()).toEqual([]);
    await bench.close();
  });

  it("but limits that the file narrowed meanwhile hold", async () => {
    const { run, open, edit } = await programmed(1);
    edit((chip) => (chip.limits.max_amplitude_microamperes = 100));
    const bench = await open();
    const store = await bench.store();
    // As a run that was cut off, with every device still to be done.
    const plan = await store.plan(run);
    const cut = await store.beginRun(plan, await store.identity(run), "t", await store.description(run));
    await store.endRun(cut, "interrupted");
    await bench.resume(cut);
    let highest = 0;
    for await (const { orders } of store.turns(cut)) {
      for (const { codes } of orders) for (const code of codes) highest = Math.max(highest, code);
    }
    expect(highest).toBeGreaterThan(0);
    expect(highest * 0.49).toBeLessThanOrEqual(100);
    await bench.close();
  });

  it("and two runs whose descriptions differ in pulses or converter are not fitted as one", async () => {
    const { run, open, edit } = await programmed(1);
    edit((chip) => (chip.converter.microsiemens_per_code = 0.041));
    const bench = await open();
    const valuesMicrosiemens = new Float32Array(256).fill(5);
    const other = await bench.program({ title: "other", valuesMicrosiemens });
    await expect(bench.fit([run, other])).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/Runs r1 and r2 .* differ in its pulses or its converter/) as string,
    });
    await bench.close();
  });
});
