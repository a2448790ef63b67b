import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Bench, Workplace } from "../lab/bench.ts";
import { EventStream } from "../lab/events.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect } from "./contracts/runStore.ts";
import { writeAgedRun } from "./support/agedRuns.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { columns, commands, crashOf, makeOdd, makeStore, oddValues } from "./support/oddStores.ts";

removeFoldersAfterAll();

const from = emptyFolder();
const quick = Object.keys(commands).filter((command) => !commands[command]!.long);

beforeAll(() => makeStore(from));

describe("a store whose columns hold what they should not", () => {
  it("is read or refused by every command that reads at once, and crashes none", async () => {
    const root = emptyFolder();
    const crashes: string[] = [];
    let cases = 0;
    for (const [place, [table, column]] of columns.entries()) {
      // All values for all columns take minutes: test/slow has them. Here each column meets one, every other command reads it,
      // and each value meets some columns.
      const value = oddValues[(3 * place) % oddValues.length]!;
      const to = join(root, String(place));
      if (!makeOdd(from, to, table, column, value, place % 2 === 0)) continue;
      for (const name of quick.filter((_, k) => (k + place) % 2 === 0)) {
        cases++;
        const crash = await crashOf(to, name);
        if (crash !== undefined)
          crashes.push(`${table}.${column} = ${value}: ${name}: ${(crash as Error).stack}`);
      }
      rmSync(to, { recursive: true });
    }
    expect(crashes).toEqual([]);
    expect(cases).toBeGreaterThan(125);
  });

  it.each([
    ["sweeps", "time_seconds", "1"],
    ["sweeps", "row_times_microseconds", "(SELECT row_times_microseconds FROM sweeps LIMIT 1)"],
    ["run_tiles", "targets", "zeroblob(length(%))"],
    ["turns", "verdicts", "zeroblob(length(%))"],
    ["sweeps", "codes", "zeroblob(length(%))"],
  ])("with %s.%s = %s is fitted, or what a fit lacks is said", async (table, column, value) => {
    const to = emptyFolder();
    expect(makeOdd(from, join(to, "w"), table, column, value, false)).toBe(true);
    for (const name of ["fit", "trim", "report"]) expect(await crashOf(join(to, "w"), name)).toBeUndefined();
  });

  it("that was read at one age alone is not fitted, and says what is lacking", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    await writeAgedRun(store, 1, 6);
    const [first] = await collect(store.sweeps("r1"));
    const plan = await store.plan("r1");
    const alone = await store.beginRun(plan, await store.identity("r1"), "2026-01-01T00:00:00Z");
    for await (const turn of store.turns("r1")) await store.appendTurn(alone, turn);
    for (let k = 0; k < 5; k++) await store.appendSweep(alone, first!);
    await store.endRun(alone, "done");
    await store.close();
    const bench = new Bench(
      new Workplace(
        { workspace: folder },
        new EventStream(
          () => {},
          () => "t",
        ),
      ),
    );
    await expect(bench.fit([alone])).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/All reads of r2 are of one age/) as string,
    });
    await bench.close();
  });
});
