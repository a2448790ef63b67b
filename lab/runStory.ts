import type { DriftLaw, RunStory } from "../report/runStory.ts";
import type { ConductanceMap } from "../report/story.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { asPowerLaw, powerLawOf } from "../src/model/powerLaw.ts";
import type { Strategy } from "../src/optimize/strategy.ts";
import { isOpen, verdicts } from "../src/program/method.ts";
import { Convergence } from "../src/results/convergence.ts";
import { DeviceExponents } from "../src/results/deviceExponents.ts";
import { type DriftBand, DriftCourse } from "../src/results/driftBands.ts";
import { ErrorSpread } from "../src/results/errorSpread.ts";
import { emptyMemory, foldTurn, type TileMemory } from "../src/run/journal.ts";
import { LinkFold } from "../src/results/linkQuality.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunReader } from "../src/run/store.ts";
import { type SweepTable, sweepTables, tileAge } from "../src/results/sweepTable.ts";
import { microsecondsPerSecond } from "../src/units.ts";
import type { TrainedNetwork } from "./trainedNetwork.ts";
import { runAccuracy } from "./runAccuracy.ts";
import { forecastResults } from "../src/results/forecasts.ts";
import { forecastSentence } from "./forecastTexts.ts";
import { judgeRun } from "../src/results/runResult.ts";
import { version } from "./version.ts";
import { chainResultOf, chainSentence } from "./runChain.ts";

/** What a report of a run may be given beside the run. */
export interface Beside {
  /** By which the devices are held to drift, in place of the run's own. */
  readonly model?: ModelDefinition | undefined;
  /** What it was programmed from. */
  readonly strategy?: Strategy | undefined;
  /** The network whose weights it holds, with images to judge it by. */
  readonly network?: TrainedNetwork | undefined;
  /** Of a network over several chips: what each holds, in order. */
  readonly chips?: readonly HeldByChip[] | undefined;
  /** What is to be told of them, a sentence each. */
  readonly chipTexts?: readonly string[] | undefined;
}

/** The tiles that one of several chips holds. */
export interface HeldByChip {
  /** Its name and number. */
  readonly text: string;
  readonly firstTile: number;
  readonly tiles: number;
}

/** Puts together what the report of a run shows. Turns and sweeps are folded one by one, and held no longer. */
export async function storyOf(store: RunReader, run: RunId, beside: Beside = {}): Promise<RunStory> {
  const plan = await store.plan(run);
  const notes = await store.notes(run);
  const { memories, convergence, link } = await foldTurns(store, run, plan);
  const { overview, outcome, startedAt, yieldPercent, errors } = await judgeRun(store, run, memories);
  // Of several chips as one, the store has no runs that it corrects.
  const chain = beside.chips === undefined ? await chainResultOf(store, run) : undefined;
  const chips = beside.chips ?? [{ text: undefined, firstTile: 0, tiles: Number.POSITIVE_INFINITY }];
  const shown = chips.map((chip) => shownTile(plan, memories, chip));
  const seen = await foldSweeps(store, run, plan, memories, shown);
  const { geometry } = await store.identity(run);
  const model = modelOf(plan.model);
  const [map, ...otherMaps] = shown
    .map((place, k) => {
      const found = mapOf(plan, memories, place, seen.firstOfTile.get(place), model, geometry);
      const { text, firstTile } = chips[k]!;
      return text === undefined || found === undefined
        ? found
        : { ...found, chip: text, tile: found.tile - firstTile };
    })
    .filter((one) => one !== undefined);
  return {
    title: plan.title,
    chipText: `${plan.chipName} number ${plan.chipSerialNumber}`,
    softwareVersion: version,
    corrects: plan.corrects,
    chain: chain && chainSentence(chain),
    imported: plan.imported,
    outcome,
    startedAt,
    yieldPercent,
    contender: {
      name: plan.imported === undefined ? plan.method : "other tester",
      explanation: "",
      run,
      devices: overview.devices,
      pulses: overview.pulses,
      verdicts: Object.fromEntries(
        Object.entries(overview.verdicts).filter(([verdict, count]) => count > 0 && verdict !== "left alone"),
      ),
      devicesByPulses: overview.devicesByPulses,
      points: errors.map(({ timeSeconds, rmsPercent }) => ({
        timeSeconds,
        rmsPercent,
        productPercent: Number.NaN,
        score: Number.NaN,
      })),
      relativeErrors: new Float32Array(0),
    },
    map,
    otherMaps: beside.chips && otherMaps,
    chips: beside.chipTexts,
    errors: seen.errors,
    convergence: { kind: convergence.kind, points: convergence.points() },
    drift: seen.drift,
    exponents: seen.exponents,
    law: lawOf(plan.model, beside.model),
    accuracy: beside.network && (await runAccuracy(store, run, beside.network, memories)),
    link: link.quality(notes),
    // Chips have clocks and places of their own.
    temperature: chips.length > 1 ? [] : seen.temperature,
    forecasts: (await forecastResults(store, run, memories)).map(forecastSentence),
    notes: notes.map(({ notedAt, what, text }) => `${notedAt}  ${what}: ${text}`),
    strategy: beside.strategy,
  };
}

