import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";

/**
 * Lets the tests load the modules that the build has made, as Node loads them: up to a third less work than to have the sources translated
 * again. Where a source is newer than its build, all are taken from the sources, and a line says so.
 */
export function whatIsBuilt(): Plugin {
  const built = builtModules();
  return {
    name: "what is built",
    enforce: "pre",
    resolveId(source, importer) {
      if (!source.startsWith(".") || !source.endsWith(".ts") || importer === undefined) return null;
      const id = built.get(resolve(dirname(importer), source));
      return id === undefined ? null : { id, external: true };
    },
  };
}

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = (JSON.parse(readFileSync(join(root, "tsconfig.build.json"), "utf8")) as { include: string[] })
  .include;
/** Put into few files by the build, with copies of their own of all that they import: tools/bundle.mjs. */
const bundled = ["cli/main", "cli/mho", "lab/index", "lab/apart/apartMain", "lab/threads/threadMain"];

/** From a source to its built module; empty where a source is newer. */
function builtModules(): Map<string, string> {
  const modules = new Map<string, string>();
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    for (const { parentPath, name } of files) {
      if (!name.endsWith(".ts") || name.endsWith(".d.ts")) continue;
      const source = join(parentPath, name);
      const module = relative(root, source).replace(/\.ts$/, "").split(sep).join("/");
      if (module.startsWith("web/page/")) continue;
      const built = join(root, "dist", `${module}.js`);
      if (!existsSync(built) || statSync(built).mtimeMs < statSync(source).mtimeMs) {
        console.warn(
          `${module}.ts is newer than what is built: the sources are tested, and commands as they were. Run npm run build.`,
        );
        return new Map();
      }
      if (!bundled.includes(module)) modules.set(source, built);
    }
  }
  return modules;
}
