import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type ErrorCode, MhoError } from "../../src/errors.ts";
import type { ListedFigures, RunId } from "../../src/run/store.ts";
import { agedFiguresOf } from "../agedFigures.ts";
import type { Bench } from "../bench.ts";
import { packageRoot } from "../packageRoot.ts";
import type { Workplace } from "../workplace.ts";

/** Calls that take seconds and memory: a program that stays up for weeks has them made apart, and is heard from meanwhile. */
type ApartName = "report" | "compare" | "export" | "figures";

export interface ApartCall {
  readonly options: { readonly workspace?: string | undefined; readonly config?: string | undefined };
  readonly name: ApartName;
  readonly args: readonly unknown[];
}

/**
 * The same calls as those of a bench, each in a thread of its own that ends with it. Where mho was not built, the bench makes them.
 *
 * @param options  by which the bench was opened.
 */
export function apart(
  bench: Bench,
  options: ApartCall["options"],
): Pick<Bench, "report" | "compare" | "export"> {
  const { workspace, config } = options;
  const made =
    <N extends "report" | "compare" | "export">(name: N) =>
    (...args: Parameters<Bench[N]>): ReturnType<Bench[N]> =>
      inThread({ options: { workspace, config }, name, args }) as ReturnType<Bench[N]>;
  if (!existsSync(apartMain)) return bench;
  return { report: made("report"), compare: made("compare"), export: made("export") };
}

/** What a run comes to, and how it aged. */
export function figuresApart(place: Workplace, run: RunId): Promise<ListedFigures> {
  if (!existsSync(apartMain))
    return place.store().then((store) => agedFiguresOf(store, run, place.registries.methods));
  // Methods of the lab's own are not known there: of their runs' models nothing is said.
  const options = { workspace: place.folder, config: "none" };
  return inThread({ options, name: "figures", args: [run] }) as Promise<ListedFigures>;
}

/** Threads run what is built: Node starts no worker from sources. */
const apartMain = new URL("dist/lab/apart/apartMain.js", packageRoot);

function inThread(call: ApartCall): Promise<unknown> {
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
