import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Bench } from "../lab/bench.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const page = readFileSync(new URL("../docs/library.md", import.meta.url), "utf8");
const built = new URL("../dist/lab/bench.js", import.meta.url);

describe("docs/library.md", () => {
  it("has a script that runs as it stands, and reads device 12 as its sweep did", async () => {
    const [script] = /(?<=```ts\n)[^]*?(?=```)/.exec(page)!;
    const folder = emptyFolder();
    const file = join(folder, "script.mjs");
    writeFileSync(file, script.replace('"mho"', JSON.stringify(built.href)));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
    const [atOnce, later, byHand] = [...stdout.matchAll(/(-?\d+\.\d+) µS/g)].map(([, g]) => Number(g));
    expect(Math.abs(atOnce!)).toBeLessThan(2);
    expect(later).toBeLessThan(atOnce!);
    expect(Math.abs(byHand! - (12.5 + later!))).toBeLessThan(1);
  });

  it("tells of every method of a bench", () => {
    const told = [...page.matchAll(/^\| `(\w+)(?:\(|`)/gm)].map(([, name]) => name);
    const methods = Object.getOwnPropertyNames(Bench.prototype).filter((name) => name !== "constructor");
    expect(methods.filter((name) => !told.includes(name))).toEqual([]);
  });
});
