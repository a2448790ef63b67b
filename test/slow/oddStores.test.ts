import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { columns, commands, crashOf, makeOdd, makeStore, oddValues } from "../support/oddStores.ts";

removeFoldersAfterEach();

/** Of the stores, those that the commands which take a second are tried on: MHO_ODD_EVERY=1 for all, which takes two hours. */
const everyLong = Number(process.env["MHO_ODD_EVERY"] ?? 100);
const firstLong = Number(process.env["MHO_ODD_FIRST"] ?? 0);

describe("a store of which a column holds any wrong value", () => {
  it("is read or refused, and crashes no command", { timeout: 7_200_000 }, async () => {
    const [from, root] = [emptyFolder(), emptyFolder()];
    await makeStore(from);
    const crashes: string[] = [];
    let [stores, cases] = [0, 0];
    for (const [table, column] of columns) {
      for (const value of oddValues) {
        const to = join(root, String(stores));
        if (!makeOdd(from, to, table, column, value, false)) continue;
        const long = stores++ % everyLong === firstLong;
        for (const [name, command] of Object.entries(commands)) {
          if (command.long && !long) continue;
          cases++;
          const crash = await crashOf(to, name);
          if (crash !== undefined)
            crashes.push(`${table}.${column} = ${value}: ${name}: ${(crash as Error).stack}`);
        }
        rmSync(to, { recursive: true });
      }
    }
    console.log(`${stores} stores, ${cases} cases, ${crashes.length} crashes`);
    expect(crashes).toEqual([]);
  });
});
