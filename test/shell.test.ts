import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { outputsMayBeOn } from "../src/run/standby.ts";
import { shellWord } from "../src/shell.ts";

describe("a word that is to be pasted into a shell", () => {
  it.each([
    ["serial:/dev/ttyACM0", "serial:/dev/ttyACM0"],
    ["tcp:127.0.0.1:1?dialect=packet&tiles=1", "'tcp:127.0.0.1:1?dialect=packet&tiles=1'"],
    ["it's", String.raw`'it'\''s'`],
    ["", "''"],
  ])("%s is quoted where the shell would read something into it", (text, quoted) => {
    expect(shellWord(text)).toBe(quoted);
  });

  it.runIf(process.platform !== "win32")("arrives as it was meant", () => {
    const text = "a b?c&d'e\"f$g*h;i";
    expect(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`]).toString()).toBe(text);
  });

  it("is quoted in the command that makes a chip safe", () => {
    expect(outputsMayBeOn("tcp:127.0.0.1:1?chip=pcm-64&tiles=1", "")).toContain(
      "Run mho standby --chip 'tcp:127.0.0.1:1?chip=pcm-64&tiles=1', or",
    );
  });

  it.each(["README.md", "docs/command-line.md", "docs/live-page.md", "docs/programming.md", "docs/refit.md"])(
    "is quoted in every command of %s",
    (page) => {
      const text = readFileSync(new URL(`../${page}`, import.meta.url), "utf8");
      const commands = text.split("\n").filter((line) => /^\s*(?:npx )?mho /.test(line));
      expect(commands.filter((line) => /[?&]/.test(line.replace(/'[^']*'|#.*|\[.*?\]/g, "")))).toEqual([]);
    },
  );
});
