import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openBench } from "../lab/bench.ts";
import { openServer, type Server } from "../storage/postgres/connection.ts";
import type { ServerRequest } from "../storage/postgres/fleetRows.ts";
import { chipsAt } from "../storage/postgres/fleetView.ts";
import { addServerJob } from "../storage/postgres/serverJobs.ts";
import { startPostgres } from "../test/support/postgresServer.ts";

/** Beyond these a crowd is given up. */
const mostErrors = 20;
/** Jobs at work at the same time: more take no less time on a few cores, and keep benches of one process from being heard. */
const mostAtOnce = 32;

/** As seen from the project's root, from where benches and tests are run. */
const [worker, command] = ["dist/bench/fleetCrowdWorker.js", "dist/cli/main.js"];

export interface CrowdWanted {
  readonly benches: number;
  readonly processes: number;
  /** How long the page is watched while nothing is to do. */
  readonly idleSeconds: number;
}

/** What became of many benches at one server. */
export interface Crowd {
  readonly benches: number;
  readonly jobsDone: number;
  readonly runsHandedOn: number;
  /** Runs whose figures their benches handed on. */
  readonly runsJudged: number;
  readonly errors: readonly string[];
  /** How often a bench found the server away or too busy, and came back to it by itself. */
  readonly timesAway: number;
  /** From the first job added to the last one done and handed on. */
  readonly seconds: number;
  /** Of the process that serves the page, with a page open on the fleet: at its most, and when all was done. */
  readonly pageMostMegabytes: number;
  readonly pageMegabytes: number;
  /** Share of a core that it took while nothing was to do; NaN where the system does not say. */
  readonly pageCorePercent: number;
  readonly pageBytes: number;
  readonly connections: number;
}

/**
 * Lets many benches, in a few processes, work from one server for an hour of their chips' time: each programs a row of devices of its own
 * emulated chip and reads it at 1 s, 1 min and 1 h. Beside them `mho serve` shows the fleet to one page.
 */
export async function crowd(
  { benches, processes, idleSeconds }: CrowdWanted,
  onProgress: (text: string) => void = () => {},
): Promise<Crowd> {
  const folder = mkdtempSync(join(tmpdir(), "mho-crowd-"));
  const postgres = await startPostgres({ maxConnections: 50 + 6 * benches });
  const children: ChildProcess[] = [];
  const errors: string[] = [];
  const away = new Set<string>();
  let timesAway = 0;
  try {
    const address = await postgres.database();
    const share = Math.ceil(benches / processes);
    for (let first = 1; first <= benches; first += share) {
      const last = Math.min(benches, first + share - 1);
      const child = spawn(process.execPath, [worker, address, folder, String(first), String(last)], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream }).on("line", (line) => {
          const { bench, what } = parsed(line);
          if (what === "server_away") {
            timesAway++;
            away.add(bench);
          } else if (what === "server_back") away.delete(bench);
          else {
            errors.push(line);
            onProgress(line);
          }
        });
      children.push(child);
    }
    const server = await openServer(address);
    const count = async (sql: string): Promise<number> => {
      const [row] = await server.query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
      return row!.n;
    };
    await until(async () => {
      const known = (await chipsAt(server)).filter(({ bench }) => bench !== undefined).length;
      onProgress(`${known} of ${benches} benches are known`);
      return known >= benches || errors.length > mostErrors;
    }, 10_000);
    const page = await openPage(address);
    children.push(page.process);
    const begun = performance.now();
    const judged = "mho.figures WHERE figures LIKE '%\"aged\"%'";
    let done = 0;
    await addJobs(server, address, folder, (added) =>
      until(async () => {
        done = await count(judged);
        return added - done < mostAtOnce || errors.length > mostErrors;
      }),
    );
    onProgress(`${benches} jobs are added`);
    await until(async () => {
      done = await count(judged);
      onProgress(`${done} of ${benches} runs are done, handed on and judged`);
      return done >= benches || errors.length > mostErrors;
    }, 5000);
    const seconds = (performance.now() - begun) / 1000;
    // What was done just now is shown by then.
    await pause(10_000);
    if (away.size > 0) errors.push(`still without the server: ${[...away].join(", ")}`);
    const before = usageOf(page.process.pid!);
    await pause(1000 * idleSeconds);
    const after = usageOf(page.process.pid!);
    const result = {
      benches,
      jobsDone: await count("mho.jobs WHERE state = 'done'"),
      runsHandedOn: await count("mho.runs WHERE outcome = 'done'"),
      runsJudged: await count(judged),
      errors,
      timesAway,
      seconds,
      pageMostMegabytes: after.mostMegabytes,
      pageMegabytes: after.megabytes,
      pageCorePercent: (100 * (after.cpuSeconds - before.cpuSeconds)) / idleSeconds,
      pageBytes: (await (await fetch(`${page.address}api/fleet`)).arrayBuffer()).byteLength,
      connections: await count("pg_stat_activity WHERE application_name = 'mho'"),
    };
    page.close();
    await server.close();
    return result;
  } finally {
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map((child) => ended(child)));
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * One job a chip. The first is added as a person does; the others are the same for the other chips.
 *
 * @param beforeNext  waits until the machine has room for one more job. A bench has a machine of its own elsewhere.
 */
