import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layNaively } from "../lab/demo/contest.ts";
import type { SourcedLayer } from "../files/weights.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import { openBench } from "../lab/bench.ts";
import type { ReportOptions } from "../lab/report.ts";
import { judgeRun } from "../src/results/runResult.ts";
import { type Beside, storyOf } from "../lab/runStory.ts";
import { renderRun } from "../report/runReport.ts";
import { verdicts } from "../src/program/method.ts";
import { rowFates } from "../src/chip/driver.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { FitRecord, PowerLawDefinition } from "../src/model/definition.ts";
import type { SweepRecord, TurnRecord } from "../src/run/journal.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { accuracyMeasure } from "../src/results/networkMeasure.ts";
import { normalOf, Random } from "../src/random.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { type Strategy, type StrategyLayer, strategyLayer } from "../src/optimize/strategy.ts";
import { assess } from "../src/results/assessment.ts";
import { LinkFold } from "../src/results/linkQuality.ts";
import type { RunPlan, TileTargets } from "../src/run/plan.ts";
import { summarise } from "../src/results/summary.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { collect, turn as anyTurn } from "./contracts/runStore.ts";
import { openTestChip, type TestChip } from "./support/chips.ts";
import { tidyRows } from "./support/csvRows.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { carryOut, planToWatch } from "./support/liveRun.ts";
import { withoutTerms } from "./support/withoutTerms.ts";

removeFoldersAfterEach();

const hostile = `<script>alert(1)</script>, "<img src=x onerror=alert(2)>"`;

/** Two tiles of two rows, whose cells hold 2 (G+ − G−) + (g+ − g−); every ninth cell holds nothing. */
function tileOf(tile: number): TileTargets {
  const rows = 2;
  const targetsMicrosiemens = Float32Array.from({ length: rows * 256 }, (_, i) =>
    (i >> 2) % 9 === 0 ? Number.NaN : (7 * i + 3 * (i >> 2)) % 24,
  );
  const wantedMicrosiemens = Float32Array.from({ length: rows * 64 }, (_, cell) => {
    const [a, b, c, d] = targetsMicrosiemens.subarray(4 * cell, 4 * cell + 4);
    return 2 * (a! - b!) + c! - d!;
  });
  return {
    block: { tile, rowStart: 3, rowCount: rows },
    targetsMicrosiemens,
    cells: { devicesPerCell: 4, factors: [2, -2, 1, -1], wantedMicrosiemens },
  };
}

interface Done {
  readonly store: Workspace;
  readonly folder: string;
  readonly plan: RunPlan;
  readonly sweeps: readonly SweepRecord[];
  readonly turns: readonly TurnRecord[];
}

async function done(over: Partial<RunPlan> = {}, folder = emptyFolder(), given?: TestChip): Promise<Done> {
  const chip = given ?? (await openTestChip({ tiles: 2 }));
  const store = await openWorkspace(folder);
  const plan = { ...planToWatch(chip), title: hostile, tiles: [tileOf(0), tileOf(1)], ...over };
  const run = await carryOut(chip, store, plan);
  const [sweeps, turns] = [await collect(store.sweeps(run)), await collect(store.turns(run))];
  return { store, folder, plan, sweeps, turns };
}

async function reportOf({ store }: Pick<Done, "store">, beside?: Beside) {
  const { html: page, csv } = renderRun(await storyOf(store, "r1", beside));
  const html = withoutTerms(page);
  const rows = tidyRows(csv);
  return {
    html,
    csv,
    rows,
    of: (figure: string, series?: string) =>
      rows.filter((row) => row.figure === figure && (series === undefined || row.series === series)),
  };
}

/** (α ŵ − w) / max |w| of every cell of a tile, in percent: written down anew. */
function weightErrors({ cells }: TileTargets, read: Float32Array): number[] {
  const pairs = Array.from(cells!.wantedMicrosiemens, (wanted, cell) => {
    const [a, b, c, d] = read.subarray(4 * cell, 4 * cell + 4);
    return { wanted, held: 2 * (a! - b!) + c! - d! };
  }).filter(({ wanted }) => !Number.isNaN(wanted));
  const alpha =
    pairs.reduce((sum, { wanted, held }) => sum + wanted * held, 0) /
    pairs.reduce((sum, { held }) => sum + held * held, 0);
  const largest = Math.max(...pairs.map(({ wanted }) => Math.abs(wanted)));
  return pairs.map(({ wanted, held }) => (100 * Math.abs(alpha * held - wanted)) / largest);
}

