import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const escape = "\x1b[";

function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...rest } = process.env;
  return { ...rest, TERM: "xterm", ...more };
}

function errorOf(more: Record<string, string>): string {
  const args = [main, "show", "nosuch"];
  return spawnSync(process.execPath, args, { env: environment(more), encoding: "utf8" }).stderr;
}

describe("colour", () => {
  it("is none in a file or a pipe, also where CI is set", () => {
    for (const more of [{}, { CI: "true" }, { GITHUB_ACTIONS: "true", CI: "1" }, { FORCE_COLOR: "0" }])
      expect(errorOf(more)).toMatch(/^mho: /);
  });

  it("is there where it is forced, unless it is forbidden", () => {
    expect(errorOf({ FORCE_COLOR: "1" })).toContain(`${escape}31m`);
    expect(errorOf({ FORCE_COLOR: "1", NO_COLOR: "1" })).not.toContain(escape);
  });

  it.runIf(existsSync("/usr/bin/script"))(
    "of each stream is its own: stdout a terminal, stderr a file",
    () => {
      const file = join(emptyFolder(), "err.txt");
      const command = (rest: string): string => `'${process.execPath}' '${main}' show nosuch ${rest}`;
      const onTerminal = (rest: string): string =>
        execFileSync("script", ["-qc", command(rest), "/dev/null"], {
          env: environment({}),
          encoding: "utf8",
        });
      onTerminal(`2>'${file}'; true`);
      expect(readFileSync(file, "utf8")).toMatch(/^mho: /);
      expect(onTerminal("; true")).toContain(`${escape}31m`);
    },
  );
});
