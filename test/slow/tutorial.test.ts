import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { paste, pastedBlocks, pythonBlocks, shownLines } from "../support/pasted.ts";

removeFoldersAfterEach();

describe.runIf(process.platform !== "win32")("README.md", () => {
  it("can be pasted from its beginning to its end", () => {
    const said = paste(pastedBlocks("README.md"), emptyFolder());
    expect(said).toContain("run r1 done");
    expect(said).toContain("Run r3: 1,500 devices");
  });
});

describe.runIf(process.platform !== "win32")("docs/tutorial.md", () => {
  it("can be pasted from its beginning to its end, and prints every line that it shows", () => {
    const folder = emptyFolder();
    const said = paste(pastedBlocks("docs/tutorial.md"), folder);
    const lines = said.split("\n");
    const untold = shownLines("docs/tutorial.md").filter(
      (shown) => !lines.some((line) => line.startsWith(shown)),
    );
    expect(untold).toEqual([]);
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
