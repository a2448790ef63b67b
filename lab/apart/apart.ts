import type { Bench } from "../bench.ts";
import { type ApartCall, hasThreads, inThread } from "./inThread.ts";

/** Calls that take seconds and memory: a program that stays up for weeks has them made apart, and is heard from meanwhile. */
type PageCall = "report" | "compare" | "export";

/**
 * The same calls as those of a bench, each in a thread of its own that ends with it. Where mho was not built, the bench makes them.
 *
 * @param options  by which the bench was opened.
 */
export function apart(bench: Bench, options: ApartCall["options"]): Pick<Bench, PageCall> {
  const { workspace, config } = options;
  const made =
    <N extends PageCall>(name: N) =>
    (...args: Parameters<Bench[N]>): ReturnType<Bench[N]> =>
      inThread({ options: { workspace, config }, name, args }) as ReturnType<Bench[N]>;
  if (!hasThreads()) return bench;
  return { report: made("report"), compare: made("compare"), export: made("export") };
}
