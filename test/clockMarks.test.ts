import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { plannedVisit } from "../lab/trim.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { makeOdd, makeStore } from "./support/oddStores.ts";

removeFoldersAfterAll();

const store = emptyFolder();
beforeAll(() => makeStore(store));

/** What a trim's forecast ends with where the newest mark of the chip's clock holds another value. */
async function trimWith(column: string, value: string): Promise<unknown> {
  const workspace = join(emptyFolder(), "w");
  expect(makeOdd(store, workspace, "clock_marks", column, value, false)).toBe(true);
  const bench = await openBench({ workspace });
  try {
    return await bench.trim("r1", { dryRun: true }).catch((error: unknown) => error);
  } finally {
    await bench.close();
  }
}

it.each([
  ["marked_at", "'[1e999]'"],
  ["marked_at", "'2026-13-01T00:00:00Z'"],
  ["chip_time_microseconds", "9e999"],
  ["offset_microseconds", "'x'"],
  ["boot", "-1"],
])("a mark of a chip's clock whose %s is %s is damage, and named", async (column, value) => {
  expect(await trimWith(column, value)).toMatchObject({
    code: "workspace-failed",
    message: expect.stringContaining("the newest mark of the clock of pcm-64 number EMU-7") as string,
  });
});

it("a trim is refused where the chip's clock shows a time before its devices' last pulses", async () => {
  const { driver } = await openTestChip();
  const kept = await openWorkspace(store);
  const plan = await kept.plan("r1");
  driver.chipTime = () => Promise.resolve(-1e12);
  const visit = plannedVisit({ driver, store: kept }, ["r1"], plan, plan.model, [1, 3600], 1, 7);
  await expect(visit).rejects.toMatchObject({
    code: "bad-argument",
    message: expect.stringContaining("how old they are is not known") as string,
  });
  await kept.close();
});
