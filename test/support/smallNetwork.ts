import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { normalOf, Random } from "../../src/random.ts";
import { safetensors } from "./safetensors.ts";

/** A perceptron for the digits that fits two tiles: quick to program. Returns the path of its weights file. */
export function smallWeights(folder: string): string {
  const path = join(folder, "small.safetensors");
  const bytes = safetensors({
    "fc1.weight": { shape: [32, 64], values: gaussian(2048, 1) },
    "fc2.weight": { shape: [10, 32], values: gaussian(320, 2) },
  });
  writeFileSync(path, bytes);
  return path;
}

/** One layer that fits a corner of a tile: quicker yet, and enough for a whole story. */
export function smallestWeights(folder: string): string {
  const path = join(folder, "smallest.safetensors");
  writeFileSync(path, safetensors({ "fc1.weight": { shape: [12, 64], values: gaussian(768, 1) } }));
  return path;
}

function gaussian(count: number, layer: number): Float32Array {
  const random = new Random(2).fork("weights");
  return Float32Array.from({ length: count }, (_, i) => 0.2 * normalOf(random.at(i, layer).word0));
}
