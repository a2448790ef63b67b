import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The script of docs/library.md, which is its first block of TypeScript. */
function scriptOfDocs(): string {
  return /```ts\n([^]*?)```/.exec(readFileSync(join(root, "docs/library.md"), "utf8"))![1]!;
}

/** A project of someone else's: mho as it is packed, its dependencies as they are installed, strict TypeScript. */
function consumer(script: string): string {
  const folder = emptyFolder();
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder, "--silent"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  }).trim();
  execFileSync("tar", ["-xzf", join(folder, packed), "-C", folder]);
  symlinkSync(join(folder, "package"), join(modules, "mho"));
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  mkdirSync(join(folder, "package", "node_modules"));
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    for (const place of [join(folder, "package", "node_modules"), modules]) {
      mkdirSync(join(place, name, ".."), { recursive: true });
      symlinkSync(join(root, "node_modules", name), join(place, name));
    }
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "script.ts"), script);
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ["node"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["script.ts"] }));
  return folder;
}

describe("a script of someone else's", () => {
  it("as docs/library.md shows it compiles strictly against the packed library, programs a chip and reads it", () => {
    const folder = consumer(scriptOfDocs());
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
      cwd: folder,
    });
    const said = execFileSync(process.execPath, [join(folder, "script.js")], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(said).toMatch(/^r1: yield \d+\.\d %\n(tile 0, \d+ s: [^\n]*µS\n)+device 0 now: \d+\.\d+ µS\n$/);
  });
});
