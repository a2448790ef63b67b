import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openBench, type Bench } from "../lab/bench.ts";
import { lockFolder } from "../locks/folder.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { Job } from "../src/queue/job.ts";
import { Random, uniformOf } from "../src/random.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { twoLayerStrategy } from "../test/support/smallNetwork.ts";
import { askControl, journalFaults, lineOf, run } from "./killing.ts";

/** What became of a queue whose workers were killed again and again. All but the first four and `uncertain` must be 0. */
export interface KilledQueue {
  readonly kills: number;
  readonly reboots: number;
  readonly jobs: number;
  /** How many of them work on two chips. */
  readonly ofTwoChips: number;
  /** Jobs that are not done, or no longer there. */
  readonly lost: number;
  /** Jobs with more than one run, or one for each of their chips, and runs and networks of no job. */
  readonly doubled: number;
  /** Jobs that began before the one in front of them had ended. */
  readonly outOfOrder: number;
  /** Devices of which the ledger and the chip disagree: pulses that were fired twice, not booked, or booked and never fired. */
  readonly ledgerErrors: number;
  /** Pulses that are booked as uncertain. */
  readonly uncertain: number;
  /** Devices that were pulsed although they had their final verdict. */
  readonly pulsedAgain: number;
  readonly turnsMissing: number;
  /** What workers said went wrong, and which jobs are not done. */
  readonly told: readonly string[];
}

interface Board {
  readonly process: ChildProcess;
  readonly address: string;
  readonly control: string;
}

/**
 * Lets workers do jobs on emulated boards, which live on, and ends them at random moments: by SIGKILL, or as a machine that restarts
 * does, which asks first, takes all processes and what they left in the folder for temporary files, and starts the boards anew. Every
 * fourth time two workers are at it. Jobs are added and moved meanwhile. The last worker finishes; then journals, ledger and boards are
 * compared with what was added.
 */
