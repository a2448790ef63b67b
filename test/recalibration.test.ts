import { describe, expect, it } from "vitest";
import { published } from "../bench/loop.ts";
import { bestAction, expectedByAction } from "../calibration/advice.ts";
import type { DeviceBeliefs } from "../calibration/deviceBelief.ts";
import { type DriftLaws, PowerLawForesight } from "../calibration/powerLawForesight.ts";
import { planTrim } from "../calibration/trimPlan.ts";
import type { TrimTask } from "../calibration/trimTask.ts";
import { modelOf } from "../src/model/modelOf.ts";
import type { CellTask } from "../src/program/method.ts";
import { normalOf, Random } from "../src/random.ts";
import { judge, recalibrated, tileFactors } from "../src/results/recalibration.ts";
import {
  outputsOfProducts,
  outputsOfReads,
  type ReferenceVectors,
  referenceVectors,
} from "../src/results/referenceOutputs.ts";
import type { Calibration } from "../src/run/calibration.ts";

const random = new Random(11);
const [rows, columns] = [64, 24];
const block = { tile: 0, rowStart: 0, rowCount: rows };
const normal = (of: number, k: number): number => normalOf(random.at(k, of).word0);

interface Held {
  /** What the outputs of a column are multiplied by, and what is added to them, µS. */
  readonly gains?: readonly number[];
  readonly offsets?: readonly number[];
  /** σ of what each weight is off by, and of each product, µS. */
  readonly weightStd?: number;
  readonly productStd?: number;
}

/** Pairs of devices that hold Gaussian weights up to what is said of them. */
function tileOf({ gains, weightStd = 0 }: Held): { cells: CellTask; conductance: Float32Array } {
  const wanted = Float32Array.from({ length: rows * columns }, (_, i) => 6 * normal(0, i));
  const conductance = new Float32Array(2 * wanted.length);
  wanted.forEach((w, i) => {
    const held = (gains?.[i % columns] ?? 1) * (w + weightStd * normal(1, i));
    conductance[2 * i + (held > 0 ? 0 : 1)] = Math.abs(held);
  });
  return { cells: { devicesPerCell: 2, factors: [1, -1], wantedMicrosiemens: wanted }, conductance };
}

/** What a tile with converters that are off gives for known inputs. */
function productsOf(conductance: Float32Array, { inputs }: ReferenceVectors, held: Held): Float32Array[] {
  return inputs.map((input, m) =>
    Float32Array.from({ length: 2 * columns }, (_, line) => {
      let sum = (line % 2 === 0 ? 1 : 0) * (held.offsets?.[line >> 1] ?? 0);
      for (let row = 0; row < rows; row++)
        sum += (input[row]! / 127) * conductance[row * 2 * columns + line]!;
      return sum + (held.productStd ?? 0) * normal(2 + m, line);
    }),
  );
}

