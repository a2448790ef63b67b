import { resolve } from "node:path";
import { readStrategy } from "../files/strategy.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import type { Output } from "./output.ts";
import { version } from "./version.ts";
import { writeWhole } from "./writeWhole.ts";

/** Draws a strategy on one HTML page. */
export async function report(path: string, options: { out: string }, output: Output): Promise<void> {
  const strategy = await readStrategy(path);
  const file = resolve(options.out);
  await writeWhole(file, renderStrategy(strategy, version), "Name another file with --out.");
  output.say(`Report: ${file}`);
  output.event({ type: "result", report: file });
}
