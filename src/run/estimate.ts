import { amplitudeFor } from "../chip/amplitudeCurve.ts";
import type { ChipDescription, ChipDocument } from "../chip/description.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import {
  averagesInParts,
  lineMicroseconds,
  multiplyMicroseconds,
  pulseMicroseconds,
  readMicroseconds,
  verifyMicroseconds,
} from "../chip/timing.ts";
import type { ModelDefinition } from "../model/definition.ts";
import { modelOf } from "../model/modelOf.ts";
import type { MethodCost, ProgrammingMethod, RowCount, TileLook } from "../program/method.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import type { RunPlan, TileTargets } from "./plan.ts";
import { mostAtWork } from "./schedule.ts";

/** What a run is going to take, before a chip is touched. */
export interface Estimate {
  readonly devices: number;
  readonly tiles: number;
  /** Expected, over all devices. */
  readonly pulses: number;
  readonly pulsesPerDevice: number;
  /** No device gets more. */
  readonly mostPulsesPerDevice: number;
  /** Line, array, devices that settle and sweeps together, by the chip's time. */
  readonly seconds: Seconds;
  /** What the board is asked for at once, at the longest: a stop or standby waits for it. */
  readonly longestRequest: LongestRequest;
}

export interface LongestRequest {
  /** `read of a row`. */
  readonly what: string;
  readonly seconds: Seconds;
}

/** What a whole run is expected to take. */
export interface ExpectedWork {
  readonly pulses: number;
  readonly tiles: number;
  /** Until the last device of a tile is done. */
  readonly turnsPerTile: number;
}

export interface EstimateOptions {
  /** What is believed of the devices: until when they settle. 20 s where not given. */
  readonly model?: ModelDefinition | undefined;
  readonly sweepTimesSeconds?: readonly Seconds[];
  readonly sweepAverages?: number;
  /** Bytes on the line for a row of so many devices; those of the packet dialect where not given. */
  readonly rowBytes?: RowBytes | undefined;
}

/** Request and reply together. */
export interface RowBytes {
  read(devices: number): number;
  pulse(devices: number): number;
}

const packetRowBytes: RowBytes = { read: (n) => 2 * n + 50, pulse: (n) => 2 * n + 70 };

/** Beneath this a device is RESET as far as it goes, µS. */
const nothing = 0.3;
const usualReferenceAge: Seconds = 20;

/**
 * What a run is going to take; undefined for a method that is not known.
 *
 * @param document  the chip's description: methods of one name serve different technologies.
 */
export function expectedWork(
  { tiles, method }: Pick<RunPlan, "tiles" | "method">,
  document: ChipDocument | undefined,
  methods: readonly ProgrammingMethod[],
): ExpectedWork | undefined {
  const { technology } = JSON.parse(document?.text ?? "{}") as { readonly technology?: string };
  const named = methods.filter(({ name }) => name === method);
  const found = named.find(({ technologies }) => technologies.includes(technology ?? "")) ?? named[0];
  if (found === undefined) return undefined;
  const [first] = tiles;
  const devices = first === undefined ? 1 : first.targetsMicrosiemens.length / first.block.rowCount;
  const { turns, looks = [] } = found.cost;
  return {
    pulses: expectedOf(tiles, found.cost).expected,
    tiles: tiles.length,
    turnsPerTile: looks.reduce((sum, look) => sum + look.times * roundsOf(look, devices), turns),
  };
}

function expectedOf(
  tiles: readonly TileTargets[],
  { pulses, idlePulses }: MethodCost,
): { readonly devices: number; readonly expected: number } {
  let devices = 0;
  let expected = 0;
  for (const { targetsMicrosiemens } of tiles) {
    for (const target of targetsMicrosiemens) {
      if (Number.isNaN(target)) continue;
      devices++;
      expected += target < nothing ? idlePulses : pulses;
    }
  }
  return { devices, expected };
}