function measured(held: Held, most = 32) {
  const { cells, conductance } = tileOf(held);
  const vectors = referenceVectors(rows, block, most)!;
  return outputsOfProducts(cells, block, vectors, productsOf(conductance, vectors, held));
}

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe("digital factors from reference products", () => {
  const gains = Array.from({ length: columns }, (_, c) => 0.5 + (0.5 * c) / (columns - 1));
  const offsets = Array.from({ length: columns }, (_, c) => 4 * Math.sin(3 * c) + 2);

  it("recover the gain and the offset that each column was given, from half of the vectors", () => {
    const found = recalibrated(measured({ gains, offsets, weightStd: 0.5, productStd: 0.3 }));
    found.compensations.forEach((alpha, c) => expect(alpha * gains[c]!).toBeCloseTo(1, 1));
    expect(rms(found.compensations.map((alpha, c) => alpha * gains[c]! - 1))).toBeLessThan(0.03);
    expect(rms(found.offsetsMicrosiemens.map((o, c) => o + offsets[c]! / gains[c]!))).toBeLessThan(0.2);
  });

  it("judge themselves on vectors that were held out: a factor a column, and an offset, leave less of the error", () => {
    const { before, tile, column, columnWithOffset } = judge(
      measured({ gains, offsets, weightStd: 0.5, productStd: 0.3 }),
      undefined,
    );
    expect(tile.weightSquares).toBeLessThan(before.weightSquares);
    expect(column.weightSquares).toBeLessThan(0.3 * tile.weightSquares);
    expect(columnWithOffset.weightSquares).toBe(column.weightSquares);
    expect(columnWithOffset.productSquares).toBeLessThan(0.6 * column.productSquares);
  });

  it("do not learn chance: where columns differ by nothing else, they hardly differ, and are no worse for it", () => {
    const outputs = measured({ weightStd: 2, productStd: 0.3 });
    const { compensation, compensations } = recalibrated(outputs);
    const pairs = outputs.meant.length / columns;
    const alone = compensations.map((_, c) => {
      let [product, square] = [0, 0];
      for (let m = 0; m < pairs; m++) {
        const y = outputs.seen[m * columns + c]!;
        product += outputs.meant[m * columns + c]! * y;
        square += y * y;
      }
      return product / square;
    });
    expect(rms(compensations.map((alpha) => alpha - compensation))).toBeLessThan(
      0.5 * rms(alone.map((alpha) => alpha - compensation)),
    );
    const { tile, column } = judge(outputs, undefined);
    expect(column.weightSquares).toBeLessThan(1.01 * tile.weightSquares);
  });

  it("are found on rows in the middle of a tile, and leave columns without weights alone", () => {
    const { cells, conductance } = tileOf({ gains, weightStd: 0.1 });
    for (let row = 0; row < rows; row++) cells.wantedMicrosiemens[row * columns + 5] = Number.NaN;
    // One cell of a column that holds nothing: what it conducts is not known.
    cells.wantedMicrosiemens[7] = Number.NaN;
    const lower = { ...block, rowStart: 32 };
    const vectors = referenceVectors(128, lower, 64)!;
    expect(vectors.inputs.every((input) => input.length === 128 && input[31] === 0 && input[32] !== 0)).toBe(
      true,
    );
    const shifted = { ...vectors, inputs: vectors.inputs.map((input) => input.subarray(32, 96)) };
    const products = productsOf(conductance, shifted, {});
    const { compensation, compensations } = recalibrated(outputsOfProducts(cells, lower, vectors, products));
    expect([compensations[5], compensations[7]]).toEqual([compensation, compensation]);
    expect(compensations[20]! * gains[20]!).toBeCloseTo(1, 1);
  });

  it("are found from reads alone, without offsets, and from products only where some can be held out", () => {
    const { cells, conductance } = tileOf({ gains, weightStd: 0.5 });
    conductance.fill(Number.NaN, 0, 4);
    const found = recalibrated(outputsOfReads(cells, block, conductance));
    expect(rms(found.compensations.map((alpha, c) => alpha * gains[c]! - 1))).toBeLessThan(0.02);
    expect(found.offsetsMicrosiemens.every((o) => o === 0)).toBe(true);
    expect(referenceVectors(64, { ...block, rowCount: 2 }, 32)).toBeUndefined();
  });

  it("are those of the tile for a chip that scales its outputs by the tile", () => {
    const found = tileFactors(recalibrated(measured({ gains, offsets })));
    expect(found.compensations).toEqual(Array(columns).fill(found.compensation));
    expect(found.offsetsMicrosiemens).toEqual(Array(columns).fill(0));
  });

  it("are 1 for a tile that gives nothing", () => {
    const { cells } = tileOf({});
    const found = recalibrated(outputsOfReads(cells, block, new Float32Array(2 * rows * columns)));
    expect([found.compensation, ...found.compensations].every((alpha) => alpha === 1)).toBe(true);
  });
});

/** How a refit has it that devices of the published model drift. */
const asFound: DriftLaws = {
  law: { referenceAgeSeconds: 20, onsetSeconds: 1 },
  population: { laws: { exponentSpread: { value: () => 0.01 } } },
};
const timesSeconds = [1, 3600, 86_400];
const timeWeights = new Float64Array(3).fill(1 / 3);

