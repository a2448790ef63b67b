import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Who may import whom, beside one's own folder. `npm` is the list of packages, `node` whether Node's own serve. */
const layers: Readonly<Record<string, { folders: string[]; npm: string[]; node: boolean }>> = {
  src: { folders: [], npm: [], node: false },
  protocols: { folders: ["src"], npm: [], node: false },
  networks: { folders: ["src", "files"], npm: ["onnxruntime-web"], node: true },
  files: {
    folders: ["src"],
    npm: ["zod", "fflate", "hyparquet-writer", "flatbuffers", "csv-parse", "@humanwhocodes/momoa", "h5wasm"],
    node: true,
  },
  locks: { folders: ["src"], npm: ["@photostructure/sqlite"], node: true },
  drivers: {
    folders: ["src", "protocols", "locks"],
    npm: ["serialport", "@serialport/parser-readline"],
    node: true,
  },
  emulator: { folders: ["src", "protocols"], npm: ["rp2040js"], node: true },
  storage: { folders: ["src", "files"], npm: ["@photostructure/sqlite", "pg"], node: true },
  lake: { folders: ["src", "files"], npm: ["zod", "@duckdb/node-api"], node: true },
  calibration: { folders: ["src"], npm: [], node: false },
  bench: {
    // Of the tests, the surfaces that are fuzzed.
    folders: [
      "src",
      "calibration",
      "emulator",
      "report",
      "drivers",
      "files",
      "storage",
      "lake",
      "locks",
      "lab",
      "test",
    ],
    npm: ["@photostructure/sqlite"],
    node: true,
  },
  web: {
    folders: ["src", "report"],
    npm: ["hono", "@hono/node-server", "uplot", "vite"],
    node: true,
  },
  lab: {
    folders: [
      "src",
      "protocols",
      "locks",
      "drivers",
      "emulator",
      "files",
      "calibration",
      "networks",
      "storage",
      "lake",
      "report",
    ],
    npm: ["zod", "pino"],
    node: true,
  },
  cli: {
    folders: ["src", "lab", "lake", "web", "drivers", "files", "storage"],
    npm: ["@commander-js/extra-typings", "picocolors"],
    node: true,
  },
  report: { folders: ["src", "storage"], npm: ["echarts", "fast-png"], node: true },
};

/** The emulator shares no belief with the models that it tests. */
const srcForEmulator = /^src\/(chip\/|units|clock|random|errors)/;

