import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { normalOf, Random, uniformOf } from "../../src/random.ts";

const random = new Random(1);

/** Rows of conductances over the range, after some that are left alone. */
export function conductances(folder: string, rows: number, after = 0): string {
  const path = join(folder, `targets-${after}.csv`);
  const row = (r: number): string =>
    Array.from({ length: 256 }, (_, k) =>
      (24 * uniformOf(random.at(r * 256 + k, 0).word0) + 0.5).toFixed(3),
    ).join();
  const alone = Array.from({ length: after }, () => Array<string>(256).fill("nan").join());
  writeFileSync(path, [...alone, ...Array.from({ length: rows }, (_, r) => row(r))].join("\n"));
  return path;
}

export function weights(folder: string, rows = 8): string {
  const path = join(folder, "weights.csv");
  const row = (r: number): string =>
    Array.from({ length: 32 }, (_, k) => (normalOf(random.at(r * 32 + k, 1).word0) / 4).toFixed(4)).join();
  writeFileSync(path, Array.from({ length: rows }, (_, r) => row(r)).join("\n"));
  return path;
}
