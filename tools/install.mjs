// `npm start` and `npm test` are all a newcomer types, so they install by themselves:
// when nothing is installed yet, or when the lockfile is newer than what is.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync("package-lock.json").mtimeMs) {
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    // stdout belongs to the command that follows, which may print JSON.
    stdio: ["ignore", process.stderr, process.stderr],
    shell: process.platform === "win32",
  });
  process.exit(npm.status ?? 1);
}
