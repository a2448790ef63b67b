import { programChip } from "../../bench/programmed.ts";
import { findPreset } from "../../emulator/presets.ts";
import { builtInDefinition, modelOf } from "../../src/model/modelOf.ts";
import { normalOf, Random } from "../../src/random.ts";
import { cellErrors } from "../../src/results/cellErrors.ts";
import type { TileTargets } from "../../src/run/plan.ts";

const [rows, columns] = [16, 32];

/** Gaussian weights, each in one device of every pair; a cell of two pairs holds what its major pair cannot in the minor one. */
function weightsOf(pairs: 1 | 2, least: number, most: number): TileTargets {
  const random = new Random(5).fork("weights");
  const devicesPerCell = 2 * pairs;
  const targetsMicrosiemens = new Float32Array(rows * columns * devicesPerCell).fill(least);
  const wantedMicrosiemens = Float32Array.from({ length: rows * columns }, (_, cell) => {
    const w = Math.max(-0.9, Math.min(0.9, 0.3 * normalOf(random.at(cell, 0).word0))) * (most - least);
    targetsMicrosiemens[cell * devicesPerCell + (w > 0 ? 0 : 1)] = least + Math.abs(w);
    return pairs * w;
  });
  const factors = pairs === 1 ? [1, -1] : [2, -2, 1, -1];
  return {
    block: { tile: 0, rowStart: 0, rowCount: rows },
    targetsMicrosiemens,
    cells: { devicesPerCell, factors, wantedMicrosiemens },
  };
}

/** Noise-free RMS error of 512 weights a second after the run, µS. @param stuck  share of the devices that conduct much, and nothing. */
export async function weightErrorOf(
  chip: string,
  method: string,
  pairs: 1 | 2,
  stuck: number,
): Promise<number> {
  const usual = findPreset(chip, { births: "sound" })!;
  const preset = {
    ...usual,
    geometry: { ...usual.geometry, rows, columns, devicesPerCell: 2 * pairs },
    defects: { ...usual.defects, stuckHigh: stuck / 2, open: stuck / 2 },
  };
  const definition = builtInDefinition(chip === "rram-128" ? "reram-wan-2022" : "ecram-li")!;
  const model = modelOf(definition);
  const tile = weightsOf(
    pairs,
    chip === "rram-128" ? 0 : model.minConductanceMicrosiemens,
    model.maxConductanceMicrosiemens,
  );
  const { firmware, endedAt } = await programChip({
    preset,
    seed: 3,
    method,
    model,
    definition,
    tiles: [tile],
  });
  return cellErrors(tile.cells!, firmware.chip.truthOfTile(0, endedAt + 1e6)).rmsMicrosiemens;
}
