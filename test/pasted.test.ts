import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { paste, pastedBlocks } from "./support/pasted.ts";

removeFoldersAfterEach();

// test/slow/tutorial.test.ts pastes the rest of README.md, and the tutorial.
describe.runIf(process.platform !== "win32")("what a reader pastes", () => {
  it("ends with 0, command after command, from the beginning of README.md until it is told what programming takes", () => {
    const [begin] = /^[^]*?^npx mho program .*--dry-run.*\n/m.exec(pastedBlocks("README.md").join("\n"))!;
    const said = paste([begin], emptyFolder());
    expect(said).toContain("Nothing was sent");
  });

  it("fails by the command that fails, with what it said", () => {
    const folder = emptyFolder();
    expect(() =>
      paste(["npx mho show pcm-90nm\n", "npx mho show r9\n", "npx mho --version\n"], folder),
    ).toThrow(/There is no workspace[^]*failed: npx mho show r9/);
  });

  it("names only scripts that package.json has", () => {
    expect(() => paste(["npm ci\nnpm run build\n"], emptyFolder())).not.toThrow();
    expect(() => paste(["npm run biuld\n"], emptyFolder())).toThrow(/failed: npm run biuld/);
  });
});
