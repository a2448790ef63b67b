// Runs scripts of package.json side by side, and prints what each said once it has ended. Ends with 1 where one of them failed.
import { spawn } from "node:child_process";
import { once } from "node:events";

async function run(script) {
  const child = spawn("npm", ["run", "--silent", script], { shell: process.platform === "win32" });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => said.push(bytes));
  const [code] = await once(child, "close");
  process.stderr.write(Buffer.concat(said));
  if (code !== 0) process.stderr.write(`npm run ${script} failed.\n`);
  return code === 0;
}

const went = await Promise.all(process.argv.slice(2).map(run));
process.exitCode = went.every(Boolean) ? 0 : 1;