export async function killWorkers(
  seed: number,
  { kills, reboots, boards: count = 3 }: { kills: number; reboots: number; boards?: number },
  onEnded: (workers: number) => void = () => {},
): Promise<KilledQueue> {
  const folder = mkdtempSync(join(tmpdir(), "mho-queue-"));
  const draws = new Random(seed).fork("queue kills");
  let drawn = 0;
  const draw = (below: number): number => below * uniformOf(draws.at(drawn++, 0).word0);
  const boards: Board[] = [];
  const told: string[] = [];
  const workers = new Set<ChildProcess>();
  try {
    for (let k = 0; k < count; k++) boards.push(await startBoard(seed + k, told));
    const targets = Array.from({ length: 4 }, (_, k) => {
      const file = join(folder, `targets${k}.csv`);
      writeFileSync(file, targetsText(seed + k));
      return file;
    });
    const strategy = await twoLayerStrategy(folder, [32, 16]);
    const workspace = join(folder, "w");
    const added: Job[] = [];
    const add = async (bench: Bench): Promise<void> => {
      const at = Math.floor(draw(boards.length));
      const { address: chip } = boards[at]!;
      // Each fifth job is over two boards, first one, then the other.
      const next = boards[(at + 1 + Math.floor(draw(boards.length - 1))) % boards.length]!;
      if (boards.length > 1 && added.length % 5 === 1)
        added.push(await addNetwork(bench, [chip, next.address], strategy));
      else added.push(await addJob(bench, chip, targets[Math.floor(draw(targets.length))]!, draw(1), added));
    };
    const all = kills + reboots;
    for (let n = 0; n < all; n++) {
      const bench = await openBench({ workspace, config: "none" });
      while (added.length === 0 || (await bench.queue.list()).length < 2 * count) await add(bench);
      if (draw(1) < 0.3) await moveOne(bench, draw);
      const failed = (await bench.queue.list()).some(({ state }) => state === "failed");
      await bench.close();
      // What is lost already will not be found.
      if (failed) break;
      const reboot = Math.floor(((n + 1) * reboots) / all) > Math.floor((n * reboots) / all);
      const here = Array.from({ length: n % 4 === 3 ? 2 : 1 }, () => startWorker(workspace, workers, told));
      await begun(here[0]!, draw(1));
      await pause(5 + draw(300));
      if (reboot) await restart(here, boards);
      else here.forEach((worker) => worker.kill("SIGKILL"));
      await Promise.all(here.map((worker) => gone(worker)));
      onEnded(n + 1);
    }
    const last = startWorker(workspace, workers, told);
    await gone(last);
    const store = await openWorkspace(join(folder, "w"));
    const result = await judge(store, added, boards, told);
    await store.close();
    const ofTwoChips = added.filter((job) => chipsOf(job).length > 1).length;
    return { kills, reboots, jobs: added.length, ofTwoChips, ...result };
  } finally {
    for (const child of [...workers, ...boards.map((board) => board.process)]) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startBoard(seed: number, told: string[]): Promise<Board> {
  const process = run(["emulate", "pcm-64", "--tcp", "0", "--no-pace", "--control", "--seed", String(seed)]);
  const { address, control } = JSON.parse(await lineOf(process, /"address"/)) as Omit<Board, "process">;
  process.once("exit", (code, signal) => told.push(`the board at ${address} ended: ${code ?? signal}`));
  return { process, address, control };
}

/** Over two boards, with one of its two layers on each. */
function addNetwork(bench: Bench, chips: readonly string[], strategy: string): Promise<Job> {
  return bench.queue.add("program", strategy, { method: "verify", sweepTimesSeconds: [], chips });
}

function chipsOf({ chip, others = [] }: Job): readonly string[] {
  return [chip, ...others.map((other) => other.chip)];
}

/** Most jobs pulse; some read what another one programmed, or measure without a pulse. */
async function addJob(
  bench: Bench,
  chip: string,
  targets: string,
  kind: number,
  before: readonly Job[],
): Promise<Job> {
  const last = (at: string): Job | undefined =>
    before.findLast((job) => chipsOf(job).includes(at) && job.command === "program");
  const programmed = last(chip);
  // What was programmed over, on whichever of its chips, is not watched.
  const isWhole = programmed !== undefined && chipsOf(programmed).every((at) => last(at) === programmed);
  if (kind < 0.2 && isWhole) return bench.queue.add("watch", programmed.id, { until: "1m", perDecade: 1 });
  if (kind < 0.4) return bench.queue.add("measure", "yield", { row: 4, rows: 2 }, { chip });
  return bench.queue.add("program", targets, { method: "verify", sweepTimesSeconds: [] }, { chip });
}

/** Puts a job that waits first in its chip's queue: one that pulses nothing, as a run that was programmed over is not watched. */
async function moveOne(bench: Bench, draw: (below: number) => number): Promise<void> {
  const waiting = (await bench.queue.list()).filter(
    ({ state, command }) => state === "waiting" && command === "measure",
  );
  const job = waiting[Math.floor(draw(waiting.length))];
  // A worker may take it up meanwhile.
  if (job !== undefined) await bench.queue.move(job.id, { first: true }).catch(() => {});
}

function startWorker(workspace: string, workers: Set<ChildProcess>, told: string[]): ChildProcess {
  const worker = run(["work", "--workspace", workspace, "--json", "--config", "none"]);
  workers.add(worker);
  // It reads the pipe too, which would else never close.
  createInterface({ input: worker.stdout! }).on("line", (line) => {
    if (line.includes('"type":"error"') && !line.includes('"interrupted"')) told.push(line);
    if (line.includes('"outcome":"failed"')) told.push(line);
  });
  return worker;
}

/** Resolves when a worker is at a job; sometimes at once, so that workers die while they start. */
async function begun(worker: ChildProcess, chance: number): Promise<void> {
  if (chance < 0.15) return;
  await new Promise<void>((resolve) => {
    worker.once("close", () => resolve());
    createInterface({ input: worker.stdout! }).on("line", (line) => {
      if (line.includes(chance < 0.5 ? '"job_started"' : '"job_run"')) resolve();
    });
  });
}

/** As a machine that restarts does: it asks processes to end, soon ends them, and empties its folder for temporary files. */
async function restart(workers: readonly ChildProcess[], boards: readonly Board[]): Promise<void> {
  workers.forEach((worker) => worker.kill("SIGTERM"));
  await pause(30);
  workers.forEach((worker) => worker.kill("SIGKILL"));
  await Promise.all(workers.map((worker) => gone(worker)));
  for (const { control, address } of boards) {
    const port = address.slice("tcp:".length).split("?")[0]!;
    const locks = readdirSync(lockFolder()).filter((name) => name.includes(encodeURIComponent(port)));
    for (const name of locks) rmSync(join(lockFolder(), name), { force: true });
    await askControl(control, { inject: { fault: "reset" } });
  }
}

async function gone(worker: ChildProcess): Promise<void> {
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, "close");
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function judge(
  store: Workspace,
  added: readonly Job[],
  boards: readonly Board[],
  told: string[],
): Promise<Omit<KilledQueue, "kills" | "reboots" | "jobs" | "ofTwoChips">> {
  const jobs = await store.jobs();
  const runs = await store.runs();
  const jobOf = new Map<string, string | undefined>();
  for (const { id } of runs) jobOf.set(id, (await store.labels(id)).job);
  const totals = {
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    ledgerErrors: 0,
    uncertain: 0,
    pulsedAgain: 0,
    turnsMissing: 0,
  };
  const groups = await store.groups();
  for (const { id, command, ...of } of added.map((one) => ({ ...one, chips: chipsOf(one) }))) {
    const job = jobs.find((one) => one.id === id);
    const own = runs.filter((one) => jobOf.get(one.id) === id);
    const begins = command === "watch" ? 0 : of.chips.length;
    if (job?.state !== "done" || own.length < begins || own.some(({ outcome }) => outcome !== "done")) {
      totals.lost++;
      told.push(
        `${id} ${command} ${job?.state} ${own.map((one) => `${one.id} ${one.outcome}`).join()} ${job?.why?.code}: ${job?.why?.message}`,
      );
    }
    const networks = groups.filter((group) => group.job === id).length;
    if (own.length > begins || networks > (begins > 1 ? 1 : 0)) totals.doubled++;
  }
  totals.doubled += runs.filter(({ id }) => added.every((job) => job.id !== jobOf.get(id))).length;
  totals.doubled += groups.filter((group) => added.every((job) => job.id !== group.job)).length;
  for (const { address, control } of boards) {
    const ofChip = jobs.filter((job) => chipsOf(job).includes(address));
    totals.outOfOrder += ofChip.filter((job, k) => k > 0 && job.begunAt! < ofChip[k - 1]!.endedAt!).length;
    const pulsed = runs.find((one) => one.chipAddress === address);
    if (pulsed === undefined) continue;
    const { felt } = (await askControl(control, { felt: { tile: 0 } })) as { felt: number[] };
    const { booked, uncertain } = await bookedOf(store, pulsed.id);
    // What a kill left in doubt may have fired or not, and the ledger says so.
    const wrong = booked.filter((n, i) => felt[i]! > n || felt[i]! < n - uncertain[i]!).length;
    totals.ledgerErrors += wrong;
    totals.uncertain += uncertain.reduce((sum, n) => sum + n, 0);
    if (wrong > 0) told.push(`${address}: ${sum(booked)} pulses booked, ${sum(felt)} felt`);
  }
  for (const { id, method } of runs) {
    if (method !== "verify") continue;
    const { pulsedAgain, turnsMissing } = await journalFaults(store, id);
    totals.pulsedAgain += pulsedAgain;
    totals.turnsMissing += turnsMissing;
  }
  return { ...totals, told };
}

/** Pulses of each device of tile 0 of a run's chip, over all runs, and those of them that are uncertain. */
async function bookedOf(
  store: Workspace,
  run: string,
): Promise<{ booked: Uint32Array; uncertain: Uint32Array }> {
  const identity = await store.identity(run);
  const ledger = await PulseLedger.ofChip(store, identity, identity.geometry);
  return { booked: ledger.pulsesOfTile(0), uncertain: ledger.uncertainOfTile(0) };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const n of numbers) total += n;
  return total;
}

/** Two rows, at another place for each seed. */
function targetsText(seed: number): string {
  const first = 2 * (seed % 4);
  const rows = Array.from({ length: first + 2 }, (_, row) =>
    Array.from({ length: 256 }, (__, k) =>
      row < first ? "nan" : String((row * 7 + k * 3 + seed) % 25),
    ).join(","),
  );
  return `${rows.join("\n")}\n`;
}