async function addJobs(
  server: Server,
  address: string,
  folder: string,
  beforeNext: (added: number) => Promise<void>,
): Promise<void> {
  const targets = join(folder, "targets.csv");
  writeFileSync(targets, Array.from({ length: 256 }, (_, i) => 1 + (i % 20)).join(","));
  const chips = await chipsAt(server);
  const bench = await openBench({ workspace: address, config: "none" });
  const nameOf = ({ chip }: (typeof chips)[number]): string => `${chip.name}/${chip.serialNumber}`;
  await bench.queue.add(
    "program",
    targets,
    { sweepTimesSeconds: [1, 60, 3600] },
    { chip: nameOf(chips[0]!) },
  );
  await bench.close();
  const [row] = await server.query<{ request: string }>("SELECT request FROM mho.jobs");
  const request = JSON.parse(row!.request) as ServerRequest;
  const files = request.files.map(({ sha256 }) => ({
    sha256,
    bytes: statSync(targets).size,
    // They are there already.
    parts: async function* (): AsyncIterable<Uint8Array> {},
  }));
  for (const [before, one] of chips.slice(1).entries()) {
    await beforeNext(before + 1);
    await addServerJob(server, {
      chipId: one.chipId,
      request: { ...request, chip: nameOf(one) },
      operator: undefined,
      after: [],
      notBefore: undefined,
      files,
    });
  }
}

/** `mho serve`, and a page that looks at the fleet. */
async function openPage(
  workspace: string,
): Promise<{ readonly process: ChildProcess; readonly address: string; close(): void }> {
  const child = spawn(process.execPath, [command, "serve", "--workspace", workspace, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const address = /http:\S+\//.exec(line)![0];
  const looking = new AbortController();
  const answer = await fetch(`${address}api/live?fleet=`, { signal: looking.signal });
  const read = async (): Promise<void> => {
    for await (const _ of answer.body!) {
      const fleet = await fetch(`${address}api/fleet`, { signal: looking.signal });
      await fleet.arrayBuffer();
    }
  };
  read().catch(() => {});
  return { process: child, address, close: () => looking.abort() };
}

/** Of a process, as Linux says; NaN elsewhere. */
function usageOf(pid: number): { cpuSeconds: number; megabytes: number; mostMegabytes: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const megabytes = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024;
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    // Jiffies, of which a second has 100, in the kernel's fields 14 and 15.
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
    return { cpuSeconds, megabytes: megabytes("VmRSS"), mostMegabytes: megabytes("VmHWM") };
  } catch {
    return { cpuSeconds: NaN, megabytes: NaN, mostMegabytes: NaN };
  }
}

/** What a worker says of a bench. Anything else is what Node has to say of the worker. */
function parsed(line: string): { readonly bench: string; readonly what: unknown } {
  try {
    return JSON.parse(line) as { bench: string; what: unknown };
  } catch {
    return { bench: "", what: line };
  }
}

async function until(isSo: () => Promise<boolean>, milliseconds = 500): Promise<void> {
  while (!(await isSo())) await pause(milliseconds);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
