import { findPreset } from "../emulator/presets.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { largestWanted } from "../src/program/cells.ts";
import { normalOf, Random } from "../src/random.ts";
import { type DigitalFactors, outputErrors, recalibrated } from "../src/results/recalibration.ts";
import {
  outputsOfProducts,
  outputsOfReads,
  type ReferenceVectors,
  referenceVectors,
} from "../src/results/referenceOutputs.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { gaussianTile } from "./gaussianTile.ts";
import { programChip, type ProgrammedChip, readTile } from "./programmed.ts";

/**
 * What digital factors a tile and a column leave of the weight error at a year, on emulated pcm-64 by `residual`, RMS over seeds:
 * node dist/bench/calibrate.js [--seeds N]
 */
const seedsAt = process.argv.indexOf("--seeds");
const seeds = seedsAt < 0 ? 3 : Number(process.argv[seedsAt + 1]);

const day = 86_400;
const counts = [16, 32, 64, 128];
/** Spread of what columns multiply their outputs by, where their amplifiers differ. */
const amplifierSpread = 0.03;

const lines = new Map<string, Map<string, { noiseFree: number[]; oneRead: number[] }>>();
for (let seed = 1; seed <= seeds; seed++) {
  for (const scale of ["layer", "column"] as const) {
    const tile = gaussianTile(pcm90nm, seed, "auto", scale);
    const preset = findPreset("pcm-64", {})!;
    const chip = await programChip({ preset, seed, method: "residual", model: pcm90nm, tiles: [tile] });
    const random = new Random(seed).fork("amplifiers");
    const gains = Float64Array.from(
      { length: 64 },
      (_, c) => 1 + amplifierSpread * normalOf(random.at(c, 0).word0),
    );
    const seen = lookAt(chip, tile);
    measure(`one scale a ${scale}`, seen, tile, new Float64Array(64).fill(1));
    measure(`one scale a ${scale}, amplifiers that differ by 3 %`, seen, tile, gains);
  }
}
for (const [name, ways] of lines) {
  console.log(`${name}: RMS weight error at 360 days, % of the largest weight, noise-free (one read)`);
  for (const [way, { noiseFree, oneRead }] of ways)
    console.log(`  ${way.padEnd(44)}${rms(noiseFree).toFixed(3)} (${rms(oneRead).toFixed(3)})`);
}

interface Products {
  readonly vectors: ReferenceVectors;
  readonly products: readonly Float32Array[];
}

interface Seen {
  readonly atDay: Products;
  readonly atYear: readonly (readonly [number, Products])[];
  /** µS, one a device. */
  readonly truth: Float32Array;
  readonly oneRead: Float32Array;
  readonly sixteenReads: Float32Array;
}

/** All looks at a chip, one after the other: its time goes forwards only. */
function lookAt(chip: ProgrammedChip, tile: TileTargets): Seen {
  const atDay = productsAt(chip, tile, chip.endedAt + day * 1e6, 32);
  const year = chip.endedAt + 360 * day * 1e6;
  const atYear = counts.map((count, k) => [count, productsAt(chip, tile, year + 1e6 * k, count)] as const);
  return {
    atDay,
    atYear,
    truth: chip.firmware.chip.truthOfTile(0, year),
    oneRead: readTile(chip.firmware, 0, year + 10e6, 1),
    sixteenReads: readTile(chip.firmware, 0, year + 20e6, 16),
  };
}

function productsAt(chip: ProgrammedChip, tile: TileTargets, at: number, count: number): Products {
  const { multiply } = findPreset("pcm-64", {})!.readout;
  const step = multiply!.fullScaleMicrosiemens / (Math.exp((multiply!.outputBits - 1) * Math.LN2) - 1);
  const vectors = referenceVectors(64, tile.block, count)!;
  const products = vectors.inputs.map((input, m) =>
    Float32Array.from(chip.firmware.chip.multiply(0, input, at + 1000 * m), (code) => code * step),
  );
  return { vectors, products };
}

function measure(name: string, seen: Seen, tile: TileTargets, gains: Float64Array): void {
  const cells = tile.cells!;
  const truth = through(seen.truth, gains);
  const read = through(seen.oneRead, gains);
  const add = (way: string, factors: DigitalFactors | { compensation: number }): void => {
    const ways = lines.get(name) ?? new Map<string, { noiseFree: number[]; oneRead: number[] }>();
    lines.set(name, ways);
    const found = ways.get(way) ?? { noiseFree: [], oneRead: [] };
    ways.set(way, found);
    const percent = (conductance: Float32Array): number => {
      const { weightSquares, outputs } = outputErrors(
        outputsOfReads(cells, tile.block, conductance),
        factors,
      );
      return (100 * Math.sqrt(weightSquares / outputs)) / largestWanted(cells);
    };
    found.noiseFree.push(percent(truth));
    found.oneRead.push(percent(read));
  };
  const factorsOf = ({ vectors, products }: Products): DigitalFactors =>
    recalibrated(
      outputsOfProducts(
        cells,
        tile.block,
        vectors,
        products.map((lines) => lines.map((g, line) => g * gains[line >> 2]!)),
      ),
    );
  add("α = 1", { compensation: 1 });
  add("α a column, a day old (32 products)", factorsOf(seen.atDay));
  for (const [count, products] of seen.atYear) {
    const found = factorsOf(products);
    add(`α a tile, ${count} products`, { compensation: found.compensation });
    add(`α a column, ${count} products`, found);
  }
  const sixteen = recalibrated(outputsOfReads(cells, tile.block, through(seen.sixteenReads, gains)));
  add("α a column, 16 reads of every device", sixteen);
}

/** What amplifiers make of conductances: four devices a column. */
function through(conductance: Float32Array, gains: Float64Array): Float32Array {
  return conductance.map((g, i) => g * gains[(i >> 2) % 64]!);
}

function rms(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