/** Reckons with the figures that deadlines are reckoned with, and with what the method was measured to take. */
export function estimateRun(
  description: ChipDescription,
  tiles: readonly TileTargets[],
  { cost }: ProgrammingMethod,
  pulsesPerDevice: number,
  options: EstimateOptions = {},
): Estimate {
  const { most } = cost;
  const { devices, expected } = expectedOf(tiles, cost);
  return {
    devices,
    tiles: tiles.length,
    pulses: Math.round(expected),
    pulsesPerDevice: devices === 0 ? 0 : expected / devices,
    mostPulsesPerDevice: Math.min(most, pulsesPerDevice),
    seconds: secondsOf(description, tiles, cost, options),
    longestRequest: longestRequest(description, cost, options),
  };
}

function secondsOf(
  description: ChipDescription,
  tiles: readonly TileTargets[],
  cost: MethodCost,
  options: EstimateOptions,
): Seconds {
  const { model, sweepTimesSeconds = [], sweepAverages = 16, rowBytes } = options;
  const reference = model === undefined ? usualReferenceAge : modelOf(model).referenceAgeSeconds;
  const board = boardOf(description, rowBytes);
  const busy = tiles.map((tile) => busySeconds(description, tile, cost, board));
  const devices = devicesPerRow(description.geometry);
  let waited = 0;
  for (const look of cost.looks ?? []) {
    // A slow board is still at one look when the next is due.
    const between = Math.max(0, (look.secondsBetween ?? 0) - lookSeconds(description, tiles[0], look, board));
    waited += roundsOf(look, devices) * ((look.settles ? reference : 0) + (look.times - 1) * between);
  }
  // While the devices of one tile settle the next ones are programmed.
  let programming = 0;
  for (let first = 0; first < busy.length; first += mostAtWork) {
    const together = busy.slice(first, first + mostAtWork);
    const work = together.reduce((sum, seconds) => sum + seconds, 0);
    programming += Math.max(work, Math.max(...together) + waited);
  }
  const rows = tiles.reduce((sum, { block }) => sum + block.rowCount, 0);
  const sweep = rows * board.read(sweepAverages);
  if (sweepTimesSeconds.length === 0) return programming;
  const all = programming + sweepTimesSeconds.length * sweep;
  const lastSweep = Math.max(...sweepTimesSeconds);
  // The last pulse was before the last look.
  const sinceLastPulse = waited === 0 ? 0 : reference;
  return Math.max(all, programming - sinceLastPulse + lastSweep + sweep / Math.max(1, tiles.length));
}

/** What finding digital factors takes, s: products of each tile, or averaged reads of its devices. */
export function calibrationSeconds(
  description: ChipDescription,
  tiles: readonly Pick<TileTargets, "block">[],
  by: { readonly products: number } | { readonly averages: number },
  rowBytes?: RowBytes,
): Seconds {
  const board = boardOf(description, rowBytes);
  return tiles.reduce(
    (sum, { block }) =>
      sum +
      ("products" in by
        ? by.products * board.product(description.geometry.rows)
        : block.rowCount * board.read(by.averages)),
    0,
  );
}

/** What line and board take for a row, s. */
interface BoardSeconds {
  read(averages: number): Seconds;
  pulse(): Seconds;
  product(inputs: number): Seconds;
  verify(iterations: number): Seconds;
}

function boardOf(description: ChipDescription, rowBytes = packetRowBytes): BoardSeconds {
  const devices = devicesPerRow(description.geometry);
  const [read, pulse] = [rowBytes.read(devices), rowBytes.pulse(devices)];
  const seconds = (board: Microseconds, bytes: number): Seconds =>
    (board + lineMicroseconds(description, bytes)) / microsecondsPerSecond;
  const usualPulse = { widthNanoseconds: description.limits.minWidthNanoseconds };
  return {
    read: (averages) =>
      averagesInParts(description, averages).reduce(
        (sum, part) => sum + seconds(readMicroseconds(description, part), read),
        0,
      ),
    pulse: () => seconds(pulseMicroseconds(description, usualPulse), pulse),
    product: (inputs) => seconds(multiplyMicroseconds(description), read + inputs),
    verify: (iterations) => seconds(verifyMicroseconds(description, iterations), pulse + devices),
  };
}

