import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServer, type Server } from "../storage/postgres/connection.ts";
import { chipsAt } from "../storage/postgres/fleetView.ts";
import { addServerJob, serverJobs } from "../storage/postgres/serverJobs.ts";
import { isPassing } from "../storage/postgres/serverFailure.ts";
import { Random, uniformOf } from "../src/random.ts";
import { startPostgres } from "../test/support/postgresServer.ts";

/** As seen from the project's root, from where benches and tests are run. */
const program = "dist/bench/fleetWorker.js";

export interface FleetWanted {
  readonly workers: number;
  readonly jobs: number;
  readonly kills: number;
  /** Of the server, as by a power cut. */
  readonly restarts: number;
  /** Of all connections between the benches and the server. */
  readonly cuts: number;
  /** Jobs that are added to idle benches, to see how soon they take them. */
  readonly wakes: number;
}

/** What became of a fleet whose workers, server and lines were cut again and again. `lost`, `doubled` and `outOfOrder` must be 0. */
export interface KilledFleet {
  readonly jobs: number;
  /** How many of them work on both chips of a bench. */
  readonly ofTwoChips: number;
  readonly kills: number;
  readonly restarts: number;
  readonly cuts: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** From the end of the call that adds a job until its idle bench is woken, ms; 0 where it is woken before. */
  readonly wakeMilliseconds: Spread;
  /** From the beginning of that call until the job stands in the bench's own queue. */
  readonly takenMilliseconds: Spread;
  readonly jobsPerSecond: number;
  readonly told: readonly string[];
}

interface Spread {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
  readonly of: number;
}

interface Line {
  readonly job: string;
  readonly chips: readonly string[];
  readonly takenAt: number;
}

/** Lets benches do the jobs of one server while workers are killed, the server is restarted and connections are cut. */
export async function killFleet(
  seed: number,
  wanted: FleetWanted,
  onProgress: (text: string) => void = () => {},
): Promise<KilledFleet> {
  const folder = mkdtempSync(join(tmpdir(), "mho-fleet-"));
  const draws = new Random(seed).fork("fleet kills");
  let drawn = 0;
  const draw = (below: number): number => below * uniformOf(draws.at(drawn++, 0).word0);
  const told: string[] = [];
  const postgres = await startPostgres({ maxConnections: 50 + 10 * wanted.workers });
  const workers: Worker[] = [];
  const line = await startLine(postgres.folder);
  try {
    const direct = await postgres.database();
    const database = /\/(\w+)\?/.exec(direct)![1]!;
    const address = `postgres://administrator@127.0.0.1:${line.port}/${database}`;
    for (let n = 0; n < wanted.workers; n++) workers.push(new Worker(address, folder, n, told));
    const server = await openServer(direct);
    const chips = await known(server, 2 * wanted.workers);
    onProgress(`${wanted.workers} benches are known`);
    const begun = performance.now();
    const added: string[] = [];
    let ofTwoChips = 0;
    const addAll = async (): Promise<void> => {
      while (added.length < wanted.jobs) {
        const some = Array.from({ length: Math.min(4, wanted.jobs - added.length) }, () => {
          const chip = Math.floor(draw(chips.length));
          // Chips of a bench stand side by side.
          const both = draw(8) < 1 ? [chips[chip]!, chips[chip ^ 1]!] : [chips[chip]!];
          ofTwoChips += both.length - 1;
          return both;
        });
        added.push(...(await Promise.all(some.map((on) => patientlyAdded(server, on)))));
      }
      onProgress(`${added.length} jobs are added`);
    };
    const acts = shuffled(
      [
        ...repeated("kill", wanted.kills),
        ...repeated("restart", wanted.restarts),
        ...repeated("cut", wanted.cuts),
      ],
      draw,
    );
    const actAll = async (): Promise<void> => {
      for (const act of acts) {
        await pause(20 + draw(300));
        if (act === "kill") await workers[Math.floor(draw(workers.length))]!.kill();
        else if (act === "cut") await line.cut(50 + draw(1500));
        else {
          await postgres.kill();
          await postgres.start();
        }
      }
    };
    await Promise.all([addAll(), actAll()]);
    onProgress("all was cut and killed; what is left is done");
    await allDone(server, added.length, onProgress);
    const jobsPerSecond = added.length / ((performance.now() - begun) / 1000);
    const wakes = await wakeTimes(server, chips, workers, wanted.wakes, draw);
    const jobs = await serverJobs(server, { all: true });
    await server.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    const lines = workers.flatMap((worker) => worker.lines());
    const ofJob = (job: string): number => lines.filter((one) => one.job === job).length;
    const lost = added.filter(
      (id) => jobs.find(({ job }) => job.id === id)?.job.state !== "done" || ofJob(id) === 0,
    );
    for (const id of lost.slice(0, 5)) told.push(`${id} ${jobs.find(({ job }) => job.id === id)?.job.state}`);
    const { kills, restarts, cuts } = wanted;
    return {
      jobs: added.length,
      ofTwoChips,
      kills,
      restarts,
      cuts,
      lost: lost.length,
      doubled: added.filter((id) => ofJob(id) > 1).length,
      outOfOrder: outOfOrder(workers),
      ...wakes,
      jobsPerSecond,
      told,
    };
  } finally {
    for (const worker of workers) worker.end();
    line.close();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A bench of two chips, its process started anew after each kill. */
class Worker {
  readonly folder: string;
  readonly #args: readonly string[];
  readonly #told: string[];
  #process: ChildProcess;

  constructor(server: string, folder: string, n: number, told: string[]) {
    this.folder = join(folder, `w${n}`);
    mkdirSync(this.folder);
    this.#told = told;
    this.#args = [server, `bench-${n}`, this.folder, String(2 * n + 1), String(2 * n + 2)];
    this.#process = this.#start();
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, [program, ...this.#args], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout!.on("data", (text: Buffer) => {
      if (text.includes('"failed"')) this.#told.push(text.toString());
    });
    return child;
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, "exit");
    this.#process = this.#start();
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, "exit");
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }

  /** When it was woken, in order. */
  wakes(): readonly number[] {
    const log = join(this.folder, "wakes.log");
    return existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean).map(Number) : [];
  }

  lines(): readonly Line[] {
    const log = join(this.folder, "done.log");
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, "utf8").split("\n").filter(Boolean);
    return lines.map((text) => {
      const [job = "", of = "", takenAt] = text.split(" ");
      return { job, chips: of.split("+"), takenAt: Number(takenAt) };
    });
  }
}

