import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A run that is busy for as long as is asked for, with its live page looked at all the while; then it is stopped by the page.
 * How much memory each process takes and how many handles it holds, and how fast that grows in the second half (Linux):
 * node dist/bench/endurance.js [--minutes 24] [--tiles 24] [--lookers 2]
 *
 * The line is paced as it is on hardware: some twenty tiles take minutes to program, and are then read for as long as it takes.
 */
const flag = (name: string, usual: number): number =>
  Number(process.argv[process.argv.indexOf(name) + 1]) || usual;
const minutes = flag("--minutes", 24);
const lookers = flag("--lookers", 2);
const betweenSamplesSeconds = 5;
const tiles = flag("--tiles", 24);
const ages = Array.from({ length: 400 }, (_, k) => Math.exp((Math.log(31_536_000) * k) / 399).toFixed(2));

const folder = mkdtempSync(join(tmpdir(), "mho-endurance-"));
const started: ChildProcess[] = [];
try {
  await endure();
} finally {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function endure(): Promise<void> {
  const targets = join(folder, "targets.csv");
  writeFileSync(targets, targetsText());
  const chip = start(["emulate", `pcm-64?tiles=${tiles}`]);
  const { address } = JSON.parse(await lineOf(chip, /"address"/)) as { address: string };
  const server = start(["serve", "--port", "0", "--workspace", folder, "--json"]);
  const page = JSON.parse(await lineOf(server, /"serving"/)) as { address: string; token: string };
  const runArguments = [
    "--chip",
    address,
    "--workspace",
    folder,
    "--method",
    "verify",
    "--sweep",
    ages.join(),
    "--json",
  ];
  const run = start(["program", targets, ...runArguments]);
  const { run: id } = JSON.parse(await lineOf(run, /"started"/)) as { run: string };
  const looking = new AbortController();
  const heard = Array.from({ length: lookers }, () =>
    look(`${page.address}api/live?run=${id}`, looking.signal),
  );
  const watched = { "mho program": run, "mho serve": server, "mho emulate": chip };
  const samples = await sample(watched);
  await ask(page, id, "stop");
  await once(run, "close");
  looking.abort();
  for (const [name, taken] of Object.entries(samples)) console.log(`${name}: ${grown(taken)}`);
  console.log(
    `the run ended with ${run.exitCode} after it was stopped by the page (130 is stopped, in standby)`,
  );
  console.log(`heard by those who looked on: ${(await Promise.all(heard)).join(", ")} messages`);
}

interface Sample {
  readonly minutes: number;
  readonly residentMegabytes: number;
  readonly handles: number;
}

async function sample(watched: Readonly<Record<string, ChildProcess>>): Promise<Record<string, Sample[]>> {
  const samples: Record<string, Sample[]> = Object.fromEntries(
    Object.keys(watched).map((name) => [name, []]),
  );
  const begun = performance.now();
  for (;;) {
    const now = (performance.now() - begun) / 60_000;
    if (now >= minutes) return samples;
    for (const [name, child] of Object.entries(watched)) {
      if (child.exitCode !== null)
        throw new Error(`${name} ended with ${child.exitCode} after ${now.toFixed(1)} min.`);
      samples[name]!.push({ minutes: now, ...stateOf(child.pid!) });
    }
    await sleep(1000 * betweenSamplesSeconds);
  }
}

function stateOf(pid: number): Omit<Sample, "minutes"> {
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return { residentMegabytes: Number(resident![1]) / 1024, handles: readdirSync(`/proc/${pid}/fd`).length };
}

/** The slope by least squares over the second half: by then every tile has been programmed. */
function grown(samples: readonly Sample[]): string {
  const later = samples.filter(({ minutes: at }) => at >= minutes / 2);
  const slope = (of: (sample: Sample) => number): number => {
    const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    const [at, value] = [mean(later.map((s) => s.minutes)), mean(later.map(of))];
    const [over, under] = later.reduce(
      ([a, b], s) => [a + (s.minutes - at) * (of(s) - value), b + (s.minutes - at) * (s.minutes - at)],
      [0, 0],
    );
    return over / under;
  };
  const resident = samples.map(({ residentMegabytes }) => residentMegabytes);
  const [first, last] = [later[0]!, later.at(-1)!];
  const now = (share: number): string => resident[Math.floor(share * (resident.length - 1))]!.toFixed(0);
  return (
    `${[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map(now).join(" ")} MB (most ${Math.max(...resident).toFixed(0)}), ` +
    `${slope((s) => s.residentMegabytes).toFixed(3)} MB/min; handles ${first.handles} to ${last.handles}, ` +
    `${slope((s) => s.handles).toFixed(4)} a minute`
  );
}

/** Listens like a page does. @returns how many messages it heard. */
async function look(address: string, signal: AbortSignal): Promise<number> {
  let messages = 0;
  try {
    const answer = await fetch(address, { signal });
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      messages += chunk.split("\n\n").length - 1;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return messages;
}

async function ask(page: { address: string; token: string }, run: string, wish: string): Promise<void> {
  const answer = await fetch(`${page.address}api/runs/${run}/wish`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${page.token}`,
      "content-type": "application/json",
      origin: page.address.replace(/\/$/, ""),
    },
    body: JSON.stringify({ wish }),
  });
  if (!answer.ok) throw new Error(`The page was refused: ${answer.status} ${await answer.text()}`);
}

/** Whole tiles, every level. */
function targetsText(): string {
  const rows = Array.from({ length: 64 * tiles }, (_, row) =>
    Array.from({ length: 256 }, (__, k) => String((row * 7 + k * 3) % 25)).join(","),
  );
  return `${rows.join("\n")}\n`;
}

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  return child;
}

/** Also reads on, so that no pipe fills. */
function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("close", () => reject(new Error(`It ended without ${pattern}.`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (pattern.test(line)) resolve(line);
    });
  });
}