describe("the layers", () => {
  for (const [layer, allowed] of Object.entries(layers)) {
    it(`${layer} imports only ${["itself", ...allowed.folders, ...allowed.npm].join(", ")}`, () => {
      const faults = filesOf(layer).flatMap((file) =>
        importsOf(file)
          .filter((target) => !isAllowed(layer, file, target))
          .map((target) => `${file} → ${target}`),
      );
      expect(faults).toEqual([]);
    });
  }

  it("the emulator takes from src only the chip, units, clock, random and errors", () => {
    const faults = filesOf("emulator")
      .flatMap((file) => importsOf(file).map((target) => resolved(file, target)))
      .filter((target) => target.startsWith("src/") && !srcForEmulator.test(target));
    expect(faults).toEqual([]);
  });

  it("only the command line knows the command line", () => {
    const others = Object.keys(layers)
      .filter((layer) => layer !== "cli")
      .flatMap(filesOf);
    const faults = others.filter((file) => importsOf(file).some((t) => resolved(file, t).startsWith("cli/")));
    expect(faults).toEqual([]);
  });

  it("no file reaches itself again by what it imports, types included", () => {
    const known = new Map(
      [...Object.keys(layers), "test"].flatMap(filesOf).map((file) => [file, targetsOf(file)] as const),
    );
    expect(circlesOf(known)).toEqual([]);
  });

  it("no command loads ECharts, HDF5, ONNX Runtime or a processor before it needs them: they take a quarter of a second", () => {
    const large = [
      "report/echarts.ts",
      "files/hdf5Runtime.ts",
      "networks/onnxRuntime.ts",
      "emulator/rp2040/machine.ts",
    ];
    const loaded = new Set(["cli/mho.ts", "lab/bench.ts"]);
    // What is added while the loop runs is visited too.
    for (const file of loaded) for (const target of loadedWith(file)) loaded.add(target);
    expect(loaded.size).toBeGreaterThan(200);
    expect(large.filter((file) => loaded.has(file))).toEqual([]);
  });

  it("a dialect is known by its name in its own folder and in the registry alone", () => {
    const folders = Object.keys(layers).filter((layer) => layer !== "bench");
    const knowing = folders
      .flatMap(filesOf)
      .filter((file) => /["'`](packet|scpi|arc-one|openmena)["'`]/.test(text(file)));
    const itsOwn = knowing.filter((file) => /^drivers\/(packet|scpi|arcOne|openmena)\//.test(file));
    expect(itsOwn.length).toBeGreaterThan(1);
    // Transcripts that name no dialect are of a time when there was one.
    expect(knowing.filter((file) => !itsOwn.includes(file))).toEqual(["lab/replay/replay.ts"]);
  });

  it("what must give the same bytes on every Node raises no number to a power by ** or Math.pow", () => {
    const faults = ["src", "protocols", "emulator", "calibration"].flatMap(filesOf).filter((file) => {
      const nodes = JSON.stringify(parsed(file).program, (_key, value: unknown) =>
        typeof value === "bigint" ? `${value}` : value,
      );
      return (
        nodes.includes('"operator":"**"') ||
        nodes.includes('"operator":"**="') ||
        /Math\.pow/.test(text(file))
      );
    });
    expect(faults).toEqual([]);
  });
});

/** The project's own files that Node loads before it runs `file`. */
function loadedWith(file: string): string[] {
  const { staticImports, staticExports } = parsed(file).module;
  const imported = staticImports
    .filter(({ start }) => !text(file).startsWith("import type", start))
    .map(({ moduleRequest }) => moduleRequest.value);
  const reexported = staticExports
    .filter(({ start }) => !text(file).startsWith("export type", start))
    .flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []));
  return [...imported, ...reexported]
    .filter((target) => target.startsWith("."))
    .map((target) => resolved(file, target));
}

function targetsOf(file: string): string[] {
  const own = importsOf(file).filter((target) => target.startsWith("."));
  return own.map((target) => resolved(file, target));
}

/** Circles of a graph, each as the files on it, the one that was met first at both ends. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) return void found.push([...path.slice(at), file].join(" → "));
    if (done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

function isAllowed(layer: string, file: string, target: string): boolean {
  const { folders, npm, node } = layers[layer]!;
  if (target.startsWith("node:")) return node;
  if (!target.startsWith(".")) return npm.some((name) => target === name || target.startsWith(`${name}/`));
  const folder = resolved(file, target).split("/")[0]!;
  return folder === layer || folders.includes(folder);
}

function resolved(file: string, target: string): string {
  return target.startsWith(".") ? relative(root, resolve(root, dirname(file), target)) : target;
}

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  const { module } = parsed(file);
  const literal = /^["'](.*)["']$/;
  const dynamic = module.dynamicImports
    .map(
      ({ moduleRequest: at }) => (literal.exec(text(file).slice(at.start, at.end)) ?? ["", "(computed)"])[1]!,
    )
    // An experiment is a file of its user's.
    .filter((request) => !(request === "(computed)" && file.endsWith("lab/experiment.ts")));
  const reexported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
  );
  return [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...reexported, ...dynamic];
}

/** Each file is read and parsed once for all tests that ask. */
function parsed(file: string) {
  const known = modules.get(file) ?? parseSync(file, text(file));
  modules.set(file, known);
  return known;
}

const modules = new Map<string, ReturnType<typeof parseSync>>();

function text(file: string): string {
  return readFileSync(join(root, file), "utf8");
}
