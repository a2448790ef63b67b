import { expect, it } from "vitest";
import { sweepsAt } from "../lab/demo/contest.ts";
import type { SweepRecord } from "../src/run/journal.ts";
import type { RunReader } from "../src/run/store.ts";

/** A run of these sweeps: `tile time number`, in the order in which they were taken. */
function runOf(...sweeps: readonly (readonly [tile: number, timeSeconds: number, number: number])[]) {
  return {
    async *sweeps() {
      for (const [tile, timeSeconds, number] of sweeps) {
        await Promise.resolve();
        yield {
          tile,
          timeSeconds,
          conductanceMicrosiemens: Float32Array.of(number),
        } as unknown as SweepRecord;
      }
    },
  } as unknown as RunReader;
}

it("the sweeps of a judged age are its own, the later of two, or those of the age before where it was passed", async () => {
  const run = runOf(
    [0, 1, 10],
    [1, 1, 11],
    [0, 60, 20],
    [0, 60, 21],
    [0, 3600, 30],
    [1, 3600, 31],
    [0, 86_400, 40],
  );
  const found = await sweepsAt(run, "r1", [1, 60, 3600]);
  const shown = found
    .map(({ tile, timeSeconds, conductanceMicrosiemens: [number] }) => [timeSeconds, tile, number!])
    .sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
  expect(shown).toEqual([
    [1, 0, 10],
    [1, 1, 11],
    [60, 0, 21],
    [60, 1, 11],
    [3600, 0, 30],
    [3600, 1, 31],
  ]);
});
