import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DriftData } from "../calibration/driftData.ts";
import { fitFreeForm } from "../calibration/freeForm/fitFreeForm.ts";
import { Place } from "../calibration/freeForm/knots.ts";
import { valueAt } from "../calibration/freeForm/moments.ts";
import { type Readings, readingsOf } from "../calibration/freeForm/readings.ts";
import { nameOf } from "../calibration/freeForm/structure.ts";
import { tailShares } from "../calibration/freeForm/tails.ts";
import { gather } from "../calibration/gather.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { openBench } from "../lab/index.ts";
import { builtIn } from "../lab/registries.ts";
import { Random } from "../src/random.ts";
import { openWorkspace } from "../storage/workspace.ts";

/**
 * How well a table that is fitted to half of another tester's cells tells of the other half:
 * node dist/bench/realCells.js techB-relaxation.tsv.gz [--as rram-relaxation] [--seeds N]
 */
const [file = "examples/rram-relaxation/relaxation-1500.tsv.gz"] = process.argv.slice(2);
const mapping = flag("--as") ?? "rram-relaxation";
const parts = await imported(file, mapping);
for (let seed = 1; seed <= Number(flag("--seeds") ?? 2); seed++) judge(seed);

function flag(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function imported(from: string, as: string): Promise<DriftData[]> {
  const workspace = mkdtempSync(join(tmpdir(), "mho-cells-"));
  const bench = await openBench({ workspace });
  const { run } = await bench.importMeasurements(from, { as });
  await bench.close();
  const store = await openWorkspace(workspace);
  const gathered = await gather(store, [run], await readChipDescription("chips/rram-128.json"), {
    outsideToo: true,
    methods: builtIn.methods,
  });
  await store.close();
  rmSync(workspace, { recursive: true });
  return gathered.parts.map(({ data }) => data);
}

function judge(seed: number): void {
  const random = new Random(seed).fork("halves");
  const half = (which: number): DriftData[] =>
    parts.map((data, k) => ({
      ...data,
      usable: data.usable.map((usable, i) => (random.at(i, k).word0 % 2 === which ? usable : 0)),
    }));
  const found = fitFreeForm(half(0));
  const { moments, tails, structure, continuation, forecasts } = found;
  console.log(
    `\nseed ${seed}: fitted to ${found.readings.count} cells: ${nameOf(structure)}, beyond the last read ${continuation.name}; tested to ` +
      `${found.testedToSeconds} s of ${found.measuredToSeconds.toFixed(0)} s`,
  );
  for (const f of forecasts) {
    console.log(
      `  from ${f.fromSeconds.toPrecision(3)} s to ${f.toSeconds.toPrecision(3)} s: ${(100 * f.inside95).toFixed(1)} % in the band of 95 %, mean off by ` +
        `${f.meanOffStds.toFixed(3)} σ, own reads tell ${(100 * f.toldByOwnReads).toFixed(0)} % of the change: ${f.holds ? "holds" : "does not hold"}`,
    );
  }
  const others = readingsOf(half(1), found.readings.onsetSeconds);
  console.log("  age, mean off (RMS of 8 bins, σ), inside 95 % and 99 %; by bin: inside 68, 95, 99 %");
  const age = new Place();
  for (let a = 0; a < moments.knots.logAge.length; a++) {
    const bins = binned(others, (logAge) => {
      age.of(moments.knots.logAge, logAge);
      return Math.round(age.low + age.part) === a;
    });
    if (bins[0]!.length === 0) continue;
    const nG = moments.knots.conductance.length;
    const [g, t] = [new Place(), new Place()];
    let [square, in95, in99, all] = [0, 0, 0, 0];
    const texts = bins.map((reads) => {
      const inside = [0, 0, 0];
      let [sum, squares, off] = [0, 0, 0];
      for (const { i, k } of reads) {
        const y = others.deviation[k]!;
        g.of(moments.knots.conductance, others.written[i]!);
        t.of(moments.knots.logAge, others.logAge[k]!);
        const mean = valueAt(moments.shift, nG, g, t);
        const at = (share: number): number =>
          mean + valueAt(tails[tailShares.indexOf(share as (typeof tailShares)[number])]!, nG, g, t);
        [0.16, 0.025, 0.005].forEach((share, n) => {
          if (y >= at(share) && y <= at(1 - share)) inside[n]!++;
        });
        sum += y;
        squares += y * y;
        off += y - mean;
      }
      const n = reads.length;
      const variance = squares / n - (sum / n) * (sum / n);
      square += (off / n) ** 2 / variance / bins.length;
      in95 += inside[1]!;
      in99 += inside[2]!;
      all += n;
      return inside.map((count) => ((100 * count) / n).toFixed(1)).join("/");
    });
    const seconds = Math.exp(moments.knots.logAge[a]!) - found.readings.onsetSeconds;
    console.log(
      `  ${seconds.toPrecision(3).padStart(8)} s ${Math.sqrt(square).toFixed(3)} ${((100 * in95) / all).toFixed(2)} ${((100 * in99) / all).toFixed(2)}   ${texts.join(" ")}`,
    );
  }
}

/** Reads of one age, in eight bins of as many devices by what was written. */
function binned(
  { written, start, logAge, count }: Readings,
  isOfAge: (logAge: number) => boolean,
): { i: number; k: number }[][] {
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => written[a]! - written[b]!);
  const bins = Array.from({ length: 8 }, () => [] as { i: number; k: number }[]);
  order.forEach((i, place) => {
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      if (isOfAge(logAge[k]!)) bins[Math.floor((8 * place) / count)]!.push({ i, k });
    }
  });
  return bins;
}
