import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { paste, pastedBlocks } from "../support/pasted.ts";

removeFoldersAfterEach();

describe.runIf(process.platform !== "win32")("docs/bench.md", () => {
  it("can be pasted from its beginning to its end", () => {
    const folder = emptyFolder();
    const said = paste(pastedBlocks("docs/bench.md"), folder);
    expect(said).toContain("run r9 done");
    for (const page of ["form.html", "loops.html"])
      expect(statSync(join(folder, page)).size).toBeGreaterThan(5000);
  });
});