/** What a tile keeps the line and the board busy for. */
function busySeconds(
  description: ChipDescription,
  { block, targetsMicrosiemens }: TileTargets,
  cost: MethodCost,
  board: BoardSeconds,
): Seconds {
  const devices = devicesPerRow(description.geometry);
  const { turns, rowPulses, rowReads = rowPulses, averages = 4, boardIterations, looks = [] } = cost;
  const pulses = countOf(rowPulses, devices, turns) + partsBeyond(description, targetsMicrosiemens);
  const reads = countOf(rowReads, devices, turns);
  const row =
    (boardIterations === undefined ? pulses * board.pulse() : 0) +
    (averages === 0 ? 0 : reads * board.read(averages)) +
    (boardIterations === undefined ? 0 : board.verify(countOf(boardIterations, devices, turns)));
  let seconds = block.rowCount * row;
  for (const look of looks) {
    const one = lookSeconds(description, { block, targetsMicrosiemens }, look, board);
    seconds += roundsOf(look, devices) * look.times * one;
  }
  return seconds;
}

function roundsOf({ rounds = 1 }: TileLook, devices: number): number {
  if (typeof rounds === "number") return rounds;
  return Math.min(rounds.most, countOf(rounds, devices, 1));
}

/** One look at a tile. */
function lookSeconds(
  { geometry }: ChipDescription,
  tile: TileTargets | undefined,
  { averages, share = 1 }: TileLook,
  board: BoardSeconds,
): Seconds {
  const rows = tile?.block.rowCount ?? 0;
  return averages === "products"
    ? productsOf(rows) * board.product(geometry.rows)
    : share * rows * board.read(averages);
}

/** Two for each row of a Hadamard matrix that has a row for every row of the block. */
function productsOf(rows: number): number {
  let order = 1;
  while (order < rows) order *= 2;
  return 2 * order;
}

/** The last of many devices takes longer than the last of few: by the logarithm of how many they are. */
function countOf(count: RowCount | undefined, devices: number, turns: number): number {
  return count === undefined ? turns : Math.max(1, count.first + count.perLog * Math.log(devices));
}

/** In the first turn all devices of a row are pulsed, and a row that would draw too much is pulsed in parts: how many more. */
function partsBeyond({ pulses, limits, geometry }: ChipDescription, targets: Float32Array): number {
  const { maxRowMilliamperes: most } = limits;
  const response = pulses.technology.response?.of(pulses);
  if (most === undefined || response === undefined) return 0;
  let milliamperes = 0;
  for (const target of targets) {
    if (!Number.isNaN(target)) milliamperes += amplitudeFor(response.nominalCurve, target) / 1000;
  }
  const perRow = (milliamperes * devicesPerRow(geometry)) / Math.max(1, targets.length);
  return Math.max(0, Math.ceil(perRow / most) - 1);
}

function longestRequest(
  description: ChipDescription,
  cost: MethodCost,
  { sweepAverages = 16, rowBytes = packetRowBytes }: EstimateOptions,
): LongestRequest {
  const board = boardOf(description, rowBytes);
  const { averages = 4, looks = [], boardIterations } = cost;
  const most = looks.reduce(
    (max, look) => Math.max(max, look.averages === "products" ? 1 : look.averages),
    Math.max(1, averages, sweepAverages),
  );
  const [part = 1] = averagesInParts(description, most);
  const requests: LongestRequest[] = [
    { what: "read of a row", seconds: board.read(part) },
    { what: "pulse of a row", seconds: board.pulse() },
  ];
  if (boardIterations !== undefined) {
    requests.push({ what: "row of the board's own loop", seconds: board.verify(cost.mostIterations ?? 1) });
  }
  if (looks.some((look) => look.averages === "products")) {
    requests.push({ what: "product of a tile", seconds: board.product(description.geometry.rows) });
  }
  return requests.reduce((longest, request) => (request.seconds > longest.seconds ? request : longest));
}
