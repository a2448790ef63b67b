import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SteadyClock } from "../drivers/steadyClock.ts";
import { systemClock } from "../drivers/systemClock.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { MhoError } from "../src/errors.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { parseAddress } from "../lab/address.ts";
import { startEmulator } from "../lab/demo/childEmulator.ts";
import { startRepeats } from "../lab/demo/demoRepeats.ts";
import { DemoLoop } from "../lab/demo/demoLoop.ts";
import { type TrainedNetwork, loadNetwork, tilesNeeded } from "../lab/trainedNetwork.ts";
import { type DemoResult, tellStory } from "../lab/demo/demoStory.ts";
import { resultOf, tableOf } from "./demoTable.ts";
import { wholeNumber } from "./numbers.ts";
import { chipOptions, openChip } from "../lab/openChip.ts";
import { openLasting } from "../lab/openLasting.ts";
import { wallTime } from "../lab/wallTime.ts";
import { type DemoOptions, defaultWorkspace } from "./options.ts";
import type { Output } from "./output.ts";
import { listenForStop, type StopListener } from "./stop.ts";
import { writeReport } from "../lab/demo/writeReport.ts";

/**
 * The whole story, on chips that drift as nobody has published: what a network is worth on them when it is programmed by hand,
 * as well as the published model allows, and in a closed loop that measures, refits, aims again and corrects. The story is told
 * of the first chip; the others say how far chips differ.
 */
export async function demo(options: DemoOptions, output: Output): Promise<void> {
  const own = chipOf(options) === undefined;
  const repeats = wholeNumber("--repeats", options.repeats, own ? usualRepeats : 1, 20);
  if (repeats > 1 && !own) {
    throw new MhoError("bad-argument", "--repeats goes with emulated chips: there is one of yours.");
  }
  const stop = listenForStop(options.json);
  try {
    const network = await loadNetwork(options);
    const known =
      network.images === 0 ? "" : `; ${(100 * network.softwareAccuracy).toFixed(1)} % right in software`;
    output.say(`Network: ${network.text}${known}.`);
    const store = await openDemoWorkspace(options);
    const others = startRepeats(options, repeats - 1);
    try {
      const first = await withChip(options, network, stop, output, (driver) =>
        storyOf(options, network, store, stop, driver, output),
      );
      if (repeats > 1) output.progress("waiting for the other chips");
      const chips = [first.results.map(({ points }) => points), ...(await others.chips)];
      output.say("");
      for (const { text, look } of tableOf(network, chips)) output.say(text, look);
      const files = await writeReport(options, network, first, chips);
      output.say("");
      output.say(`Report: ${files.report}`);
      output.event({ type: "result", ...resultOf(network, first, chips), ...files, workspace: store.file });
    } finally {
      others.stop();
      await store.close();
    }
  } finally {
    stop.release();
  }
}

/** Two chips keep two processor cores busy, and fit into the patience of whoever tries this first. */
const usualRepeats = 2;

async function storyOf(
  options: DemoOptions,
  network: TrainedNetwork,
  store: Workspace,
  stop: StopListener,
  link: ConnectedDriver,
  output: Output,
): Promise<DemoResult> {
  const driver = new SteadyClock(link, store, wallTime);
  const identity = await driver.identify();
  output.say(`Chip: ${identity.name} number ${identity.serialNumber} at ${link.port}, ${identity.firmware}.`);
  const context = {
    store,
    clock: systemClock,
    stop,
    wallTime,
    linkNotes: () => link.linkNotes?.() ?? [],
    onLinkNote: (listener: () => void) => link.onLinkNote?.(listener),
  };
  const chipStays = chipOf(options) !== undefined;
  const loop = new DemoLoop(context, driver, identity, options.seed, output, chipStays);
  stop.onSecond(() => loop.interrupt());
  const told = await tellStory(network, loop, store, options.seed, output);
  return { ...told, identity, port: link.port };
}

/** A demo on chips of its own keeps a workspace of its own, begun anew; on a user's chip nothing is thrown away. */
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

async function withChip<T>(
  options: DemoOptions,
  network: TrainedNetwork,
  stop: StopListener,
  output: Output,
  work: (driver: ConnectedDriver) => Promise<T>,
): Promise<T> {
  const given = chipOf(options);
  const preset = `pcm-64?tiles=${await tilesNeeded(network)}&births=stranger`;
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
      return await work(driver);
    } catch (error) {
      if (given !== undefined || !(error instanceof MhoError && error.code === "interrupted")) throw error;
      const text = "The demo was stopped. Its chip goes with it: the next demo begins anew.";
      throw new MhoError("interrupted", text, error.facts, error);
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