function deviceErrors({ targetsMicrosiemens }: TileTargets, read: Float32Array): number[] {
  return Array.from(read, (g, i) => Math.abs(g - targetsMicrosiemens[i]!)).filter((e) => !Number.isNaN(e));
}

/** Errors of both tiles at one asked time. */
function errorsAt({ plan, sweeps }: Done, time: number, of: typeof deviceErrors): number[] {
  return sweeps
    .filter(({ timeSeconds }) => timeSeconds === time)
    .flatMap(({ tile, conductanceMicrosiemens }) => of(plan.tiles[tile]!, conductanceMicrosiemens));
}

/** Three tiles of weights, and an accuracy that falls as they err. */
function toyNetwork(name = "toy", chance = 3): TrainedNetwork {
  const random = new Random(chance).fork("weights");
  const layerOf = (tensor: string, inputs: number, outputs: number, seed: number): SourcedLayer => {
    const draw = (_: unknown, i: number): number => 0.2 * normalOf(random.at(i, seed).word0);
    const values = Float32Array.from({ length: inputs * outputs }, draw);
    const source = { file: "", tensor, sha256: tensor, turned: false };
    return { name: tensor, inputs, outputs, values, source };
  };
  const layers = [layerOf("wide", 70, 12, 0), layerOf("narrow", 12, 5, 1)];
  return {
    name,
    layers,
    text: "",
    leftOut: [],
    measure: accuracyMeasure,
    inputs: 597,
    softwareScore: 0.98,
    scoreWith: (values) =>
      Promise.resolve({
        score:
          0.98 - rms(layers.flatMap((layer, k) => Array.from(layer.values, (w, i) => values[k]![i]! - w))),
      }),
  };
}

