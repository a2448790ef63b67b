import { rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../drivers/systemClock.ts";
import { MhoError } from "../src/errors.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { executeRun } from "../src/run/engine.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { parseAddress } from "./address.ts";
import { startEmulator } from "./childEmulator.ts";
import { type ContestResult, contests, judgeContest, planContest } from "./contest.ts";
import { type DemoNetwork, loadNetwork, tilesNeeded } from "./demoNetwork.ts";
import { printTable, resultOf } from "./demoTable.ts";
import { chipOptions, openChip } from "./openChip.ts";
import { openLasting, wallTime } from "./openLasting.ts";
import { type DemoOptions, defaultWorkspace } from "./options.ts";
import type { Output } from "./output.ts";
import { progressOf } from "./progress.ts";
import { listenForStop, type StopListener } from "./stop.ts";
import { writeReport } from "./writeReport.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";

/**
 * The whole loop: a trained network is translated to conductances, programmed into one chip twice, first blind
 * and then in a closed loop, read over a year of the chip's time, and judged by the images it gets right.
 */
export async function demo(options: DemoOptions, output: Output): Promise<void> {
  const stop = listenForStop();
  try {
    const network = await loadNetwork(options.weights);
    output.say(
      `Network: ${network.text}; ${(100 * network.softwareAccuracy).toFixed(1)} % right in software.`,
    );
    const store = await openDemoWorkspace(options);
    try {
      await withChip(options, network, stop, output, (driver) =>
        runContests(options, output, stop, network, store, driver),
      );
    } finally {
      await store.close();
    }
  } finally {
    stop.release();
  }
}

async function runContests(
  options: DemoOptions,
  output: Output,
  stop: StopListener,
  network: DemoNetwork,
  store: Workspace,
  driver: ConnectedDriver,
): Promise<void> {
  const identity = await driver.identify();
  output.say(
    `Chip: ${identity.name} number ${identity.serialNumber} at ${driver.port}, ${identity.firmware}.`,
  );
  const results: ContestResult[] = [];
  for (const contest of contests) {
    const plan = planContest(contest, network, driver, identity);
    const run = await executeRun(
      {
        driver,
        store,
        clock: systemClock,
        model: pcm90nm,
        stop,
        wallTime,
        linkNotes: () => driver.linkNotes?.() ?? [],
        onEvent: progressOf(contest.name, output),
      },
      plan,
    );
    results.push(await judgeContest(contest, network, driver.description, store, run));
  }
  output.say("");
  printTable(network, results, output);
  const files = await writeReport({ options, network, identity, port: driver.port, results });
  output.say("");
  output.say(`Report: ${files.report}`);
  output.event({ type: "result", ...resultOf(network, results), ...files, workspace: store.file });
}

/** A demo on a chip of its own keeps a workspace of its own, begun anew; on a user's chip nothing is thrown away. */
async function openDemoWorkspace(options: DemoOptions): Promise<Workspace> {
  if (options.workspace !== undefined) return openWorkspace(options.workspace);
  if (chipOf(options) !== undefined) return openWorkspace(defaultWorkspace);
  const folder = join(options.out, "workspace");
  try {
    for (const ending of ["", "-wal", "-shm"])
      await rm(join(folder, `workspace.db${ending}`), { force: true });
  } catch (error) {
    const { message } = error as Error;
    const text = `Cannot begin a workspace in ${folder}: ${message}. Name another folder with --out.`;
    throw new MhoError("output-failed", text, { folder }, error);
  }
  return openWorkspace(folder);
}

async function withChip(
  options: DemoOptions,
  network: DemoNetwork,
  stop: StopListener,
  output: Output,
  work: (driver: ConnectedDriver) => Promise<void>,
): Promise<void> {
  const given = chipOf(options);
  const preset = `pcm-64?tiles=${await tilesNeeded(network)}`;
  const emulator = given === undefined ? await startEmulator(preset, options.seed) : undefined;
  try {
    const address = parseAddress(given ?? emulator!.address);
    // When the demo's own emulator is gone, nothing will bring it back.
    const opening = chipOptions(address, options);
    const driver = await (given === undefined
      ? openChip(address, opening)
      : openLasting(address, opening, stop, output));
    stop.onSecond(() => driver.standby());
    try {
      if (stop.requested) throw new MhoError("interrupted", "Stopped before anything was sent to the chip.");
      await work(driver);
    } finally {
      await driver.close();
    }
  } finally {
    emulator?.close();
  }
}

function chipOf(options: DemoOptions): string | undefined {
  return options.chip ?? process.env["MHO_CHIP"];
}
