// What `npm install mho` takes on the disk, in bytes: the files of the package itself, and its packages as the lockfile has
// them for this system. Needs a build and `npm ci`, but no network. `node tools/packedSize.mjs` prints it in MB;
// with --json, also the names of the files in the package.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    encoding: "utf8",
    shell: process.platform === "win32",
  }),
);
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const installed = Object.entries(packages)
  .filter(([path, { dev }]) => path !== "" && dev !== true && existsSync(path))
  .map(([path]) => ({ path, bytes: bytesOf(path) }))
  .concat({ path: "mho itself", bytes: packed.unpackedSize })
  .sort((a, b) => b.bytes - a.bytes);

const bytes = installed.reduce((sum, one) => sum + one.bytes, 0);
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ bytes, files: packed.files.map(({ path }) => path) }));
} else {
  for (const one of installed.slice(0, 8)) console.log(`${inMegabytes(one.bytes).padStart(8)}  ${one.path}`);
  console.log(`${inMegabytes(bytes).padStart(8)}  in all`);
}

/** Without the packages inside, which the lockfile names by themselves. */
function bytesOf(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules")
    .map((entry) => join(folder, entry.name))
    .reduce((sum, path) => sum + (statSync(path).isDirectory() ? bytesOf(path) : statSync(path).size), 0);
}

function inMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