/** Two layers, the second twice as large. */
function smallStrategy(): Strategy {
  const timesSeconds = [1, 3600, 86_400];
  const translator = new Translator(pcm90nm, {
    layout: { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" },
    timesSeconds,
    timeWeights: new Float64Array(3).fill(1 / 3),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer: "layer",
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const layer = (name: string, outputs: number): StrategyLayer => {
    const values = Float32Array.from({ length: 10 * outputs }, (_, i) => ((i * outputs) % 17) - 8);
    const weightsSource = { file: "net.npy", tensor: name, digest: "0" };
    const found = translator.strategyFor({ inputs: 10, outputs, values });
    return strategyLayer({ name, shape: [10, outputs], weightsSource }, found);
  };
  return {
    model: pcm90nmDefinition,
    timesSeconds,
    timeWeights: [1 / 3, 1 / 3, 1 / 3],
    compensationRule: "least-squares",
    pairDriftCorrelation: 0,
    reads: 1,
    layers: [layer("narrow", 4), layer("wide", 8)],
  };
}

function rms(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** One run that many tests look at and none changes, and its report. */
let run: Done;
let usual: Awaited<ReturnType<typeof reportOf>>;

beforeAll(async () => {
  run = await done({}, mkdtempSync(join(tmpdir(), "mho-test-")));
  usual = await reportOf(run);
});

afterAll(async () => {
  await run.store.close();
  rmSync(run.folder, { recursive: true, force: true });
});

describe("the report of a run", () => {
  it.each([
    ["device_error_cdf", deviceErrors],
    ["weight_error_cdf", weightErrors],
  ] as const)("tells in %s the shares that the store's own reads give", async (figure, of) => {
    const { of: rowsOf } = usual;
    for (const [time, series] of [
      [1, "after 1\u00a0s"],
      [86_400, "after 1\u00a0day"],
    ] as const) {
      const errors = errorsAt(run, time, of);
      const rows = rowsOf(figure, series);
      expect(rows.length).toBe(102);
      for (const { x, y } of rows) {
        const [below, within] = [x * (1 - 1e-4) - 1e-5, x * (1 + 1e-4) + 1e-5].map(
          (limit) => (100 * errors.filter((error) => error <= limit).length) / errors.length,
        );
        expect(within).toBeGreaterThanOrEqual(y - 1e-9);
        expect(below).toBeLessThan(y);
      }
    }
  });

  it("tells what the network is worth with the weights that were read, and in software", async () => {
    const network = toyNetwork();
    const chip = await openTestChip({ tiles: 3 });
    const laid = layNaively(network, chip.description);
    const over = { tiles: laid.tiles, method: "open-loop", sweepTimesSeconds: [1, 3600] } as const;
    const { store, plan, turns, sweeps } = await done(over, emptyFolder(), chip);
    const { of, html } = await reportOf({ store }, { network });
    const series = "toy, and the standard error of so many images";
    for (const { x: age, y, low, high } of of("accuracy_over_time", series)) {
      const values = network.layers.map((layer) => layer.values.slice());
      laid.placements.forEach((placement, k) => {
        const { block, cells } = laid.tiles[k]!;
        const read = sweeps.find(
          (s) => s.tile === block.tile && s.timeSeconds === age,
        )!.conductanceMicrosiemens;
        const cellOf = (input: number, output: number): number => 64 * input + output;
        const heldBy = (cell: number): number =>
          cells!.factors.reduce((sum, factor, d) => sum + factor * read[4 * cell + d]!, 0);
        let [product, square] = [0, 0];
        const each = (work: (cell: number, input: number, output: number) => void): void => {
          for (let input = 0; input < placement.inputCount; input++)
            for (let output = 0; output < placement.outputCount; output++)
              work(cellOf(input, output), input, output);
        };
        each((cell) => {
          product += heldBy(cell) * cells!.wantedMicrosiemens[cell]!;
          square += heldBy(cell) * heldBy(cell);
        });
        const { outputs } = network.layers[placement.layer]!;
        each((cell, input, output) => {
          const at = (placement.inputStart + input) * outputs + placement.outputStart + output;
          values[placement.layer]![at] = ((product / square) * heldBy(cell)) / laid.microsiemensPerUnit[k]!;
        });
      });
      const { score: share } = await network.scoreWith(values);
      expect(y).toBeCloseTo(100 * share, 6);
      expect(high! - low!).toBeCloseTo(200 * Math.sqrt((share * (1 - share)) / 597), 6);
    }
    expect(of("accuracy_over_time", series).map(({ x }) => x)).toEqual([1, 3600]);
    expect(of("accuracy_over_time", "in software").map(({ y }) => y.toFixed(1))).toEqual(["98.0", "98.0"]);
    expect(html).toContain("of 597 held-out images right after");
    // A row that gives nothing carries no weight, and leaves the others' alone.
    for (const sweep of sweeps.filter(({ timeSeconds }) => timeSeconds === 3600)) {
      const conductanceMicrosiemens = sweep.conductanceMicrosiemens.map((g, i) => (i < 256 ? Number.NaN : g));
      const { relativeErrors } = assess(laid, [{ ...sweep, conductanceMicrosiemens }, ...sweeps], 3600);
      expect(relativeErrors.every(Number.isFinite)).toBe(true);
    }
    await expect(storyOf(store, "r1", { network: toyNetwork("other", 4) })).rejects.toThrow(
      "Run r1 does not hold the network other",
    );
    await store.close();
    const identity = await chip.driver.identify();
    const once = await openWorkspace(emptyFolder());
    await once.beginRun({ ...plan, sweepTimesSeconds: [1] }, identity, "2026-01-01T00:00:00Z");
    for (const one of turns) await once.appendTurn("r1", one);
    for (const sweep of sweeps.filter(({ timeSeconds }) => timeSeconds === 1))
      await once.appendSweep("r1", sweep);
    await once.endRun("r1", "done");
    const report = await reportOf({ store: once }, { network });
    expect(report.html).toMatch(/<h2>Accuracy<\/h2><p class="note">The network gets [\d.]+\s% of 597/);
    expect(report.of("accuracy_over_time", series)).toHaveLength(1);
    await once.close();
    const never = await openWorkspace(emptyFolder());
    await never.beginRun({ ...plan, sweepTimesSeconds: [] }, identity, "2026-01-01T00:00:00Z");
    await expect(storyOf(never, "r1", { network })).rejects.toThrow(
      "Run r1 was never read as a whole, so the accuracy of the network on it is not known. mho watch r1 reads it.",
    );
    await never.close();
  });

  it("says of a run that was stopped how far it came, and of every run when it was begun", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const store = await openWorkspace(emptyFolder());
    const stop = { requested: false };
    const stopAtFirst = (event: { type: string }): void => void (stop.requested ||= event.type === "turn");
    await expect(
      carryOut(chip, store, planToWatch(chip), { stop, onEvent: stopAtFirst }),
    ).rejects.toMatchObject({ code: "interrupted" });
    const { overview, outcome } = await judgeRun(store, "r1");
    const { pending } = overview.verdicts;
    expect([outcome, pending > 0]).toEqual(["interrupted", true]);
    const { html, csv } = await reportOf({ store });
    expect(html).toMatch(/<h1><em>Interrupted<\/em>: [\d,]+ of <em>1,316 devices<\/em> are in place and/);
    expect(html).toContain("There is no yield until all devices have a verdict.");
    const unsettled = pending + overview.verdicts["in place"];
    expect(html).toContain(`and ${unsettled.toLocaleString("en")} have no verdict yet`);
    expect(csv).toContain("# interrupted; begun 2026-01-01T00:00:");
    expect(usual.html).toContain("begun 2026-01-01 00:00 UTC");
    expect(usual.html).not.toContain("no verdict yet");
    await store.close();
  });

  it("has the errors of all weights where a few devices were corrected", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const first = await done({}, emptyFolder(), chip);
    const some = (targets: Float32Array): Float32Array => targets.map((g, i) => (i % 5 ? Number.NaN : g));
    const tiles = first.plan.tiles.map((tile) => ({
      ...tile,
      targetsMicrosiemens: some(tile.targetsMicrosiemens),
    }));
    const plan = { ...first.plan, corrects: "r1", tiles, sweepTimesSeconds: [1, 3600] };
    const { store } = first;
    const trim = await carryOut(chip, store, plan);
    const sweeps = await collect(store.sweeps(trim));
    const { html, csv } = renderRun(await storyOf(store, trim));
    const course = tidyRows(csv).filter(
      ({ figure, series }) => figure === "error_over_time" && series === "root mean square",
    );
    expect(course.map(({ x }) => x)).toEqual([1, 3600]);
    for (const { x, y } of course)
      expect(y).toBeCloseTo(rms(errorsAt({ ...first, plan, sweeps }, x, weightErrors)), 3);
    expect(withoutTerms(html)).toMatch(/<h1><em>[\d.]+\s%<\/em> of \d+ corrected devices/);
    await store.close();
  });

  it("has weight errors by age, in whatever order its tiles were read", async () => {
    const { store, sweeps } = await done();
    const after = (seconds: number): SweepRecord => ({
      ...sweeps[0]!,
      timeSeconds: 60,
      rowTimesMicroseconds: sweeps[0]!.rowTimesMicroseconds.map((at) => at + 1e6 * (seconds - 1)),
    });
    await store.appendSweep("r1", after(60.4));
    const ages = async (): Promise<number[]> =>
      (await judgeRun(store, "r1")).errors.map(({ timeSeconds }) => timeSeconds);
    expect(await ages()).toEqual([1, 60, 3600, 86_400]);
    await store.close();
  });

  it("has them at the age at which they were truly read, where that was late", async () => {
    const { store, sweeps } = await done({ sweepTimesSeconds: [1] });
    for (const sweep of sweeps) {
      const rowTimesMicroseconds = sweep.rowTimesMicroseconds.map((at) => at + 899e6);
      await store.appendSweep("r1", { ...sweep, timeSeconds: 6, rowTimesMicroseconds });
    }
    const { errors } = await judgeRun(store, "r1");
    expect(errors.map(({ timeSeconds }) => Math.round(timeSeconds))).toEqual([1, 900]);
    const { of, html } = await reportOf({ store });
    expect(of("error_over_time", "root mean square").map(({ x }) => Math.round(x))).toEqual([1, 900]);
    expect(html).toMatch(/after 15(\.0)?\smin\./);
    await store.close();
  });

  it("gives the error over time with its band as the store's own reads do", async () => {
    const { of } = usual;
    const course = of("error_over_time", "root mean square");
    const bands = of("error_over_time").filter(({ series }) => series.startsWith("median"));
    expect(course.map(({ x }) => x)).toEqual([1, 3600, 86_400]);
    course.forEach(({ x, y }, k) => {
      const errors = errorsAt(run, x, weightErrors).toSorted((a, b) => a - b);
      expect(y).toBeCloseTo(rms(errors), 3);
      const quantile = (share: number): number => errors[Math.ceil(share * errors.length) - 1]!;
      expect(bands[k]!.low).toBeCloseTo(quantile(0.1), 3);
      expect(bands[k]!.y).toBeCloseTo(quantile(0.5), 3);
      expect(bands[k]!.high).toBeCloseTo(quantile(0.9), 3);
    });
  });

  it("converges as the journal's own reads do, and fires at whom the journal says", async () => {
    const { of } = usual;
    const devices = run.plan.tiles.flatMap(({ targetsMicrosiemens }) =>
      Array.from(targetsMicrosiemens).filter((g) => !Number.isNaN(g)),
    ).length;
    const last = run.plan.tiles.map(() => new Float32Array(512).fill(Number.NaN));
    // A tile that has ended stays as it is; tiles take their turns side by side.
    const courses = run.plan.tiles.map((tile, t) =>
      run.turns
        .filter((turn) => turn.tile === t)
        .map((turn) => {
          turn.devices.forEach((device, k) => {
            const read = turn.conductanceMicrosiemens[k]!;
            if (!Number.isNaN(read)) last[t]![device] = read;
          });
          const fired = turn.devices.filter((_, k) => turn.orders.some(({ codes }) => codes[k] !== 0)).length;
          return { errors: weightErrors(tile, last[t]!), fired };
        }),
    );
    const turns = Math.max(...courses.map(({ length }) => length));
    const rows = of("convergence");
    expect(rows.at(-1)!.x).toBe(turns);
    for (const { x, y } of rows) {
      const errors = courses.flatMap((course) => course[Math.min(x, course.length) - 1]!.errors);
      expect(y).toBeCloseTo(rms(errors), 2);
    }
    for (const { x, y } of of("devices_fired_at")) {
      const fired = courses.reduce((sum, course) => sum + (course[x - 1]?.fired ?? 0), 0);
      expect(y).toBeCloseTo((100 * fired) / devices, 6);
    }
  });

  it("puts the law's band of ±σν about the medians of devices that began alike", async () => {
    const { of, html } = usual;
    const sweeps = run.sweeps.filter(({ tile }) => tile === 0);
    const { flags, conductanceMicrosiemens: first } = sweeps[0]!;
    const chosen = Array.from(first, (g, i) => ({ g, i })).filter(
      ({ g, i }) =>
        g >= 7.75 && g < 13.5 && flags[i] === 0 && !Number.isNaN(run.plan.tiles[0]!.targetsMicrosiemens[i]!),
    );
    const median = (values: readonly number[]): number =>
      values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1]!;
    const start = median(chosen.map(({ g }) => g));
    const measured = of("drift").filter(({ series }) => series.startsWith("read first at 7.75"));
    expect(measured.length).toBe(3);
    sweeps.forEach(({ conductanceMicrosiemens }, k) => {
      // Devices that were given up do not count: few enough to leave the median nearly alone.
      const shares = median(chosen.map(({ g, i }) => conductanceMicrosiemens[i]! / g));
      expect(measured[k]!.y).toBeCloseTo(start * shares, 0);
    });
    const law = of("drift").filter(
      ({ series }) =>
        series.startsWith("law of pcm-90nm") &&
        Math.abs(Number(/[\d.]+(?= µS)/.exec(series)![0]) - start) < 0.5,
    );
    expect(law[0]).toMatchObject({ x: measured[0]!.x });
    const stretch = Math.log((law.at(-1)!.x + 1) / (law[0]!.x + 1));
    const exponent = (value: number): number => Math.log(law[0]!.y / value) / stretch;
    // Between 10 and 12 µS the published exponents are 0.049 ± 0.008.
    const { y, low, high } = law.at(-1)!;
    expect(exponent(y)).toBeCloseTo(0.049, 3);
    expect(exponent(high)).toBeLessThan(exponent(y));
    expect(exponent(low) - exponent(y)).toBeCloseTo(exponent(y) - exponent(high), 6);
    expect(html).toContain("in its band of ν ± σ");
  });

  it("shows the old and the new law, and what was measured, when a fitted model is named", async () => {
    const fitted: PowerLawDefinition = {
      ...pcm90nmDefinition,
      name: "mine",
      driftExponentMean: [{ kind: "polynomial", coefficients: [0.08, -0.04] }],
      fit: { modelBefore: "pcm-90nm" } as FitRecord,
    };
    const { of, html } = await reportOf(run, { model: fitted });
    const fresh = of("drift_exponent", "new law, mine");
    for (const { x, y } of fresh) expect(y).toBeCloseTo(0.08 - (0.04 * x) / 25, 9);
    expect(of("drift_exponent", "law before, pcm-90nm").length).toBeGreaterThan(10);
    const measured = of("drift_exponent", "measured, median and quarters");
    expect(measured.length).toBeGreaterThan(4);
    for (const { y, low, high } of measured) expect(low <= y && y <= high).toBe(true);
    // Births of the emulator drift with about 0.05 where they conduct well.
    expect(measured.at(-1)!.y).toBeCloseTo(0.05, 1);
    expect(html).toContain("the fitted law of mine");
  });

  it("draws what the strategy foresaw, all layers together, beside what came", async () => {
    const strategy = smallStrategy();
    const { of, html } = await reportOf(run, { strategy });
    const foreseen = of("error_over_time", "as the strategy foresaw");
    expect(foreseen.map(({ x }) => x)).toEqual(strategy.timesSeconds);
    foreseen.forEach(({ y }, t) => {
      const [narrow, wide] = strategy.layers.map(({ predicted }) => predicted.rmsPercentByTime[t]!);
      expect(y).toBeCloseTo(Math.sqrt((narrow! * narrow! + 2 * wide! * wide!) / 3), 9);
    });
    const best = of("foreseen_weight_error", "wide: this strategy");
    expect(best.map(({ y }) => y)).toEqual(strategy.layers[1]!.predicted.rmsPercentByTime);
    expect(html).toContain("wide: predicted weight error");
    expect(usual.html).not.toContain("predicted weight error");
  });

  it("maps every device's target, read, error and verdict", async () => {
    const { of, html } = usual;
    const { targetsMicrosiemens } = run.plan.tiles[0]!;
    const ofTile = Array.from({ length: 128 }, (_, cell) => cell).filter((cell) => cell % 9 !== 0).length;
    const read = run.sweeps.find(({ tile }) => tile === 0)!.conductanceMicrosiemens;
    for (const [device, name] of ["G+", "G−", "g+", "g−"].entries()) {
      const targets = of("conductance_map", `target ${name}`);
      expect(targets.length).toBe(ofTile);
      for (const { x, y } of targets) expect(y).toBeCloseTo(targetsMicrosiemens[4 * x + device]!, 4);
      for (const { x, y } of of("error_map", `error ${name}`)) {
        expect(y).toBeCloseTo(read[4 * x + device]! - targetsMicrosiemens[4 * x + device]!, 4);
      }
    }
    const { verdicts } = await summarise(run.store, "r1");
    const ended = of("verdict_map").filter(({ y }) => y === 1).length;
    expect(ended).toBeGreaterThan(0.4 * verdicts.accepted);
    expect(html.match(/<img /g)!.length).toBe(16);
  });

  it("maps cells of two devices too", async () => {
    const story = await storyOf(run.store, "r1");
    const { html } = renderRun({ ...story, map: { ...story.map!, devicesPerCell: 2 } });
    expect(html.match(/<img /g)!.length).toBe(8);
    expect(html).toContain('alt="verdict, G−,');
    expect(html).not.toContain('alt="verdict, g+,');
  });

  it("draws no map of a single colour: its sentence says as much", async () => {
    const story = await storyOf(run.store, "r1");
    const { html } = renderRun({
      ...story,
      map: { ...story.map!, verdicts: story.map!.verdicts!.map(() => verdicts.accepted) },
    });
    expect(html.match(/<img /g)!.length).toBe(12);
    expect(withoutTerms(html)).toMatch(/all of them ended accepted\./);
    expect(html).not.toContain('alt="verdict');
  });

  it("says where rows and columns are, and which hatch is no target", () => {
    expect(usual.html).toContain('<span class="rows"><b>3</b><i>row</i><b>4</b></span>');
    expect(usual.html).toContain('<span class="columns"><b>0</b><i>column</i><b>63</b></span>');
    expect(usual.html).toContain('<span class="key none"></span>no target');
  });

  it("needs no script and nothing from elsewhere, and makes a hostile title harmless", async () => {
    const { html, csv } = usual;
    expect(html).not.toMatch(
      /<script|<link|<iframe|javascript:|@import|https?:\/\/(?!www\.w3\.org)|\son\w+="/i,
    );
    expect(html).not.toMatch(/<img src=x|<[^>]*onerror/);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(csv.split("\n").filter((line) => line.includes("alert"))).toEqual([
      expect.stringMatching(/^# run r1: /),
    ]);
  });

  it("is the same for the same store", async () => {
    const again = await reportOf(run);
    expect(again.html).toBe(usual.html);
    expect(again.csv).toBe(usual.csv);
  });

  it.each<[string, Partial<RunPlan>]>([
    ["a run that was never swept", { sweepTimesSeconds: [] }],
    ["a run that was swept once", { sweepTimesSeconds: [1] }],
    ["conductances that hold no weight", { tiles: [{ ...tileOf(0), cells: undefined }] }],
    [
      "three devices",
      {
        tiles: [
          {
            block: { tile: 0, rowStart: 0, rowCount: 1 },
            targetsMicrosiemens: Float32Array.from({ length: 256 }, (_, i) => (i < 3 ? 8 + i : Number.NaN)),
          },
        ],
      },
    ],
    ["one blind pulse a device", { method: "open-loop" }],
    [
      "a tile without a target",
      { tiles: [{ ...tileOf(0), targetsMicrosiemens: new Float32Array(512).fill(Number.NaN) }, tileOf(1)] },
    ],
  ])("leaves out what %s cannot show, and holds no NaN", async (_, over) => {
    const { html, csv, of } = await reportOf(await done(over));
    expect(html.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined|Infinity/);
    expect(csv).not.toMatch(/NaN|undefined|Infinity/);
    for (const [, drawing] of html.matchAll(/<figure>(.*?)<\/figure>/gs))
      expect(drawing).toMatch(/<path|<img/);
    if ((over.sweepTimesSeconds ?? [1, 2, 3]).length < 3) expect(of("drift")).toEqual([]);
  });

  it("takes what was read last while programming for a run that was never swept", async () => {
    const { html, of } = await reportOf(await done({ sweepTimesSeconds: [] }));
    expect(of("device_error_cdf", "as last read while programming").length).toBe(102);
    expect(html).toContain("When last read while it was programmed");
  });

  it("does not count devices without a target on a tile that was not begun", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const store = await openWorkspace(emptyFolder());
    const plan = { ...planToWatch(chip), tiles: [tileOf(0), tileOf(1)] };
    const run = await store.beginRun(plan, await chip.driver.identify(), "2026-01-01T00:00:00Z");
    const { devices, verdicts } = await summarise(store, run);
    expect(devices).toBe(2 * 4 * 113);
    expect(verdicts.pending).toBe(devices);
  });
});

describe("the link of a run", () => {
  const turnAt = (seconds: number, uncertainRows = 0): TurnRecord => ({
    ...anyTurn,
    decidedAt: wallTime(seconds),
    fired: {
      ...anyTurn.fired,
      fates: Uint8Array.from({ length: 4 }, (_, k) =>
        k < uncertainRows ? rowFates.uncertain : rowFates.fired,
      ),
    },
  });
  const wallTime = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + 1000 * seconds).toISOString();
  const fold = (): LinkFold => new LinkFold((text) => Date.parse(text) / 1000);

  it("is judged by its losses, how long they lasted, and rows of which nobody knows", () => {
    const link = fold();
    for (let k = 0; k <= 60; k++) link.add(turnAt(k < 30 ? k : k + 10, k === 30 ? 3 : 0));
    const quality = link.quality([
      { notedAt: wallTime(29.5), what: "link-lost", text: "" },
      { notedAt: wallTime(39), what: "link-back", text: "" },
      { notedAt: wallTime(65), what: "link-lost", text: "" },
      { notedAt: wallTime(69), what: "failed", text: "" },
    ]);
    expect(quality).toMatchObject({ uncertainRows: 3, turns: 61, workSeconds: 70 });
    expect(quality.losses).toEqual([
      { atSeconds: 29.5, backAfterSeconds: 9.5 },
      { atSeconds: 65, backAfterSeconds: Number.NaN },
    ]);
    const span = 70 / quality.pace.length;
    const turns = quality.pace.reduce((sum, { turnsPerSecond }) => sum + turnsPerSecond * span, 0);
    expect(turns).toBeCloseTo(61, 9);
    expect(quality.pace.map(({ uncertainRows }) => uncertainRows).at(-1)).toBe(3);
    expect(quality.pace[0]!.uncertainRows).toBe(0);
  });

  it("is not blamed for the days between a stop and a resumption", () => {
    const link = fold();
    for (let k = 0; k < 40; k++) link.add(turnAt(k < 20 ? k : k + 86_400));
    const { workSeconds, pace } = link.quality([
      { notedAt: wallTime(21), what: "stopped", text: "" },
      { notedAt: wallTime(86_419), what: "resumed", text: "" },
    ]);
    // 19 s before, none of the night, 20 s after it was resumed.
    expect(workSeconds).toBe(39);
    expect(Math.min(...pace.map(({ turnsPerSecond }) => turnsPerSecond))).toBeGreaterThan(0.9);
  });

  it("is told of by the run's notes and turns, in the page and in the table", async () => {
    const noted = await done();
    const begun = Date.parse(noted.turns[0]!.decidedAt) / 1000;
    const at = (seconds: number): string => new Date(1000 * (begun + seconds)).toISOString();
    await noted.store.appendNote("r1", { notedAt: at(4), what: "link-lost", text: "no answer" });
    await noted.store.appendNote("r1", { notedAt: at(6.5), what: "link-back", text: "boot 1" });
    const { html, of } = await reportOf(noted);
    expect(of("link_losses").map(({ x, y }) => [x, y])).toEqual([[4, 2.5]]);
    expect(html).toContain("The link was lost once, and came back within 2.5 s");
    const rates = of("link", "turns a second");
    const span = rates[1]!.x - rates[0]!.x;
    expect(rates.reduce((sum, { y }) => sum + y * span, 0)).toBeCloseTo(noted.turns.length, 6);
  });
});

