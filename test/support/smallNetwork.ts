import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { optimize, writeStrategy } from "../../lab/optimize.ts";
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

/** One layer that fits a corner of a quarter of a tile: quicker yet, and enough for a whole story. */
export function smallestWeights(folder: string): string {
  const path = join(folder, "smallest.safetensors");
  writeFileSync(path, safetensors({ "fc1.weight": { shape: [12, 16], values: gaussian(192, 1) } }));
  return path;
}

/** The description of a chip with tiles of 16 rows, and devices like those of pcm-64. Returns the path of its file. */
export function quarterTile(folder: string): string {
  const path = join(folder, "quarter.json");
  const document = JSON.parse(readFileSync(pcm64File, "utf8")) as { geometry: object };
  const geometry = { ...document.geometry, rows: 16 };
  writeFileSync(path, JSON.stringify({ ...document, name: "quarter", geometry }));
  return path;
}

const pcm64File = fileURLToPath(new URL("../../chips/pcm-64.json", import.meta.url));

function gaussian(count: number, layer: number): Float32Array {
  const random = new Random(2).fork("weights");
  return Float32Array.from({ length: count }, (_, i) => 0.2 * normalOf(random.at(i, layer).word0));
}

/** A translation that searches for no factors and no scale: quick. */
export const withoutSearch = {
  layout: { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" },
  timesSeconds: [1, 86_400],
  timeWeights: Float64Array.of(0.5, 0.5),
  rule: "least-squares",
  compensationPer: "tile",
  scalePer: "column",
  pairDriftCorrelation: 0,
  clipPercentile: 100,
} as const;

/** The strategy of two small layers: each fits a tile of its own, and so a chip. Returns the path of its file. */
export async function twoLayerStrategy(
  folder: string,
  [outputs, inputs]: readonly [number, number] = [8, 4],
): Promise<string> {
  const path = join(folder, "two.safetensors");
  const layer = (k: number) => ({ shape: [outputs, inputs], values: gaussian(outputs * inputs, k) });
  writeFileSync(path, safetensors({ "fc1.weight": layer(1), "fc2.weight": layer(2) }));
  const found = await optimize(path, {
    model: "pcm-90nm",
    translation: withoutSearch,
    per: "layer",
    tileShape: [64, 64],
  });
  return (await writeStrategy(found, join(folder, "two.json"))).file;
}
