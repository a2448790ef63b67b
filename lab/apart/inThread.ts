import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type ErrorCode, MhoError } from "../../src/errors.ts";
import { packageRoot } from "../packageRoot.ts";

/** Calls of a bench that may be made apart. */
export type ApartName = "report" | "compare" | "export" | "figures";

export interface ApartCall {
  readonly options: { readonly workspace?: string | undefined; readonly config?: string | undefined };
  readonly name: ApartName;
  readonly args: readonly unknown[];
}

/** Threads run what is built: Node starts no worker from sources. */
const apartMain = new URL("dist/lab/apart/apartMain.js", packageRoot);

export function hasThreads(): boolean {
  return existsSync(apartMain);
}

/** Makes a call on a bench of its own, in a thread that ends with it. */
export function inThread(call: ApartCall): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(apartMain, { workerData: call });
    // A program that ends does not wait for it.
    worker.unref();
    worker.on("message", ({ output, fault }: Answer) => {
      if (fault === undefined) resolve(output);
      else reject(new MhoError(fault.code, fault.message, fault.facts));
    });
    worker.on("error", reject);
    // After an answer, this changes nothing.
    worker.on("exit", () => reject(new Error("a thread ended before its work was done")));
  });
}

interface Answer {
  readonly output?: unknown;
  readonly fault?: { readonly code: ErrorCode; readonly message: string; readonly facts: MhoError["facts"] };
}