describe("mho report of a run", () => {
  const report = async (what: string, options: ReportOptions) =>
    (await openBench({ workspace: run.folder })).report(what, options);

  it("writes page and table side by side and tells both paths", async () => {
    const folder = join(emptyFolder(), "deep");
    const out = join(folder, "run.html");
    await expect(report("r1", { out })).rejects.toThrow(
      `there is no folder ${folder}. Name another file with the option out.`,
    );
    mkdirSync(folder);
    const files = await report("r1", { out });
    const figures = out.replace(".html", ".figures.csv");
    expect(files).toEqual({ report: out, figures });
    const { html, csv } = usual;
    expect(withoutTerms(readFileSync(out, "utf8"))).toBe(html);
    expect(readFileSync(figures, "utf8")).toBe(csv);
  });

  it("spares the table of that name, and whatever is no page", async () => {
    const folder = emptyFolder();
    const [own, strategy] = [join(folder, "one.csv"), join(folder, "strategy.json")];
    for (const file of [own, strategy]) writeFileSync(file, "mine");
    await report("r1", { out: join(folder, "one.html") });
    for (const out of [strategy, folder, join(folder, ".html")]) {
      await expect(report("r1", { out })).rejects.toMatchObject({
        code: "bad-argument",
        message: expect.stringMatching(
          /The option out .*: a report is a page.* ends in \.html or \.htm/,
        ) as string,
      });
    }
    for (const file of [own, strategy]) expect(readFileSync(file, "utf8")).toBe("mine");
    await report("r1", { out: join(folder, "two.HTM") });
    expect(readdirSync(folder).sort()).toEqual([
      "one.csv",
      "one.figures.csv",
      "one.html",
      "strategy.json",
      "two.HTM",
      "two.figures.csv",
    ]);
  });

  it("leaves no table where the page cannot be written", async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "run.html"));
    await expect(report("r1", { out: join(folder, "run.html") })).rejects.toMatchObject({
      code: "output-failed",
    });
    expect(readdirSync(folder)).toEqual(["run.html"]);
  });

  it("refuses flags of a run for a model", async () => {
    const asked = { out: join(emptyFolder(), "x.html"), strategy: "s.json" };
    await expect(report("pcm-90nm", asked)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("The option strategy goes with the report of a run") as string,
    });
  });
});
