import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
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
import { openBench } from "../lab/bench.ts";
import { builtIn } from "../lab/registries.ts";
import { type Points, savePicture } from "./picture.ts";
import { Random } from "../src/random.ts";
import { openWorkspace } from "../storage/workspace.ts";

/**
 * How well a table that is fitted to half of another tester's cells tells of the other half:
 * node dist/bench/realCells.js techB-relaxation.tsv.gz [--as rram-relaxation] [--seeds N] [--pictures FOLDER]
 */
const [file = "examples/rram-relaxation/relaxation-1500.tsv.gz"] = process.argv.slice(2);
const mapping = flag("--as") ?? "rram-relaxation";
const parts = await imported(file, mapping);
const conductanceAxis = { name: "conductance after the write, µS" };
const pictures = flag("--pictures");
if (pictures !== undefined) draw(pictures);
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
  const found = fitFreeForm(half(0, seed));
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
  const others = readingsOf(half(1, seed), found.readings.onsetSeconds);
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

/** One half of the cells, chosen by chance. */
function half(which: number, seed: number): DriftData[] {
  const random = new Random(seed).fork("halves");
  return parts.map((data, k) => ({
    ...data,
    usable: data.usable.map((usable, i) => (random.at(i, k).word0 % 2 === which ? usable : 0)),
  }));
}

/** Mean change and width, lines by the table of one half and dots by the other. */
function draw(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { moments, tails, readings } = fitFreeForm(half(0, 1));
  const { knots } = moments;
  const nG = knots.conductance.length;
  const others = readingsOf(half(1, 1), readings.onsetSeconds);
  const [g, t] = [new Place(), new Place()];
  const shown = [0.01, 1, 10_000].map((seconds) => Math.log(seconds + readings.onsetSeconds));
  const [low, high] = [0.16, 0.84].map((share) => tails[tailShares.indexOf(share as 0.16)]!);
  const lineOf = (of: () => number, logAge: number): Points =>
    Array.from({ length: 120 }, (_, k) => {
      const at = knots.conductance[0]! + ((knots.conductance[nG - 1]! - knots.conductance[0]!) * k) / 119;
      g.of(knots.conductance, at);
      t.of(knots.logAge, logAge);
      return [at, of()];
    });
  const binsOf = (logAge: number): { at: number; reads: number[] }[] =>
    binned(others, (one) => Math.abs(one - logAge) < 0.5, 16).map((bin) => ({
      at: bin.reduce((sum, { i }) => sum + others.written[i]!, 0) / bin.length,
      reads: bin.map(({ k }) => others.deviation[k]!).sort((a, b) => a - b),
    }));
  const series = (line: () => number, dot: (reads: number[]) => number) =>
    shown.flatMap((logAge, colour) => [
      { points: lineOf(line, logAge), colour, dots: false },
      {
        points: binsOf(logAge).map(({ at, reads }): [number, number] => [at, dot(reads)]),
        colour,
        dots: true,
      },
    ]);
  savePicture(
    folder,
    "mean",
    "Mean change of real cells against conductance",
    conductanceAxis,
    "mean change, µS",
    [
      ...series(
        () => valueAt(moments.shift, nG, g, t),
        (reads) => reads.reduce((sum, y) => sum + y, 0) / reads.length,
      ),
    ],
  );
  savePicture(folder, "width", "Width of real cells against conductance", conductanceAxis, "half-width, µS", [
    ...series(
      () => (valueAt(high!, nG, g, t) - valueAt(low!, nG, g, t)) / 2,
      (reads) => (reads[Math.floor(0.84 * reads.length)]! - reads[Math.floor(0.16 * reads.length)]!) / 2,
    ),
  ]);
}

/** Reads of one age, in bins of as many devices by what was written. */
function binned(
  { written, start, logAge, count }: Readings,
  isOfAge: (logAge: number) => boolean,
  howMany = 8,
): { i: number; k: number }[][] {
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => written[a]! - written[b]!);
  const bins = Array.from({ length: howMany }, () => [] as { i: number; k: number }[]);
  order.forEach((i, place) => {
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      if (isOfAge(logAge[k]!)) bins[Math.floor((howMany * place) / count)]!.push({ i, k });
    }
  });
  return bins;
}
