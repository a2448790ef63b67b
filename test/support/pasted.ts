import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/**
 * The blocks of a page that a reader is to paste into a shell, in their order. What a reader only looks at, or what needs a board or a
 * second terminal, is in blocks of `text`.
 */
export function pastedBlocks(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(?:sh|console)\n([^]*?)^```$/gm)].map(([, block]) => block!);
}

/** The blocks of Python of a page, in their order. */
export function pythonBlocks(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```python\n([^]*?)^```$/gm)].map(([, block]) => block!);
}

/** Lines of output that a page shows; `…` stands for what it leaves out: lines between others, or the end of one. */
export function shownLines(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```text\n([^]*?)^```$/gm)]
    .flatMap(([, block]) => block!.split("\n"))
    .filter((line) => line !== "" && !line.startsWith("npx "))
    .map((line) => line.replace(/ *…$/, ""))
    .filter((line) => line !== "");
}

/**
 * Runs blocks in one shell, which ends at the first command that fails. `npx mho` is the built program. `npm` is not run: it only has
 * to be given a script that package.json has.
 *
 * @param folder  where a fresh clone is said to be: it gets `examples` and `chips`.
 * @returns       what the commands printed on stdout.
 * @throws        with the command and stderr, where one does not end with 0.
 */
export function paste(blocks: readonly string[], folder: string): string {
  for (const name of ["examples", "chips"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  program(join(bin, "npx"), `[ "$1" = mho ] || exit 97\nshift\nexec "$NODE" "$MHO" "$@"`);
  const known = ["ci", "install", ...Object.keys(scripts)].join("|");
  program(join(bin, "npm"), `[ "$1" = run ] && shift\ncase "$1" in ${known}) ;; *) exit 97 ;; esac`);
  const failed = `trap 'echo "failed: $BASH_COMMAND" >&2' ERR`;
  const { MHO_CHIP: _, ...environment } = process.env;
  return execFileSync("bash", ["-c", ["set -eo pipefail", failed, ...blocks].join("\n")], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1e8,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...environment,
      NO_COLOR: "1",
      NODE: process.execPath,
      MHO: join(root, "dist/cli/main.js"),
      PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    },
  });
}

function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}
