// A thread of its own: makes one call on a bench of its own, and tells what came of it.
import { parentPort, workerData } from "node:worker_threads";
import { MhoError } from "../../src/errors.ts";
import { openBench } from "../bench.ts";
import type { ApartCall } from "./inThread.ts";

const { options, name, args } = workerData as ApartCall;
const bench = await openBench(options);
try {
  const call = bench[name].bind(bench) as (...args: readonly unknown[]) => Promise<unknown>;
  parentPort!.postMessage({ output: await call(...args) });
} catch (error) {
  if (!(error instanceof MhoError)) throw error;
  const { code, message, facts } = error;
  parentPort!.postMessage({ fault: { code, message, facts } });
} finally {
  await bench.close();
}