/** A tile of pairs that stood at their weights when they were 20 s old, an hour ago, and drift by these exponents. */
async function adviceOn(
  exponentOf: (cell: number) => number,
  calibration?: Calibration,
  scaledBy: "column" | "tile" = "column",
) {
  const wanted = Float32Array.from({ length: 16 * 8 }, (_, i) => 4 + (((i * 37) % 101) / 101) * 16);
  const count = 2 * wanted.length;
  const beliefs: DeviceBeliefs = {
    logA: Float64Array.from({ length: count }, (_, i) => Math.log(i % 2 === 0 ? wanted[i >> 1]! : 0.01)),
    exponent: Float64Array.from({ length: count }, (_, i) => exponentOf(i >> 1)),
    varianceLogA: new Float64Array(count).fill(1e-6),
    covariance: new Float64Array(count),
    varianceExponent: new Float64Array(count).fill(1e-6),
    lawless: new Uint8Array(count),
  };
  const cells = { devicesPerCell: 2, factors: [1, -1], wantedMicrosiemens: wanted };
  const task: TrimTask = {
    cells,
    foresight: new PowerLawForesight(beliefs, asFound),
    model: modelOf(published),
    agesSeconds: new Float64Array(count).fill(3600),
    timesSeconds,
    timeWeights,
    reads: 1,
    movable: new Uint8Array(count).fill(1),
  };
  const targets = {
    block: { tile: 0, rowStart: 0, rowCount: 16 },
    targetsMicrosiemens: new Float32Array(count),
    cells,
  };
  const tiles = [{ targets, task, plan: planTrim(task) }];
  const expected = await expectedByAction(tiles, { calibration, scaledBy, timesSeconds, timeWeights });
  return { best: bestAction(expected, timeWeights), expected };
}

describe("advice", async () => {
  it("is to do nothing where nothing has changed", async () => {
    expect((await adviceOn(() => 0)).best).toBe("nothing");
  });

  it("is to recalibrate where all devices drifted alike, until that is done", async () => {
    expect((await adviceOn(() => 0.05)).best).toBe("recalibrate");
    const { expected } = await adviceOn(() => 0.05);
    expect(expected.recalibrate!.every((error, t) => error < expected.nothing![t]!)).toBe(true);
    // With the right factors for an hour, that hour is as if calibrated; the day is not.
    const alpha = 1 / Math.exp(-0.05 * Math.log((3600 + 1 + 1) / 21));
    const factors = { tile: 0, ageSeconds: 3600, compensation: alpha, offsetsMicrosiemens: Array(8).fill(0) };
    const calibration: Calibration = {
      by: "products",
      count: 32,
      tiles: [{ ...factors, compensations: Array<number>(8).fill(alpha) }],
    };
    const after = (await adviceOn(() => 0.05, calibration)).expected;
    expect(after.nothing![0]! / after.recalibrate![0]!).toBeLessThan(1.05);
    expect(after.nothing![2]! / after.recalibrate![2]!).toBeGreaterThan(1.5);
  });

  it("is to recalibrate where columns drift apart: a factor each takes it back", async () => {
    const { best, expected } = await adviceOn((cell) => 0.01 + 0.01 * (cell % 8));
    expect(best).toBe("recalibrate");
    const alike = (await adviceOn(() => 0.045)).expected;
    expect(expected.recalibrate![2]! / alike.recalibrate![2]!).toBeLessThan(1.3);
    // A chip with one factor a tile cannot do that.
    const tile = await adviceOn((cell) => 0.01 + 0.01 * (cell % 8), undefined, "tile");
    expect(tile.expected.recalibrate![2]!).toBeGreaterThan(1.5 * expected.recalibrate![2]!);
    expect(tile.best).not.toBe("recalibrate");
  });

  it("is to trim where the drift of some devices differs from that of their neighbours", async () => {
    const { best, expected } = await adviceOn((cell) => (cell % 9 === 0 ? 0.4 : 0.03));
    expect(best).toBe("trim");
    expect(expected.trim![2]!).toBeLessThan(0.6 * expected.recalibrate![2]!);
  });

  it("takes the cheapest of those that do nearly as well", () => {
    const errors = (...of: number[]) =>
      bestAction(
        {
          nothing: Float64Array.of(of[0]!),
          recalibrate: Float64Array.of(of[1]!),
          trim: Float64Array.of(of[2]!),
          "aim-anew": of[3] === undefined ? undefined : Float64Array.of(of[3]),
        },
        Float64Array.of(1),
      );
    expect(errors(1, 0.97, 0.96, 0.955)).toBe("nothing");
    expect(errors(1, 0.5, 0.49, 0.48)).toBe("recalibrate");
    expect(errors(1, 0.5, 0.4, 0.3)).toBe("aim-anew");
    expect(errors(1, 0.5, 0.4)).toBe("trim");
  });
});
