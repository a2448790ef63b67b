import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apart } from "../lab/apart/apart.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { carryOut, planToWatch } from "./support/liveRun.ts";

removeFoldersAfterEach();

describe("a report or a table that is made in a thread", () => {
  let folder: string;
  let bench: Bench;
  let made: ReturnType<typeof apart>;

  beforeEach(async () => {
    folder = emptyFolder();
    const store = await openWorkspace(folder);
    const chip = await openTestChip();
    for (let n = 0; n < 2; n++) await carryOut(chip, store, planToWatch(chip, 1, 1));
    await store.close();
    const options = { workspace: folder, config: "none" };
    bench = await openBench(options);
    made = apart(bench, options);
  });
  afterEach(() => bench.close());

  it("is the one that the bench makes, byte by byte", async () => {
    const [here, there] = [join(folder, "here.csv"), join(folder, "there.csv")];
    const same = await bench.export("r1", { to: "csv", out: here });
    expect(await made.export("r1", { to: "csv", out: there })).toEqual({ ...same, file: there });
    expect(readFileSync(there, "utf8")).toBe(readFileSync(here, "utf8"));
    expect(await made.compare(["r1", "r2"])).toEqual(await bench.compare(["r1", "r2"]));
  });

  it("fails with the bench's own error", async () => {
    const of = (calls: Pick<Bench, "report">): Promise<unknown> =>
      calls.report("r9", { out: join(folder, "r9.html") }).catch((error: unknown) => error);
    const [error, same] = [await of(made), await of(bench)];
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "bad-argument", message: (same as Error).message });
  });
});
