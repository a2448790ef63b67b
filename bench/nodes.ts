import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * The same program over a pseudo-terminal at a board's pace, on several Nodes: the seconds that each takes, and their ratio
 * to those of the first. The native poller of the serial port is what may differ.
 *
 *     node dist/bench/nodes.js NODE… [--rows 64] [--tries 3] [--at-most 1.2]
 *
 * NODE is the path of a Node. The fastest of several tries counts; there are no more once the ratio is kept. Ends with 1 where
 * it is not kept.
 */
const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
const { positionals: nodes, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: "string", default: "64" },
    tries: { type: "string", default: "3" },
    "at-most": { type: "string", default: "1.2" },
  },
});
const rows = Number(options.rows);
const tries = Number(options.tries);
const atMost = Number(options["at-most"]);

const folder = mkdtempSync(join(tmpdir(), "mho-nodes-"));
const targets = join(folder, "targets.csv");
// Rows of a tile of pcm-64.
const row = (r: number): string => Array.from({ length: 256 }, (_, d) => 1 + ((3 * r + d) % 20)).join(",");
writeFileSync(targets, Array.from({ length: rows }, (_, r) => row(r)).join("\n"));

try {
  let first = Number.POSITIVE_INFINITY;
  for (const [place, node] of nodes.entries()) {
    let fastest = Number.POSITIVE_INFINITY;
    for (let n = 0; n < tries && (place === 0 || fastest / first > atMost); n++) {
      fastest = Math.min(fastest, await seconds(node, join(folder, `${place}-${n}`)));
    }
    if (place === 0) first = fastest;
    const ratio = fastest / first;
    console.log(`${await version(node)}: ${fastest.toFixed(2)} s, ${ratio.toFixed(2)} × the first`);
    if (ratio > atMost) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function seconds(node: string, workspace: string): Promise<number> {
  const emulator = spawn(node, [main, "emulate", "pcm-64", "--quiet"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => emulator.once("exit", resolve));
  try {
    const lines = createInterface({ input: emulator.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new Error(`mho emulate ended on ${node}`)));
    });
    const { address } = JSON.parse(line) as { address: string };
    const begun = performance.now();
    await said(node, [main, "program", targets, "--chip", address, "--workspace", workspace, "--quiet"]);
    return (performance.now() - begun) / 1000;
  } finally {
    emulator.kill();
    await ended;
  }
}

async function version(node: string): Promise<string> {
  return `Node ${(await said(node, ["--version"])).trim().replace("v", "")}`;
}

function said(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${command} ${args[1]} ended with ${code}`)),
    );
  });
}
