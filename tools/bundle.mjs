// The build's last step, after tsc: `dist` gets the live page, one file each of the modules that draw on large packages,
// and the command, the library and their threads in few files; THIRD-PARTY-NOTICES gets the licences of all that these contain.
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { rolldown } from "rolldown";
import { build } from "vite";

/** ONNX Runtime without a second copy of its loader. */
const conditionNames = ["onnxruntime-web-use-extern-wasm", "node", "import"];
const bundled = ["report/echarts", "networks/onnxRuntime", "files/hdf5Runtime"];
/** What is started or imported from outside. They share their chunks, so that an error is of one class to all of them. */
const entries = ["cli/main", "cli/mho", "lab/index", "lab/apart/apartMain", "lab/threads/threadMain"];
/** What the runtime looks for beside its own file. */
const runtime = ["mjs", "wasm"].map(
  (kind) => `node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.${kind}`,
);

const modules = [...(await livePage()), ...(await Promise.all(bundled.map(inOneFile))).flat()];
for (const file of runtime) copyFileSync(file, `dist/networks/${basename(file)}`);
await inFewFiles();
writeFileSync("THIRD-PARTY-NOTICES", notices(packagesOf([...modules, ...runtime])));

/** Replaces what tsc made of `module`. Returns the files that went in. */
async function inOneFile(module) {
  const bundle = await rolldown({ input: `${module}.ts`, platform: "node", resolve: { conditionNames } });
  const { output } = await bundle.write({ file: `dist/${module}.js`, minify: true });
  await bundle.close();
  rmSync(`dist/${module}.js.map`, { force: true });
  return output.flatMap((chunk) => Object.keys(chunk.modules ?? {}));
}

/** A command loads a dozen chunks where tsc made 550 modules: half of its time, and most of that of `--help`. */
async function inFewFiles() {
  rmSync("dist/chunks", { recursive: true, force: true });
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, `dist/${entry}.js`])),
    platform: "node",
    // Packages stay packages, and what is one file already stays so.
    external: (id) =>
      !(id.startsWith(".") || isAbsolute(id)) ||
      bundled.some((module) => id.split(/[\\/]/).at(-1) === `${basename(module)}.js`),
  });
  await bundle.write({ dir: "dist", chunkFileNames: "chunks/[name]-[hash].js" });
  await bundle.close();
}

async function livePage() {
  const { output } = await build({ configFile: "web/page/vite.config.ts" });
  return output.flatMap((chunk) => [...Object.keys(chunk.modules ?? {}), ...(chunk.originalFileNames ?? [])]);
}

/** Names of the packages that these files belong to. */
function packagesOf(files) {
  const names = files.flatMap(
    (file) => /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file.replaceAll("\\", "/"))?.[1] ?? [],
  );
  return [...new Set(names)].sort((a, b) => (a < b ? -1 : 1));
}

function notices(packages) {
  const parts = packages.map((name) => {
    const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
    const texts = licenceFiles(name).map((file) => readFileSync(file, "utf8").trim());
    if (texts.length === 0)
      throw new Error(`${name} has no licence file: put it into tools/licences/${name}.`);
    return [`${name} ${version} (${license})`, ...texts].join("\n\n");
  });
  const title = "mho contains parts of these packages, under the licences that follow.";
  return `${[title, ...parts].join(`\n\n${"=".repeat(100)}\n\n`)}\n`;
}

/** Of a package that is published without its licence, `tools/licences` has it. */
function licenceFiles(name) {
  return [`node_modules/${name}`, `node_modules/${name}/licenses`, `tools/licences/${name}`]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true }).map((entry) => ({ folder, entry })))
    .filter(({ entry }) => entry.isFile() && /^(licen[cs]e|notice|copyright|thirdparty)/i.test(entry.name))
    .map(({ folder, entry }) => join(folder, entry.name))
    .sort();
}
