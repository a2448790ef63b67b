import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MhoError } from "../../src/errors.ts";
import { judgedAt, type JudgedPoint } from "./contest.ts";
import type { DemoOptions } from "./options.ts";
import { packageRoot } from "../packageRoot.ts";

/** How the contenders did on one chip: one entry a contender, one a time. */
export type ChipPoints = readonly (readonly JudgedPoint[])[];

/** Demos of other chips, each a process of its own beside this one: what they find, and how to end them early. */
export interface Repeats {
  readonly chips: Promise<readonly ChipPoints[]>;
  stop(): void;
}

/** Starts the same demo on so many other chips, whose seeds follow this one's. */
export function startRepeats(options: DemoOptions, count: number): Repeats {
  const started = Array.from({ length: count }, (_, k) => startRepeat(options, k + 1));
  const chips = Promise.all(started.map(({ points }) => points));
  // Who waits for them hears of a failure; until then it is kept.
  chips.catch(() => undefined);
  return { chips, stop: () => started.forEach(({ stop }) => stop()) };
}

function startRepeat(
  options: DemoOptions,
  repeat: number,
): { points: Promise<ChipPoints>; stop: () => void } {
  const main = fileURLToPath(new URL("dist/cli/main.js", packageRoot));
  const given = (["network", "onnx", "images", "labels", "inputs", "output", "weights"] as const).flatMap(
    (name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]),
  );
  if (options.tensors !== undefined) given.push("--tensor", ...options.tensors);
  const seed = options.seed + repeat;
  const child = spawn(
    process.execPath,
    [main, "demo", "--json", "--repeats", "1", "--seed", String(seed), "--draws", "0", ...given].concat([
      "--out",
      join(options.out, `chip-${repeat + 1}`),
    ]),
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  let last = "";
  createInterface({ input: child.stdout }).on("line", (line) => (last = line));
  const points = new Promise<ChipPoints>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const said = parsed(last);
      if (code === 0 && said.contenders !== undefined) resolve(said.contenders.map(pointsOf));
      else {
        const text = `The demo on chip ${repeat + 1} (seed ${seed}) ended with ${code}: ${said.message ?? "it said nothing"}`;
        reject(new MhoError(code === 130 ? "interrupted" : "port-failed", text, { seed }));
      }
    });
  });
  return { points, stop: () => child.kill("SIGTERM") };
}

interface Said {
  readonly message?: string;
  readonly contenders?: readonly Contender[];
}

interface Contender {
  readonly weight_error_rms_percent: readonly number[];
  readonly product_error_percent: readonly number[];
  readonly accuracy: readonly (number | null)[];
  readonly similarity: readonly (number | null)[];
  readonly similarity_worst_tenth: readonly (number | null)[];
}

function parsed(line: string): Said {
  try {
    return JSON.parse(line) as Said;
  } catch {
    // A demo that ended early may have said half a line: its end is told with its exit code.
    return {};
  }
}

function pointsOf(contender: Contender): JudgedPoint[] {
  return judgedAt.map((timeSeconds, t) => ({
    timeSeconds,
    rmsPercent: contender.weight_error_rms_percent[t]!,
    productPercent: contender.product_error_percent[t]!,
    score: contender.accuracy[t] ?? contender.similarity[t] ?? Number.NaN,
    worstTenth: contender.similarity_worst_tenth[t] ?? undefined,
  }));
}
