import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isFinal } from "../src/program/method.ts";
import { Random, uniformOf } from "../src/random.ts";
import { emptyMemory, foldTurn } from "../src/run/journal.ts";
import type { RunId } from "../src/run/store.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";

/** As seen from the project's root, from where benches and tests are run. */
const main = "dist/cli/main.js";

/** What became of a run whose controller was killed again and again. */
export interface KilledRun {
  readonly kills: number;
  readonly outcome: string;
  readonly pulses: number;
  /** Devices of which the ledger and the chip disagree. */
  readonly ledgerErrors: number;
  /** Devices that were pulsed although they had their final verdict. */
  readonly pulsedAgain: number;
  /** Turns that are missing between the first and the last of a tile. */
  readonly turnsMissing: number;
  readonly devicesWithoutVerdict: number;
}

/**
 * Programs half of an emulated chip, or so many rows, whose process lives on, and kills the controller (SIGKILL) at random moments,
 * so many times; then lets the last `mho resume` finish, and compares journal and chip.
 */
export async function killAndResume(
  seed: number,
  kills: number,
  method: string,
  rows = 32,
): Promise<KilledRun> {
  const folder = mkdtempSync(join(tmpdir(), "mho-kill-"));
  const random = new Random(seed).fork("kills");
  const chip = run(["emulate", "pcm-64", "--tcp", "0", "--no-pace", "--control", "--seed", String(seed)]);
  try {
    const { address, control } = JSON.parse(await lineOf(chip, /"address"/)) as {
      address: string;
      control: string;
    };
    const targets = join(folder, "targets.csv");
    writeFileSync(targets, targetsText(seed, rows));
    const common = ["--chip", address, "--workspace", folder, "--json"];
    let child = run(["program", targets, "--method", method, ...common]);
    let killed = 0;
    for (let n = 0; killed < kills; n++) {
      const ended = once(child, "close");
      await lineOf(child, /"type":"started"/);
      // The start of a process takes the longest; what matters is anywhere in the turns that follow.
      const wait = 5 + 250 * uniformOf(random.at(n, 0).word0);
      const timer = setTimeout(() => child.kill("SIGKILL"), wait);
      await ended;
      clearTimeout(timer);
      if (child.exitCode === 0) break;
      killed++;
      child = run(["resume", "r1", ...common]);
    }
    if (child.exitCode === null) await once(child, "close");
    const felt = await askControl(control, { felt: { tile: 0 } });
    const store = await openWorkspace(folder);
    const result = await judge(store, (felt as { felt: number[] }).felt);
    await store.close();
    return { kills: killed, ...result };
  } finally {
    chip.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function targetsText(seed: number, count: number): string {
  const rows = Array.from({ length: count }, (_, row) =>
    Array.from({ length: 256 }, (__, k) =>
      k % 5 === 0 ? "nan" : String((row * 7 + k * 3 + seed) % 25),
    ).join(","),
  );
  return `${rows.join("\n")}\n`;
}

async function judge(store: Workspace, felt: readonly number[]): Promise<Omit<KilledRun, "kills">> {
  const runs = await store.runs();
  const { pulses, ledgerErrors } = await ledgerErrorsOf(store, "r1", felt);
  return { outcome: runs[0]!.outcome, pulses, ledgerErrors, ...(await journalFaults(store, "r1")) };
}

/** Of how many devices of tile 0 of a run's chip the ledger and the chip disagree. */
export async function ledgerErrorsOf(
  store: Workspace,
  run: RunId,
  felt: readonly number[],
): Promise<Pick<KilledRun, "pulses" | "ledgerErrors">> {
  const identity = await store.identity(run);
  const booked = (await PulseLedger.ofChip(store, identity, identity.geometry)).pulsesOfTile(0);
  return {
    pulses: booked.reduce((sum, n) => sum + n, 0),
    ledgerErrors: booked.reduce((errors, n, i) => errors + (n === felt[i] ? 0 : 1), 0),
  };
}

/** What a run's journal says of its first tile: whether anything was done twice, or is missing. */
export async function journalFaults(
  store: Workspace,
  run: RunId,
): Promise<Pick<KilledRun, "pulsedAgain" | "turnsMissing" | "devicesWithoutVerdict">> {
  const { block } = (await store.plan(run)).tiles[0]!;
  const memory = emptyMemory(block, 256);
  let [pulsedAgain, turnsMissing] = [0, 0];
  for await (const turn of store.turns(run)) {
    if (turn.turn !== memory.turns) turnsMissing++;
    turn.devices.forEach((device, k) => {
      const fires = turn.orders.some(({ codes }) => codes[k] !== 0);
      if (fires && isFinal(memory.verdicts[device]!)) pulsedAgain++;
    });
    foldTurn(memory, turn);
  }
  const devicesWithoutVerdict = memory.verdicts.reduce((n, verdict) => n + (verdict === 0 ? 1 : 0), 0);
  return { pulsedAgain, turnsMissing, devicesWithoutVerdict };
}

export function run(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "ignore"] });
}

export function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("close", () => reject(new Error(`It ended without ${pattern}.`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (pattern.test(line)) resolve(line);
    });
  });
}

export function askControl(address: string, wish: object): Promise<unknown> {
  const [host, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host!, port: Number(port) });
    socket.on("error", reject);
    createInterface({ input: socket }).on("line", (line) => {
      socket.destroy();
      resolve(JSON.parse(line));
    });
    socket.write(`${JSON.stringify(wish)}\n`);
  });
}
