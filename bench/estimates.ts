import { chipNames, findPreset } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { builtInMethods } from "../src/program/methods.ts";
import { normalOf, Random } from "../src/random.ts";
import { estimateRun } from "../src/run/estimate.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { programChip } from "./programmed.ts";

/**
 * What a dry run reckons, beside the chip's time that programming takes: each method on rows of several lengths, of a usual board
 * and of slow ones: node dist/bench/estimates.js [METHOD]
 */
const sizes = [
  { devices: 40, rows: 8, deviceMilliseconds: undefined },
  { devices: 40, rows: 8, deviceMilliseconds: 10 },
  { devices: 256, rows: 8, deviceMilliseconds: undefined },
  { devices: 256, rows: 8, deviceMilliseconds: 1 },
];
const only = process.argv[2];

const chips = await Promise.all(
  chipNames.map(async (name) => ({ name, described: await readChipDescription(`chips/${name}.json`) })),
);

for (const method of builtInMethods) {
  if (only !== undefined && method.name !== only) continue;
  const { name, described } = chips.find(({ described: { pulses } }) =>
    method.technologies.includes(pulses.technology.name),
  )!;
  const definition = builtInDefinition(described.pulses.technology.usualModel)!;
  for (const { devices, rows, deviceMilliseconds } of sizes) {
    const usual = findPreset(name, { deviceMilliseconds })!;
    const { devicesPerCell } = usual.geometry;
    const geometry = { ...usual.geometry, rows, columns: devices / devicesPerCell };
    const row = 1000 * (deviceMilliseconds ?? 0) * devicesPerRow(geometry);
    const slow = { readRowMicroseconds: row, pulseRowMicroseconds: row };
    const isSlow = deviceMilliseconds !== undefined;
    const preset = { ...usual, geometry, readout: { ...usual.readout, ...(isSlow && slow) } };
    const timing = isSlow ? slow : described.timing;
    const { minConductanceMicrosiemens: least } = modelOf(definition);
    const tiles = [
      tileOf(rows, geometry.columns, devicesPerCell, least, described.maxConductanceMicrosiemens),
    ];
    const description = { ...described, geometry, timing };
    const { seconds } = estimateRun(description, tiles, method, 200, { model: definition });
    const { chipSeconds } = await programChip({
      preset,
      seed: 7,
      method: method.name,
      model: modelOf(definition),
      definition,
      tiles,
      timing,
    });
    const board = isSlow ? `${deviceMilliseconds} ms a device` : "usual";
    console.log(
      `${method.name} on ${name}, ${rows} rows of ${devices}, ${board}: ${seconds.toFixed(1)} s reckoned, ` +
        `${chipSeconds.toFixed(1)} s taken, ${(seconds / chipSeconds).toFixed(2)}`,
    );
  }
}

/** Weights from a normal distribution, on the significant pair of each cell. */
function tileOf(
  rows: number,
  columns: number,
  devicesPerCell: number,
  least: number,
  most: number,
): TileTargets {
  const random = new Random(3).fork("weights");
  const targetsMicrosiemens = new Float32Array(rows * columns * devicesPerCell).fill(least);
  const factors = devicesPerCell === 4 ? [2, -2, 1, -1] : [1, -1];
  const wantedMicrosiemens = Float32Array.from({ length: rows * columns }, (_, cell) => {
    const weight = 0.33 * most * normalOf(random.at(cell, 0).word0);
    const held = Math.min(0.95 * most, Math.max(least, Math.abs(weight)));
    targetsMicrosiemens[devicesPerCell * cell + (weight > 0 ? 0 : 1)] = held;
    return (weight > 0 ? 1 : -1) * factors[0]! * held;
  });
  return {
    block: { tile: 0, rowStart: 0, rowCount: rows },
    targetsMicrosiemens,
    cells: { devicesPerCell, factors, wantedMicrosiemens },
  };
}
