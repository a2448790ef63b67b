import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MhoError } from "../src/errors.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { driftCompensation } from "../src/optimize/compensation.ts";
import { type DualPairRule, fullScale, targetsOf, weightsOf } from "../src/optimize/dualPair.ts";
import { expectedSquareError } from "../src/optimize/expectedError.ts";
import { normalOf, Random } from "../src/random.ts";
import { type LayerWeights, maxWeight, weightHistogram } from "../src/weights/layer.ts";
import { placeLayers, putWeights, weightsOfPlacement } from "../src/weights/placement.ts";

const rule = fc.constantFrom<DualPairRule>("msp-first", "lsp-first");
const weights = fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 1, maxLength: 64 });
const significance = fc.double({ min: 0.5, max: 8, noNaN: true });

function strategyOf(name: DualPairRule, factor: number, largest: number) {
  return {
    rule: name,
    significance: factor,
    scaleMicrosiemensPerUnit: fullScale(largest, factor, 25),
    maxConductanceMicrosiemens: 25,
  };
}

describe("the dual pair", () => {
  it("gives every weight back when conductances are what was meant", () => {
    fc.assert(
      fc.property(rule, weights, significance, (name, values, factor) => {
        const largest = Math.max(...values.map(Math.abs));
        const strategy = strategyOf(name, factor, largest);
        const back = weightsOf(strategy, targetsOf(strategy, values));
        values.forEach((value, i) => expect(back[i]).toBeCloseTo(value, 5));
      }),
    );
  });

  it("never asks for a conductance outside the device's range, and rests one device of each pair", () => {
    fc.assert(
      fc.property(rule, weights, significance, (name, values, factor) => {
        const targets = targetsOf(strategyOf(name, factor, Math.max(...values.map(Math.abs))), values);
        for (const target of targets) expect(target >= 0 && target <= 25.00001).toBe(true);
        for (let i = 0; i < targets.length; i += 2) expect(Math.min(targets[i]!, targets[i + 1]!)).toBe(0);
      }),
    );
  });

  it("mirrors negative weights", () => {
    const strategy = strategyOf("lsp-first", 2, 1);
    const [a, b, c, d] = targetsOf(strategy, Float32Array.of(0.7));
    expect([...targetsOf(strategy, Float32Array.of(-0.7))]).toEqual([b, a, d, c]);
  });

  it("fills the pair that the rule names first", () => {
    const small = Float32Array.of(0.2);
    expect([...targetsOf(strategyOf("lsp-first", 2, 1), small)].map((g) => Math.round(g))).toEqual([
      0, 0, 15, 0,
    ]);
    expect([...targetsOf(strategyOf("msp-first", 2, 1), small)].map((g) => Math.round(10 * g))).toEqual([
      75, 0, 0, 0,
    ]);
  });

  it("has nothing to program in a layer of zeros", () => {
    expect([...targetsOf(strategyOf("lsp-first", 2, 0), new Float32Array(3))]).toEqual(Array(12).fill(0));
  });
});

describe("drift compensation", () => {
  it("undoes a common factor exactly and is 1 when nothing moved", () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0.1, max: 3, noNaN: true }), (values, factor) => {
        const alive = values.map((value) => value + (value < 0 ? -0.01 : 0.01));
        expect(driftCompensation(alive, alive)).toBeCloseTo(1, 6);
        expect(
          driftCompensation(
            alive,
            alive.map((value) => value * factor),
          ) * factor,
        ).toBeCloseTo(1, 4);
      }),
    );
  });

  it("leaves a tile of zeros alone", () => {
    expect(driftCompensation(new Float32Array(4), new Float32Array(4))).toBe(1);
  });
});

describe("the expected error", () => {
  const values = Float32Array.from({ length: 2001 }, (_, i) => (i / 1000 - 1) * Math.abs(i / 1000 - 1));
  const histogram = weightHistogram({ name: "l", inputs: 1, outputs: 2001, values }, 301);
  const expected = (name: DualPairRule, time: number): number =>
    expectedSquareError(strategyOf(name, 2, 1), pcm90nm, histogram, time);

  it("is less when the minor pair is filled first, at every time (Mackin et al. 2022)", () => {
    for (const time of [1, 3600, 86_400, 2_592_000]) {
      expect(expected("lsp-first", time)).toBeLessThan(expected("msp-first", time));
    }
  });

  it("grows with time", () => {
    const errors = [1, 3600, 86_400, 31_536_000].map((time) => expected("lsp-first", time));
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
  });

  it("is met by devices drawn from the model itself (4,000 weights, 5 %)", () => {
    const strategy = strategyOf("lsp-first", 2, 1);
    const random = new Random(21).fork("devices");
    const weights4000 = Float32Array.from({ length: 4000 }, (_, i) => values[(i * 997) % 2001]!);
    const held = targetsOf(strategy, weights4000).map(
      (g, i) =>
        pcm90nm.mean(g, 3600) + Math.sqrt(pcm90nm.variance(g, 3600)) * normalOf(random.at(i, 0).word0),
    );
    const readBack = weightsOf(strategy, held);
    const alpha = driftCompensation(weights4000, readBack);
    const square = readBack.reduce(
      (sum, w, i) => sum + (alpha * w - weights4000[i]!) * (alpha * w - weights4000[i]!),
      0,
    );
    expect(Math.abs(square / 4000 / expected("lsp-first", 3600) - 1)).toBeLessThan(0.05);
  });

  it("is nothing for a layer of zeros", () => {
    const zeros = weightHistogram({ name: "z", inputs: 1, outputs: 3, values: new Float32Array(3) }, 11);
    expect(expectedSquareError(strategyOf("lsp-first", 2, 0), pcm90nm, zeros, 1)).toBeGreaterThanOrEqual(0);
  });
});

describe("laying layers on tiles", () => {
  const geometry = { tiles: 14, rows: 64, columns: 64, devicesPerCell: 4 };
  const layer = (inputs: number, outputs: number): LayerWeights => ({
    name: `${inputs}x${outputs}`,
    inputs,
    outputs,
    values: Float32Array.from({ length: inputs * outputs }, (_, i) => i),
  });

  it("needs 14 tiles for the digits network and puts every weight in one place", () => {
    const layers = [layer(64, 256), layer(256, 128), layer(128, 10)];
    const placements = placeLayers(layers, geometry);
    expect(placements.map(({ block }) => block.tile)).toEqual([...Array(14).keys()]);
    const back = layers.map(({ values }) => new Float32Array(values.length).fill(Number.NaN));
    for (const placement of placements) {
      const part = weightsOfPlacement(layers[placement.layer]!, placement);
      putWeights(back[placement.layer]!, layers[placement.layer]!.outputs, placement, part);
    }
    back.forEach((values, l) => expect(values).toEqual(layers[l]!.values));
  });

  it("says how many tiles are missing when a chip is too small", () => {
    const small = { ...geometry, tiles: 3 };
    expect(() => placeLayers([layer(64, 256)], small)).toThrow(MhoError);
    expect(() => placeLayers([layer(64, 256)], small)).toThrow(/needs 4 tiles .* has 3/);
  });
});

describe("a layer's histogram", () => {
  it("counts every weight once, between minus and plus the largest", () => {
    fc.assert(
      fc.property(weights, (values) => {
        const layer = { name: "l", inputs: 1, outputs: values.length, values };
        const { edges, counts } = weightHistogram(layer, 21);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
        expect(edges[21]).toBeCloseTo(maxWeight(layer) || 1, 12);
        expect(edges[0]).toBeCloseTo(-(maxWeight(layer) || 1), 12);
      }),
    );
  });
});
