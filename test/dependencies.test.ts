import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
const locked = Object.entries(packages).filter(([path]) => path !== "");

describe("what is installed", () => {
  it("is locked to the byte, and comes from no place of its own", () => {
    for (const [path, { version, resolved, integrity }] of locked) {
      expect([path, version]).toEqual([path, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
      expect([path, resolved]).toEqual([path, undefined]);
    }
  });

  it("runs no script: those that would are known, and install without it", () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(scripted.map(([path]) => path.replace(/^node_modules\//, "")).sort()).toEqual(knownScripts);
    expect(read("tools/install.mjs")).toContain('"--ignore-scripts"');
    const { allowScripts } = JSON.parse(read("package.json")) as { allowScripts: Record<string, boolean> };
    expect(allowScripts).toEqual(Object.fromEntries(knownScripts.map((name) => [name, false])));
  });

  it("is what package.json asks for, and nothing that it does not", () => {
    const wanted = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
    const root = packages[""] as unknown as Record<string, Record<string, string>>;
    for (const kind of ["dependencies", "devDependencies"]) expect(root[kind]).toEqual(wanted[kind]);
  });
});

/** The first two bring binaries, which they would only build where none fits; the last would print a note about its version. */
const knownScripts = ["@photostructure/sqlite", "@serialport/bindings-cpp", "protobufjs"];
