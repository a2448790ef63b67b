import { setImmediate as soon } from "node:timers/promises";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { inputOf, sourceOf } from "../test/fuzz/mutate.ts";
import { fed } from "../test/fuzz/surface.ts";
import { surfaces } from "../test/fuzz/surfaces.ts";

/** Every `step`th input of a surface, below `first + count`. */
export interface FuzzTask {
  readonly surface: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly step: number;
  readonly board: SharedArrayBuffer;
}

export interface Tally {
  readonly accepted: number;
  readonly slowestMilliseconds: number;
}

/** What is written down before each input: its number, and when it began; and whether another worker has found something. */
export const slots = ["input", "begunAt", "stop"] as const;
export type Board = Float64Array;

/** What no input may need: time of a core, time by the clock, memory. */
export const bound = { milliseconds: 2000, passedMilliseconds: 60_000, rssBytes: 512e6 };

async function work({ surface: name, seed, first, count, step, board: shared }: FuzzTask): Promise<Tally> {
  const board: Board = new Float64Array(shared);
  const source = sourceOf(seed, name);
  const open = await surfaces.find((surface) => surface.name === name)!.open();
  let accepted = 0;
  let slowestMilliseconds = 0;
  for (let done = 0, input = first; done < count; done += step, input += step) {
    if (board[2] !== 0) await new Promise(() => {});
    const bytes = inputOf(open, source, input);
    const begun = performance.now();
    board[0] = input;
    board[1] = performance.timeOrigin + begun;
    if (await fed(open, bytes)) accepted++;
    // What an input left for later is done, and its memory free: a surface that never waits would keep it.
    await soon();
    slowestMilliseconds = Math.max(slowestMilliseconds, performance.now() - begun);
  }
  board[1] = 0;
  await open.close?.();
  return { accepted, slowestMilliseconds };
}

if (!isMainThread) {
  try {
    parentPort!.postMessage(await work(workerData as FuzzTask));
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort!.postMessage({ crash: text.split("\n").slice(0, 6).join(" | ") });
  }
}