async function foldTurns(
  store: RunReader,
  run: RunId,
  plan: RunPlan,
): Promise<{ memories: TileMemory[]; convergence: Convergence; link: LinkFold }> {
  const memories = plan.tiles.map(({ block, targetsMicrosiemens }) =>
    emptyMemory(block, targetsMicrosiemens.length / block.rowCount),
  );
  const places = new Map(plan.tiles.map(({ block }, k) => [block.tile, k]));
  const convergence = new Convergence(plan);
  const link = new LinkFold((wallTime) => Date.parse(wallTime) / 1000);
  for await (const turn of store.turns(run)) {
    const place = places.get(turn.tile)!;
    foldTurn(memories[place]!, turn);
    convergence.add(memories[place]!, plan.tiles[place]!);
    link.add(turn);
  }
  return { memories, convergence, link };
}

/** The place of the fullest tile of a chip, of those that were worked on longest; undefined where none was. */
function shownTile(
  { tiles, imported }: RunPlan,
  memories: readonly TileMemory[],
  chip: Pick<HeldByChip, "firstTile" | "tiles">,
): number | undefined {
  // Imported devices may have been aimed at nothing that is known.
  const devices =
    imported === undefined
      ? tiles.map(({ targetsMicrosiemens }) => targetsMicrosiemens.filter((g) => !Number.isNaN(g)).length)
      : memories.map(
          ({ verdicts: ended }) => ended.filter((verdict) => verdict !== verdicts.leftAlone).length,
        );
  const settled = memories.map((memory) => !memory.verdicts.some(isOpen));
  return memories
    .map(({ turns }, place) => ({ turns, place }))
    .filter(({ turns, place }) => turns > 0 && devices[place]! > 0)
    .filter(({ place }) => {
      const { tile } = tiles[place]!.block;
      return tile >= chip.firstTile && tile < chip.firstTile + chip.tiles;
    })
    .sort(
      (a, b) =>
        Number(settled[b.place]) - Number(settled[a.place]) ||
        devices[b.place]! - devices[a.place]! ||
        a.place - b.place,
    )[0]?.place;
}

async function foldSweeps(
  store: RunReader,
  run: RunId,
  plan: RunPlan,
  memories: readonly TileMemory[],
  shown: readonly (number | undefined)[],
): Promise<
  Pick<RunStory, "errors" | "exponents" | "temperature"> & {
    /** By the place of the tile. */
    readonly firstOfTile: ReadonlyMap<number | undefined, SweepTable>;
    readonly drift: readonly DriftBand[];
  }
