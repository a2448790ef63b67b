import type { ChipDescription } from "../chip/description.ts";
import { type Block, type ChipGeometry, devicesOfBlock, devicesPerRow } from "../chip/geometry.ts";
import { MhoError } from "../errors.ts";
import type { CellTask, ProgrammingMethod } from "../program/method.ts";
import type { RunPlan, TileTargets } from "./plan.ts";

/**
 * Refuses targets that a chip cannot hold. Every plan passes here, whatever it was made from: before a chip is opened, and again
 * in the engine.
 *
 * @param chip    of its description, or of one with another number of tiles.
 * @param method  what the plan is carried out with: some take targets beyond the chip's range.
 * @throws `bad-argument` naming the plan's title and the first tile, row and device that is wrong.
 */
export function checkPlan(
  { title, tiles }: Pick<RunPlan, "title" | "tiles">,
  chip: ChipDescription,
  method: Pick<ProgrammingMethod, "name" | "highestTarget">,
): void {
  const most = method.highestTarget?.(chip) ?? chip.maxConductanceMicrosiemens;
  const taken = new Set<number>();
  for (const target of tiles) {
    const { tile } = target.block;
    const fault =
      faultOfBlock(target.block, chip) ??
      (taken.has(tile) ? named(`tile ${tile} stands in it twice`, oneBlockATile, { tile }) : undefined) ??
      faultOfLengths(target, chip.geometry) ??
      (target.cells && faultOfCells(target.cells, target.block, chip)) ??
      faultOfValues(target, chip, most);
    if (fault !== undefined) throw refusal(title, chip, fault);
    taken.add(tile);
  }
  const some = tiles.some(({ targetsMicrosiemens }) => targetsMicrosiemens.some((g) => !Number.isNaN(g)));
  if (!some)
    throw refusal(
      title,
      chip,
      named("it has a target for no device, so there is nothing to program", giveOne),
    );
}

interface Fault {
  readonly what: string;
  readonly advice: string;
  readonly facts: Record<string, number>;
}

function named(what: string, advice: string, facts: Record<string, number> = {}): Fault {
  return { what, advice, facts };
}

function refusal(title: string, { name }: ChipDescription, { what, advice, facts }: Fault): MhoError {
  return new MhoError("bad-argument", `Cannot program ${title} into ${name}: ${what}. ${advice}`, {
    title,
    ...facts,
  });
}

const giveOne = "Give a number for each device that is to be programmed.";
const oneBlockATile = "Give one block of rows for each tile.";

function faultOfBlock({ tile, rowStart, rowCount }: Block, { geometry, name }: ChipDescription) {
  const whole = [tile, rowStart, rowCount].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (whole && rowCount > 0 && tile < geometry.tiles && rowStart + rowCount <= geometry.rows)
    return undefined;
  return named(
    `it asks for tile ${tile}, rows ${rowStart} to ${rowStart + rowCount - 1}, and ${name} has tiles 0 to ` +
      `${geometry.tiles - 1} of ${geometry.rows} rows`,
    "Use another block of rows, or a larger chip.",
    { tile, rowStart, rowCount },
  );
}

function faultOfLengths({ block, targetsMicrosiemens }: TileTargets, geometry: ChipGeometry) {
  const [given, devices] = [targetsMicrosiemens.length, devicesOfBlock(geometry, block)];
  if (given === devices) return undefined;
  return named(
    `tile ${block.tile} has ${given} values, and its ${block.rowCount} rows have ${devices} devices`,
    `Give ${devicesPerRow(geometry)} values a row, one for each device.`,
    { tile: block.tile, values: given, devices },
  );
}

/** Weights have to be laid for cells like those of the chip. */
function faultOfCells(
  { devicesPerCell, factors, wantedMicrosiemens, outputScales }: CellTask,
  { tile, rowCount }: Block,
  { geometry, outputsScaledBy, name }: ChipDescription,
) {
  const cells = rowCount * geometry.columns;
  if (devicesPerCell !== geometry.devicesPerCell || factors.length !== devicesPerCell) {
    return named(
      `tile ${tile} holds each weight in cells of ${devicesPerCell} devices with ${factors.length} factors, and a cell of this ` +
        `chip has ${geometry.devicesPerCell}`,
      "Optimise it for a chip with such cells, with another --layout.",
      { tile, devicesPerCell },
    );
  }
  if (wantedMicrosiemens.length !== cells) {
    return named(
      `tile ${tile} has ${wantedMicrosiemens.length} weights, and its ${rowCount} rows have ${cells} cells`,
      "Give one weight a cell, NaN for cells without one.",
      { tile, weights: wantedMicrosiemens.length, cells },
    );
  }
  if (outputScales !== undefined && outputsScaledBy === "tile") {
    return named(
      `tile ${tile} has a scale for each column, and ${name} scales its outputs by the tile (outputs_scaled_by)`,
      "Optimise it with one scale for the layer: mho optimize --scale full.",
      { tile },
    );
  }
  if (
    outputScales !== undefined &&
    (outputScales.length !== geometry.columns || !outputScales.every((s) => s > 0 && s <= 1))
  ) {
    return named(
      `tile ${tile} has scales for ${outputScales.length} columns of outputs, and the chip ${geometry.columns} columns`,
      "Give one scale a column, above 0 and at most 1, or leave them away.",
      { tile, scales: outputScales.length, columns: geometry.columns },
    );
  }
  const endless = wantedMicrosiemens.findIndex((w) => Math.abs(w) === Infinity);
  if (endless < 0 && factors.every((factor) => Number.isFinite(factor))) return undefined;
  return named(
    endless < 0
      ? `the factors of the devices of a cell of tile ${tile} are ${factors.join(", ")}`
      : `tile ${tile}, row ${rowOf(endless, geometry.columns)}, cell ${endless % geometry.columns} is to hold a weight of ` +
          `${wantedMicrosiemens[endless]} µS`,
    "Optimise it again.",
    { tile },
  );
}

function faultOfValues(
  { block, targetsMicrosiemens, cells }: TileTargets,
  chip: ChipDescription,
  most: number,
) {
  // Targets are 32-bit floats, and the range is not.
  const highest = Math.fround(most);
  const wrong = targetsMicrosiemens.findIndex((g) => g < 0 || g > highest);
  if (wrong < 0) return undefined;
  const { tile, rowStart } = block;
  const perRow = devicesPerRow(chip.geometry);
  const row = rowStart + rowOf(wrong, perRow);
  const device = wrong % perRow;
  const microsiemens = Number(targetsMicrosiemens[wrong]!.toPrecision(7));
  return named(
    `tile ${tile}, row ${row}, device ${device} is to hold ${microsiemens} µS, and this chip holds 0 … ${most} µS`,
    cells === undefined
      ? "Conductances are in µS: correct them, export them for this range, or use another chip."
      : "Optimise it with a model of this chip (mho optimize --model), or use another chip.",
    { tile, row, device, microsiemens, most },
  );
}

function rowOf(place: number, perRow: number): number {
  return Math.floor(place / perRow);
}
