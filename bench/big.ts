import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { npyBytes } from "../files/npyWriter.ts";
import { normalOf, Random } from "../src/random.ts";
import {
  bytesThrough,
  coreSecondsOf,
  endAll,
  mostMegabytesOf,
  start,
  telling,
  textOf,
  tookOf,
} from "./processes.ts";

/**
 * One big chip, whole, each command in a process of its own and the emulated chip in another:
 * node dist/bench/big.js [--tiles 64] [--steps optimize,program,watch,fit,trim,report,show,serve] [--paced] [--keep FOLDER]
 *
 * `pcm-256` of so many tiles (64 are `pcm-64core`), every cell with a weight, over loopback TCP or, paced, over a terminal at its rate.
 * It prints what each step took of time, of cores and of memory, and the most memory that the emulator has had.
 */
const flag = (name: string): string | undefined =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
const tiles = Number(flag("--tiles") ?? 64);
const steps = (flag("--steps") ?? "optimize,program,watch,fit,trim,report,show,serve").split(",");
const paced = process.argv.includes("--paced");
const kept = flag("--keep");

const rowsOfTile = 256;
const devicesOfCell = 4;
/** Of the chip's description: a start bit, eight, a stop bit. */
const baud = 3_000_000;
const bitsAByte = 10;
const devices = tiles * rowsOfTile * rowsOfTile * devicesOfCell;
const folder = kept ?? mkdtempSync(join(tmpdir(), "mho-big-"));
mkdirSync(folder, { recursive: true });
const at = (name: string): string => join(folder, name);
const mho = "dist/cli/main.js";

try {
  await measure();
} finally {
  endAll();
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  console.log(`${tiles} tiles, ${devices.toLocaleString("en")} devices, ${paced ? "paced" : "not paced"}`);
  const place = ["--workspace", at("lab")];
  if (steps.includes("optimize")) {
    writeFileSync(at("weights.npy"), weights());
    await took(
      "optimize",
      "optimize",
      at("weights.npy"),
      "--model",
      "pcm-hermes-2",
      "--out",
      at("s.json"),
      ...place,
    );
  }
  const way = paced ? [] : ["--tcp", "0", "--no-pace"];
  const chip = start([mho, "emulate", `pcm-256?tiles=${tiles}`, "--quiet", ...way]);
  const said = (await once(createInterface({ input: chip.stdout! }), "line")) as [string];
  const { address } = JSON.parse(said[0]) as { address: string };
  const onChip = async (what: string, ...args: string[]): Promise<void> => {
    const [before, bytesBefore] = [coreSecondsOf(chip), bytesThrough(chip)];
    const wholeSeconds = await took(what, ...args, ...place);
    const seconds = coreSecondsOf(chip) - before;
    // Requests and replies take turns: a byte either way is the line's time.
    const lineSeconds = ((bytesThrough(chip) - bytesBefore) * bitsAByte) / baud;
    console.log(
      `    emulator: ${seconds.toFixed(0)} s of a core, ${mostMegabytesOf(chip).toFixed(0)} MB at most; ` +
        `at ${baud / 1e6} Mbaud the line is on for ${lineSeconds.toFixed(0)} s, ${((100 * lineSeconds) / wholeSeconds).toFixed(0)} % of this time`,
    );
  };
  if (steps.includes("program")) await onChip("program", "program", at("s.json"), "--chip", address);
  if (steps.includes("watch")) {
    await onChip("watch", "watch", "r1", "--until", "365d", "--per-decade", "3", "--chip", address);
  }
  if (steps.includes("fit")) await took("fit", "fit", "r1", "--out", at("fitted.json"), ...place);
  if (steps.includes("trim")) {
    await onChip("trim", "trim", "r1", "--model", at("fitted.json"), "--believe", "--chip", address);
  }
  if (steps.includes("report")) await took("report", "report", "r1", "--out", at("r1.html"), ...place);
  if (steps.includes("show")) await took("show", "show", "r1", ...place);
  if (steps.includes("serve")) await serve(place);
}

/** Weights that fill the chip, Gaussian, σ a quarter of the largest. */
function weights(): Uint8Array {
  const columns = rowsOfTile * Math.max(1, 1 << Math.floor(Math.log2(Math.sqrt(tiles))));
  const rows = (tiles * rowsOfTile * rowsOfTile) / columns;
  const random = new Random(1);
  const values = Float32Array.from({ length: rows * columns }, (_, k) =>
    Math.max(-1, Math.min(1, normalOf(random.at(k, 0).word0) / 4)),
  );
  return npyBytes([rows, columns], values);
}

/** @returns how long it took, s. */
async function took(what: string, ...args: string[]): Promise<number> {
  const begun = performance.now();
  const child = start(["--import", telling, mho, ...args]);
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => lines.push(line));
  const said = textOf(child);
  const [code] = (await once(child, "close")) as [number | null];
  const seconds = (performance.now() - begun) / 1000;
  const { megabytes, coreSeconds } = tookOf(await said);
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${coreSeconds.toFixed(1)} s of cores, ${megabytes.toFixed(0)} MB, ended with ${code}`,
  );
  for (const line of lines.slice(0, 3)) console.log(`    ${line.slice(0, 150)}`);
  if (code !== 0 && code !== 1) console.log((await said).replace(/\ntook.*/, "").slice(-2000));
  return seconds;
}

/** The live page and what it asks for at first. */
async function serve(place: readonly string[]): Promise<void> {
  const child = start(["--import", telling, mho, "serve", "--port", "0", "--json", ...place]);
  const said = textOf(child);
  const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
  const { address } = JSON.parse(line) as { address: string };
  const looking = new AbortController();
  const begun = performance.now();
  const first = await fetch(`${address}api/live?run=r1`, { signal: looking.signal });
  const { value } = await first.body!.getReader().read();
  const seconds = (performance.now() - begun) / 1000;
  looking.abort();
  child.kill("SIGTERM");
  await once(child, "close");
  const { megabytes, coreSeconds } = tookOf(await said);
  console.log(
    `serve: first news after ${seconds.toFixed(1)} s (${value?.length ?? 0} bytes), ${coreSeconds.toFixed(1)} s of cores, ${megabytes.toFixed(0)} MB`,
  );
}
