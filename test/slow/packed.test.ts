import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8");
const manifest = JSON.parse(read("package.json")) as {
  dependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};

describe("the package", () => {
  it("takes at most 90 MB with all that it needs", () => {
    expect(packed().bytes).toBeLessThanOrEqual(90e6);
  });

  it("imports only what is installed with it", () => {
    const faults = packedCode().flatMap((file) =>
      packagesNamedBy(file)
        .filter((name) => !(name in manifest.dependencies))
        .map((name) => `${file} → ${name}`),
    );
    expect(faults).toEqual([expect.stringMatching(/^dist\/chunks\/query-.* → @duckdb\/node-api$/)]);
  });

  it("asks for no more than it needs: what its user adds is optional, and is loaded when it is asked for", () => {
    expect(manifest.peerDependenciesMeta).toEqual({ "@duckdb/node-api": { optional: true } });
    const asking = packedCode().filter((file) => read(file).includes("@duckdb/node-api"));
    expect(asking.flatMap((file) => read(file).match(/.*@duckdb\/node-api"/g)!)).toContainEqual(
      expect.stringContaining('import("@duckdb/node-api"'),
    );
    for (const file of asking) expect(read(file)).not.toMatch(/from "@duckdb/);
  });
});

/** What npm would put into the package, which it takes seconds to list. */
let listed: { bytes: number; files: string[] } | undefined;
function packed(): { bytes: number; files: string[] } {
  const list = (): string =>
    execFileSync(process.execPath, ["tools/packedSize.mjs", "--json"], { cwd: root, encoding: "utf8" });
  return (listed ??= JSON.parse(list()) as { bytes: number; files: string[] });
}

function packedCode(): string[] {
  return packed().files.filter(
    (path) => path.startsWith("dist/") && path.endsWith(".js") && !path.startsWith("dist/web/page"),
  );
}

function packagesNamedBy(file: string): string[] {
  const text = read(file);
  const { staticImports, dynamicImports } = parseSync(file, text).module;
  return [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...dynamicImports.flatMap(
      ({ moduleRequest: at }) => /^["'`](.*)["'`]$/.exec(text.slice(at.start, at.end))?.[1] ?? [],
    ),
  ]
    .filter((target) => !/^(\.|node:)/.test(target) && !builtinModules.includes(target))
    .map((target) => target.split("/", target.startsWith("@") ? 2 : 1).join("/"));
}
