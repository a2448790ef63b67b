import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layNaively } from "../lab/demo/contest.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import { Random, uniformOf } from "../src/random.ts";
import { layersHeld } from "../src/results/layersHeld.ts";
import type { TileTargets } from "../src/run/plan.ts";
import type { LayerWeights } from "../src/weights/layer.ts";
import { describePcm64 } from "./support/chips.ts";

const { geometry, ...description } = await describePcm64(64);

function layerOf(inputs: number, outputs: number, seed: number): LayerWeights {
  const random = new Random(seed).fork("weights");
  const values = Float32Array.from(
    { length: inputs * outputs },
    (_, i) => uniformOf(random.at(i, 0).word0) - 0.5,
  );
  return { name: `layer ${seed}`, inputs, outputs, values };
}

/** The layers laid on tiles, one after the other, by the oldest rule. */
function laid(layers: readonly LayerWeights[]): readonly TileTargets[] {
  return layNaively({ layers } as unknown as TrainedNetwork, { geometry, ...description }).tiles;
}

const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 })), {
  minLength: 1,
  maxLength: 4,
});

describe("the layers that a run holds", () => {
  it("are found on any tiles, with the factor that each was laid with", () => {
    fc.assert(
      fc.property(sizes, fc.boolean(), (shapes, backwards) => {
        const layers = shapes.map(([inputs, outputs], n) => layerOf(inputs, outputs, n + 1));
        const order = backwards ? layers.toReversed() : layers;
        const found = layersHeld(layers, laid(order).toReversed(), geometry);
        expect(found.places).toEqual(layers.map((_, n) => n));
        found.placements.forEach(({ layer, inputStart, outputStart }, k) => {
          const scale = found.microsiemensPerUnit[k]!;
          const wanted = found.tiles[k]!.cells!.wantedMicrosiemens[0]!;
          const { values, outputs } = layers[layer]!;
          expect(wanted / scale).toBeCloseTo(values[inputStart * outputs + outputStart]!, 5);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("are those alone that its tiles are meant for", () => {
    const [first, second, other] = [layerOf(70, 20, 1), layerOf(10, 10, 2), layerOf(10, 10, 3)];
    const tiles = laid([first, second]);
    expect(layersHeld([other, second], tiles, geometry).places).toEqual([1]);
    expect(layersHeld([other], tiles, geometry).layers).toEqual([]);
    expect(layersHeld([first], tiles.slice(1), geometry).places).toEqual([]);
    expect(layersHeld([first, first], tiles, geometry).places).toEqual([0]);
  });

  it("are known though a tenth of the weights was clipped, and by no tile of bare conductances", () => {
    const layer = layerOf(20, 20, 1);
    const limit = 0.45;
    const clipped = { ...layer, values: layer.values.map((w) => Math.max(-limit, Math.min(limit, w))) };
    expect(layersHeld([layer], laid([clipped]), geometry).places).toEqual([0]);
    const bare = laid([layer]).map(({ block, targetsMicrosiemens }) => ({ block, targetsMicrosiemens }));
    expect(layersHeld([layer], bare, geometry).places).toEqual([]);
  });
});
