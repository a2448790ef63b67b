import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, openBench } from "../lab/bench.ts";
import type { ModelAuditedEvent, StampedEvent } from "../lab/events.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";
import { formatDuration } from "../src/units.ts";

/**
 * How forecasts and models come out on emulated chips of which some are as the model says: the tables of docs/refit.md, "Forecasts".
 *
 * node dist/bench/forecasts.js [audits | weights]
 */
const chosen = process.argv[2];
const random = new Random(2);
if (chosen === undefined || chosen === "audits")
  await eachChip(["usual", "odd", "stranger", "saturating"], audits);
if (chosen === undefined || chosen === "weights") await eachChip(["usual", "stranger", "odd"], weights);

async function eachChip(
  births: readonly string[],
  work: (title: string, bench: Bench, audited: readonly ModelAuditedEvent[], folder: string) => Promise<void>,
): Promise<void> {
  for (const one of births) {
    const workspace = mkdtempSync(join(tmpdir(), "mho-forecasts-"));
    const audited: ModelAuditedEvent[] = [];
    const onEvent = (event: StampedEvent): void =>
      void (event.type === "model_audited" && audited.push(event));
    const bench = await openBench({ workspace, chip: `emulator:pcm-64?seed=3&births=${one}`, onEvent });
    await work(`births=${one}`, bench, audited, workspace);
    await bench.close();
    rmSync(workspace, { recursive: true });
  }
}

/** 2,048 devices by verify, read for 30 days: the model against each sweep. */
async function audits(title: string, bench: Bench, audited: readonly ModelAuditedEvent[]): Promise<void> {
  const valuesMicrosiemens = Float32Array.from(
    { length: 2048 },
    (_, i) => 1 + 23 * uniformOf(random.at(i, 0).word0),
  );
  const run = await bench.program(
    { title: "spread", valuesMicrosiemens },
    { method: "verify", model: "pcm-90nm" },
  );
  await bench.watch(run, { until: "30d", perDecade: 3 });
  const at = (age: number): string => {
    const { inside95, mean_off_stds: off } = audited.toSorted(
      (a, b) => Math.abs(Math.log(a.age_seconds / age)) - Math.abs(Math.log(b.age_seconds / age)),
    )[0]!;
    return `${(100 * inside95).toFixed(1)} % inside and ${off.toFixed(2)} σ off at ${formatDuration(age)}`;
  };
  const failed = audited.find(({ holds }) => !holds);
  const until = failed === undefined ? "holds" : `no longer holds from ${formatDuration(failed.age_seconds)}`;
  console.log(`audit, ${title}: ${at(1000)}, ${at(30 * 86_400)}; ${until}`);
}

/** 2,048 weights, read for 2 h, trimmed and read for 360 days: measured over foretold mean square. */
async function weights(
  title: string,
  bench: Bench,
  _: readonly ModelAuditedEvent[],
  folder: string,
): Promise<void> {
  const rows = Array.from({ length: 32 }, (__, r) =>
    Array.from({ length: 64 }, (___, k) => (normalOf(random.at(r * 64 + k, 0).word0) / 4).toFixed(4)).join(),
  );
  const file = join(folder, "weights.csv");
  writeFileSync(file, rows.join("\n"));
  const strategy = join(folder, "strategy.json");
  const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
  execFileSync(process.execPath, [
    main,
    "optimize",
    file,
    "--model",
    "pcm-90nm",
    "--out",
    strategy,
    "--quiet",
  ]);
  const run = await bench.program(strategy);
  await bench.watch(run, { until: "2h", perDecade: 5 });
  const trim = await bench.trim(run);
  await bench.watch(trim.run!, { until: "360d", perDecade: 2 });
  for (const id of [run, trim.run!]) {
    for (const { forecast, points } of (await bench.run(id)).forecasts) {
      const ratios = points.map(
        ({ measuredPercent, foretoldPercent }) => (measuredPercent / foretoldPercent) ** 2,
      );
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
      const failed = points.find((point) => point.failed);
      console.log(
        `forecast, ${title}, ${forecast.by}: ${least} … ${most} times the foretold mean square, ${points.length} ages` +
          (failed === undefined ? "" : `, failed from ${formatDuration(failed.ageSeconds)}`),
      );
    }
  }
}