/** What stands between the benches and the server: a line that can be cut. */
async function startLine(
  socketFolder: string,
): Promise<{ readonly port: number; cut(milliseconds: number): Promise<void>; close(): void }> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const listener: NetServer = createServer((client) => {
    if (isCut) return void client.destroy();
    const there = connect(join(socketFolder, ".s.PGSQL.5432"));
    for (const one of [client, there]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        client.destroy();
        there.destroy();
      });
    }
    client.pipe(there).pipe(client);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { port: number };
  const drop = (): void => sockets.forEach((one) => one.destroy());
  return {
    port,
    async cut(milliseconds) {
      isCut = true;
      drop();
      await pause(milliseconds);
      isCut = false;
    },
    close() {
      drop();
      listener.close();
    },
  };
}

/** By their serial numbers: those of a bench stand side by side. */
async function known(server: Server, wanted: number): Promise<readonly number[]> {
  for (;;) {
    const chips = await chipsAt(server);
    if (chips.length >= wanted && chips.every(({ bench }) => bench !== undefined))
      return chips
        .toSorted((a, b) => Number(a.chip.serialNumber) - Number(b.chip.serialNumber))
        .map(({ chipId }) => chipId);
    await pause(100);
  }
}

function addJob(server: Server, [chipId, ...otherChipIds]: readonly number[]): Promise<string> {
  const request = {
    command: "measure",
    subjects: ["yield"],
    options: { row: 0 },
    chip: "",
    files: [],
    seed: 7,
    acceptUnknownWear: false,
    text: "measure yield",
    host: "",
  };
  return addServerJob(server, {
    chipId: chipId!,
    otherChipIds,
    request,
    operator: undefined,
    after: [],
    notBefore: undefined,
    files: [],
  });
}

/** Added again where the server was away. Whether the first was added is not known; if it was, it is done as well, and not counted. */
async function patientlyAdded(server: Server, chips: readonly number[]): Promise<string> {
  for (;;) {
    try {
      return await addJob(server, chips);
    } catch (error) {
      if (!isPassing(error)) throw error;
      await pause(100);
    }
  }
}

async function allDone(server: Server, jobs: number, onProgress: (text: string) => void): Promise<void> {
  let last = -1;
  for (let still = 0; still < 240; still++) {
    const left = (await serverJobs(server)).length;
    if (left === 0) return;
    if (left !== last) still = 0;
    last = left;
    if (still % 10 === 0) onProgress(`${left} of ${jobs} jobs are left`);
    await pause(500);
  }
}

async function wakeTimes(
  server: Server,
  chips: readonly number[],
  workers: readonly Worker[],
  wakes: number,
  draw: (below: number) => number,
): Promise<Pick<KilledFleet, "wakeMilliseconds" | "takenMilliseconds">> {
  // Benches that were cut off just now are back with the first of these, and with the second all ears are open.
  for (const chip of [...chips, ...chips]) {
    await addJob(server, [chip]);
    await pause(20);
  }
  await allDone(server, 2 * chips.length, () => {});
  const begunAt = new Map<string, { readonly begun: number; readonly added: number }>();
  for (let n = 0; n < wakes; n++) {
    const at = performance.timeOrigin + performance.now();
    const job = await addJob(server, [chips[Math.floor(draw(chips.length))]!]);
    begunAt.set(job, { begun: at, added: performance.timeOrigin + performance.now() });
    await pause(20 + draw(40));
  }
  await allDone(server, wakes, () => {});
  const woken: number[] = [];
  const taken: number[] = [];
  for (const worker of workers) {
    const heard = worker.wakes();
    for (const { job, takenAt } of worker.lines()) {
      const times = begunAt.get(job);
      if (times === undefined) continue;
      taken.push(takenAt - times.begun);
      // A second pair of ears may be cut off, and the bench's own not.
      const at = heard.find((one) => one >= times.begun && one <= takenAt);
      if (at !== undefined) woken.push(Math.max(0, at - times.added));
    }
  }
  return { wakeMilliseconds: spreadOf(woken), takenMilliseconds: spreadOf(taken) };
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1));
  return { median: at(0.5), p99: at(0.99), most: at(1), of: times.length };
}

function outOfOrder(workers: readonly Worker[]): number {
  let found = 0;
  for (const worker of workers) {
    const last = new Map<string, number>();
    for (const { job, chips } of worker.lines()) {
      const number = Number(job.slice(1));
      for (const chip of chips) {
        if (number < (last.get(chip) ?? 0)) found++;
        last.set(chip, number);
      }
    }
  }
  return found;
}

function repeated<T>(what: T, times: number): T[] {
  return Array.from({ length: times }, () => what);
}

function shuffled<T>(list: readonly T[], draw: (below: number) => number): T[] {
  const left = [...list];
  return list.map(() => left.splice(Math.floor(draw(left.length)), 1)[0]!);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
