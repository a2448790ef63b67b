import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../files/folder.ts";
import { refuseNoFolder } from "../../files/writeWhole.ts";
import { MhoError } from "../../src/errors.ts";
import type { EventStream } from "../events.ts";
import { refuseTooFewTiles } from "../../src/weights/placement.ts";
import { shellWord } from "../../src/shell.ts";
import { parseAddress, withTiles } from "../address.ts";
import { modelOfChip } from "../modelOfChip.ts";
import { describeChip } from "../openChip.ts";
import { patience } from "../session.ts";
import { loadNetwork, tilesNeeded, type TrainedNetwork } from "../trainedNetwork.ts";
import { warnOfLeftOut } from "../warnings.ts";
import { chipBehind } from "../nicknames.ts";
import { configOf, defaultWorkspace, Workplace } from "../workplace.ts";
import { type ChildEmulator, startEmulator } from "./childEmulator.ts";
import { DemoLoop, refuseOtherChips } from "./demoLoop.ts";
import { type ChipPoints, type Repeats, startRepeats } from "./demoRepeats.ts";
import { contenders, type DemoResult, tellStory } from "./demoStory.ts";
import type { Headline } from "./headline.ts";
import type { DemoOptions } from "./options.ts";
import { AccuracyPredictor, type Predictions } from "./predicted.ts";
import { writeReport } from "./writeReport.ts";

/** What a demo came to. */
export interface DemoOutcome {
  readonly network: TrainedNetwork;
  /** Of the chip that the story is told of. */
  readonly first: DemoResult;
  /** Of all of them. */
  readonly chips: readonly ChipPoints[];
  /** By the models of the first chip. */
  readonly predictions: Predictions;
  readonly headline: Headline;
  readonly files: { readonly report: string; readonly figures: string };
  readonly workspace: string;
}

/** Who is told what a demo does beside its events. */
export interface DemoListener {
  /** Of the network, once it is loaded. */
  readonly onNetwork: (network: TrainedNetwork) => void;
  /** Of the workplace, once it is there: for a process that may have to end at once. */
  readonly onWorkplace: (place: Workplace) => void;
  /** The story is told; chips are drawn from its models. */
  readonly onPredicting: () => void;
  /** The story is told; other chips are still at work. */
  readonly onWaiting: () => void;
}

/**
 * The whole story, on chips that drift by a law that no published model describes: what a network is worth on them when it is
 * programmed by hand, as well as the published model allows, and in a closed loop that measures, refits, aims again and corrects.
 * The story is told of the first chip; the others say how far chips differ.
 */
export async function demo(
  options: DemoOptions,
  events: EventStream,
  { onNetwork, onWorkplace, onPredicting, onWaiting }: DemoListener,
): Promise<DemoOutcome> {
  const given = options.chip === undefined ? undefined : chipBehind(await configOf(options), options.chip);
  if ((options.repeats ?? 1) > 1 && given !== undefined) {
    throw new MhoError("bad-argument", "--repeats goes with emulated chips: there is one of yours.");
  }
  const repeats = options.repeats ?? usualRepeats;
  await refuseNoFolder(options.out, advice);
  let starting: Promise<ChildEmulator> | undefined;
  let others: Repeats | undefined;
  let predictor: AccuracyPredictor | undefined;
  try {
    const network = await loadNetwork(options, (layers) => {
      // Its process starts while the network is run in software.
      if (given === undefined) starting = startedFor(layers, options.seed);
    });
    onNetwork(network);
    const chip = given === undefined ? undefined : await withRoom(given, network);
    network.leftOut.forEach(warnOfLeftOut(network.name, (event) => events.emit(event)));
    const workspace = await demoWorkspace(options);
    await makeOut(options.out);
    others = startRepeats(options, repeats - 1);
    predictor = new AccuracyPredictor(network, options);
    const place = new Workplace(
      { ...options, workspace, chip: chip ?? (await starting!).address },
      events,
      undefined,
      // The demo's own chip does not outlive it.
      { waitsForDisk: chip !== undefined },
    );
    onWorkplace(place);
    let first: DemoResult;
    try {
      first = await storyOn(place, network, predictor, {
        chipStays: chip !== undefined,
        signal: options.signal,
      });
    } finally {
      await place.close();
    }
    onPredicting();
    const predictions = await predictor.of(contenders.map(({ name }) => name));
    if (repeats > 1) onWaiting();
    const chips = [first.results.map(({ points }) => points), ...(await others.chips)];
    const { headline, ...files } = await writeReport(options, network, first, chips, predictions);
    return {
      network,
      first,
      chips,
      predictions,
      headline,
      files,
      workspace: join(workspace, "workspace.db"),
    };
  } finally {
    others?.stop();
    (await starting?.catch(() => undefined))?.close();
    await predictor?.end();
  }
}

