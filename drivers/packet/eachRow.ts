import { MhoError } from "../../src/errors.ts";
import { type Log, loggedError } from "../../src/log.ts";
import type { RequestQueue } from "./requests.ts";

/** Starts all these rows at once, the window pacing them, and waits for all: none is left behind when one fails. */
export async function eachRow(
  requests: RequestQueue,
  log: Log,
  tile: number | undefined,
  rows: readonly number[],
  work: (row: number) => Promise<void>,
): Promise<void> {
  const each = async (row: number): Promise<void> => {
    try {
      await work(row);
    } catch (error) {
      // A chip that leaves one row unanswered is not asked for the others, each until its deadline.
      if (isSilence(error)) requests.callOff(error.message);
      throw error;
    }
  };
  const settled = await Promise.allSettled(rows.map(each));
  const failed = settled.filter((row) => row.status === "rejected");
  const first = failed.find(({ reason }) => isSilence(reason)) ?? failed[0];
  const others = failed.filter((row) => row !== first);
  if (first === undefined) return;
  // They share a line, and mostly a reason.
  if (others.length > 0) {
    const error = loggedError(others[0]!.reason);
    log.warn({ tile, rows: others.length, error }, "more rows of the block failed");
  }
  throw first.reason;
}

function isSilence(error: unknown): error is MhoError {
  return error instanceof MhoError && error.code === "link-lost";
}

/** All of them; when one fails it waits for the others, so that none is left behind. */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  // Most rows are read in one part.
  if (work.length === 1) return [await work[0]!];
  await Promise.allSettled(work);
  return Promise.all(work);
}
