import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { paste, pastedBlocks, pythonBlocks } from "../support/pasted.ts";

removeFoldersAfterEach();

describe.runIf(process.platform !== "win32")("docs/tutorial.md", () => {
  it("can be pasted from its beginning to its end, and gives the figures that it tells of", () => {
    const folder = emptyFolder();
    const said = paste(pastedBlocks("docs/tutorial.md"), folder);
    for (const told of [
      "weight error after 30 days: 6.55 % of the largest",
      "Believe it: it passes every check",
      "weight error after 30 days: 4.17 % of the largest",
      "Run r7: 1,500 devices of hfox-b",
    ])
      expect(said).toContain(told);
    expect(statSync(join(folder, "r6.html")).size).toBeGreaterThan(10_000);
    for (const block of pythonBlocks("docs/tutorial.md").filter(canRun)) {
      expect(execFileSync("python3", ["-c", block], { cwd: folder, encoding: "utf8" })).not.toBe("");
    }
  });
});

/** Whether there is a Python that has all that a block imports. */
function canRun(block: string): boolean {
  const imports = block.match(/^(?:import|from) .*/gm)!.join("\n");
  return spawnSync("python3", ["-c", imports]).status === 0;
}
