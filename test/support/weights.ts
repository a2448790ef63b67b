import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { normalOf, Random } from "../../src/random.ts";

/** A file of Gaussian weights, σ a quarter. @returns its path. */
export function gaussianWeights(folder: string, rows: number, columns: number): string {
  const file = join(folder, "weights.csv");
  const random = new Random(2);
  const line = (_: unknown, r: number): string =>
    Array.from({ length: columns }, (__, k) =>
      (normalOf(random.at(r * columns + k, 0).word0) / 4).toFixed(4),
    ).join();
  writeFileSync(file, Array.from({ length: rows }, line).join("\n"));
  return file;
}