> {
  const spread = new ErrorSpread(plan);
  const model = modelOf(plan.model);
  const exponents = new DeviceExponents(model);
  const course = new DriftCourse(model);
  const firstOfTile = new Map<number | undefined, SweepTable>();
  const places = new Map(shown.flatMap((at) => (at === undefined ? [] : [[plan.tiles[at]!.block.tile, at]])));
  const temperature: { seconds: number; celsius: number }[] = [];
  let begun = Number.NaN;
  for await (const table of sweepTables(store, run, plan, memories)) {
    const { tile, timeSeconds, conductanceMicrosiemens, rowTimesMicroseconds, environment } = table.sweep;
    const at = rowTimesMicroseconds[0]! / microsecondsPerSecond;
    if (Number.isNaN(begun)) begun = at;
    if (environment !== undefined) temperature.push({ seconds: at - begun, celsius: environment.celsius });
    spread.add(tile, timeSeconds, conductanceMicrosiemens, tileAge(table));
    exponents.add(table);
    const place = places.get(tile);
    if (place === undefined) continue;
    if (!firstOfTile.has(place)) firstOfTile.set(place, table);
    if (place === shown[0]) course.add(table);
  }
  if (Number.isNaN(begun)) {
    // Never swept: what the devices were read at last, while they were programmed, is all that is known.
    for (const { block, lastReadMicrosiemens } of memories)
      spread.add(block.tile, Number.NaN, lastReadMicrosiemens);
  }
  const [errors, bins, drift] = [spread.points(), exponents.bins(), course.bands()];
  return { errors, exponents: bins, temperature, firstOfTile, drift };
}

function mapOf(
  { tiles, imported }: RunPlan,
  memories: readonly TileMemory[],
  shown: number | undefined,
  first: SweepTable | undefined,
  { maxConductanceMicrosiemens }: DeviceModel,
  { devicesPerCell }: { readonly devicesPerCell: number },
): ConductanceMap | undefined {
  if (shown === undefined || tiles[shown]!.targetsMicrosiemens.every(Number.isNaN)) return undefined;
  const { block, devicesPerRow, verdicts: ended, lastReadMicrosiemens } = memories[shown]!;
  const map = {
    tile: block.tile,
    layer: "",
    rowStart: block.rowStart,
    rows: block.rowCount,
    devicesPerCell,
    devicesPerRow,
    maxConductanceMicrosiemens,
    target: tiles[shown]!.targetsMicrosiemens,
    readBack: first?.sweep.conductanceMicrosiemens ?? lastReadMicrosiemens,
    inOrder: imported !== undefined,
    verdicts: ended,
  };
  return imported === undefined || devicesPerRow > 1 ? map : inSquare(map);
}

/** Devices that have a row each for the sake of their times, drawn as a square. */
function inSquare(map: ConductanceMap & { readonly verdicts: Uint8Array }): ConductanceMap {
  const side = Math.ceil(Math.sqrt(map.rows));
  const rows = Math.ceil(map.rows / side);
  const padded = (values: Float32Array): Float32Array => {
    const all = new Float32Array(rows * side).fill(Number.NaN);
    all.set(values);
    return all;
  };
  const ended = new Uint8Array(rows * side).fill(verdicts.leftAlone);
  ended.set(map.verdicts);
  return {
    ...map,
    rows,
    devicesPerRow: side,
    target: padded(map.target),
    readBack: padded(map.readBack),
    verdicts: ended,
  };
}

/** The law of the given model or else of the run's, and what was believed before it. */
function lawOf(ofRun: ModelDefinition, given: ModelDefinition | undefined): DriftLaw | undefined {
  const definition = asPowerLaw(given ?? ofRun);
  if (definition === undefined) return undefined;
  const { fit } = definition;
  const older = fit === undefined ? given && ofRun : (builtInDefinition(fit.modelBefore) ?? ofRun);
  const named = fit === undefined || older?.name === fit.modelBefore;
  const before =
    older === undefined || !named || older.name === definition.name ? undefined : asPowerLaw(older);
  return {
    law: powerLawOf(definition),
    onsetSeconds: modelOf(definition).onsetSeconds,
    fitted: fit !== undefined,
    before: before && powerLawOf(before),
  };
}