/** An emulated chip with room for these layers. */
function startedFor(layers: TrainedNetwork["layers"], seed: number): Promise<ChildEmulator> {
  const started = presetFor(layers).then((preset) => startEmulator(preset, seed));
  // Who waits for it hears of a failure.
  started.catch(() => undefined);
  return started;
}

const advice = "Name another folder with --out.";

/** The folder of the report, and none above it. Throws `output-failed`. */
async function makeOut(out: string): Promise<void> {
  try {
    await makeFolder(out);
  } catch (error) {
    const { message } = error as Error;
    throw new MhoError("output-failed", `Cannot make ${out}: ${message}. ${advice}`, { folder: out }, error);
  }
}

/** The story is told of one chip, while a person still waits. */
const usualRepeats = 1;

async function presetFor(layers: TrainedNetwork["layers"]): Promise<string> {
  const { geometry } = await describeChip(parseAddress("emulator:pcm-64"));
  return `pcm-64?tiles=${tilesNeeded(layers, geometry)}&births=stranger`;
}

/**
 * The address of a chip that has room for the network: an emulated one gets as many tiles as it needs where its address does not say how
 * many, and one to get to know the devices by.
 *
 * @throws `bad-argument` before a chip is opened that has none, or that the story cannot be told of.
 */
async function withRoom(chip: string, network: TrainedNetwork): Promise<string> {
  const address = parseAddress(chip);
  const description = await describeChip(address);
  refuseOtherChips(description, await modelOfChip(description));
  const { geometry, name } = description;
  if (address.scheme === "emulator" && address.tiles === undefined && address.chip === undefined) {
    return withTiles(address, tilesNeeded(network.layers, geometry));
  }
  const sizes = network.layers.map(({ inputs, outputs }) => ({ inputs, outputs }));
  refuseTooFewTiles(sizes, geometry, (needed) => {
    const enough = shellWord(withTiles(address, needed));
    return `By its description a ${name} has ${geometry.tiles}; if this chip has as many, say so: --chip ${enough}.`;
  });
  return chip;
}

async function storyOn(
  place: Workplace,
  network: TrainedNetwork,
  predictor: AccuracyPredictor,
  { chipStays, signal }: { readonly chipStays: boolean; readonly signal: AbortSignal | undefined },
): Promise<DemoResult> {
  try {
    const session = await place.session(await place.chipNamed());
    if (place.stop.requested) {
      throw new MhoError("interrupted", "Stopped before anything was sent to the chip.");
    }
    const factory = await modelOfChip(session.description);
    // When the demo's own emulator is gone, nothing will bring it back.
    return await session.work(chipStays ? patience.programMilliseconds : 0, async (context, identity) => {
      const loop = new DemoLoop(context, identity, place.seed, factory);
      const told = await tellStory(network, loop, predictor, {
        store: context.store,
        seed: place.seed,
        emit: place.emit,
        signal,
      });
      return { ...told, identity, port: session.port };
    });
  } catch (error) {
    if (chipStays || !(error instanceof MhoError && error.code === "interrupted")) throw error;
    const text = "The demo was stopped. Its chip goes with it: the next demo begins anew.";
    throw new MhoError("interrupted", text, error.facts, error);
  }
}

/** A demo on chips of its own keeps a workspace of its own, begun anew; on a user's chip nothing is thrown away. */
async function demoWorkspace({ workspace, chip, out }: DemoOptions): Promise<string> {
  if (workspace !== undefined) return workspace;
  if (chip !== undefined) return defaultWorkspace;
  const folder = join(out, "workspace");
  try {
    for (const ending of ["", "-wal", "-shm"])
      await rm(join(folder, `workspace.db${ending}`), { force: true });
    // Runs are counted anew: the logs of the last demo would be taken for theirs.
    await rm(join(folder, "logs"), { recursive: true, force: true });
  } catch (error) {
    const { message } = error as Error;
    const text = `Cannot begin a workspace in ${folder}: ${message}. Name another folder with --out.`;
    throw new MhoError("output-failed", text, { folder }, error);
  }
  return folder;
}
