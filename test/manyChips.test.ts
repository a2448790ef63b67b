import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readWeights } from "../files/weights.ts";
import { accuracyMeasure } from "../src/results/networkMeasure.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import { builtInDialects, type LabDialect } from "../lab/dialects.ts";
import type { StampedEvent } from "../lab/events.ts";
import { optimize, writeStrategy } from "../lab/optimize.ts";
import { runAccuracy } from "../lab/runAccuracy.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import { MhoError } from "../src/errors.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { normalOf, Random } from "../src/random.ts";
import { recall } from "../src/run/recall.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { safetensors } from "./support/safetensors.ts";
import { withoutSearch } from "./support/smallNetwork.ts";

removeFoldersAfterAll();

const [left, right, third] = [1, 2, 3].map((seed) => `emulator:pcm-64?seed=${seed}`) as [
  string,
  string,
  string,
];
const folder = emptyFolder();
let weights: string;
/** For two tiles: a layer each. */
let strategy: string;
/** The same of few weights, where how well it is programmed does not matter. */
let smallStrategy: string;

async function optimised(name: string, tensors?: string[], file = weights): Promise<string> {
  const found = await optimize(file, {
    model: "pcm-90nm",
    ...(tensors && { tensors }),
    translation: withoutSearch,
    per: "layer",
    tileShape: [64, 64],
  });
  return (await writeStrategy(found, join(folder, name))).file;
}

beforeAll(async () => {
  weights = weightsFile("two.safetensors", 10, 24);
  strategy = await optimised("strategy.json");
  smallStrategy = await optimised("small.json", undefined, weightsFile("small.safetensors", 6, 16));
});

function weightsFile(name: string, inputs: number, outputs: number): string {
  const random = new Random(2).fork("weights");
  const values = (layer: number): Float32Array =>
    Float32Array.from({ length: inputs * outputs }, (_, i) => 0.2 * normalOf(random.at(i, layer).word0));
  const file = join(folder, name);
  const shape = [outputs, inputs];
  const layers = { "fc1.weight": { shape, values: values(1) }, "fc2.weight": { shape, values: values(2) } };
  writeFileSync(file, safetensors(layers));
  return file;
}

/** A chip that refuses all pulses after its first so many. */
function fragile(pulses: number): LabDialect {
  const packet = builtInDialects[0]!;
  return {
    ...packet,
    name: "fragile",
    open(transport, options) {
      const driver = packet.open(transport, options);
      let left = pulses;
      const pulse = driver.pulse.bind(driver);
      driver.pulse = (...given) => {
        if (left-- > 0) return pulse(...given);
        throw new MhoError("chip-refused", `The chip at ${options.address} says that its supply failed.`);
      };
      return driver;
    },
  };
}

async function benchIn(
  workspace: string,
  options: Parameters<typeof openBench>[0] = {},
): Promise<{ bench: Bench; told: StampedEvent[] }> {
  const told: StampedEvent[] = [];
  const bench = await openBench({ workspace, ...options, onEvent: (event) => void told.push(event) });
  return { bench, told };
}

/** What a run's devices read at last, µS. */
async function readOf(bench: Bench, run: string): Promise<Float32Array[]> {
  const store = await bench.store();
  const read: Float32Array[] = [];
  for await (const { conductanceMicrosiemens } of store.sweeps(run)) read.push(conductanceMicrosiemens);
  return read;
}

describe("a network over two chips", () => {
  const workspace = emptyFolder();
  let bench: Bench;
  let told: StampedEvent[];

  beforeAll(async () => {
    ({ bench, told } = await benchIn(workspace));
    expect(await bench.program(strategy, { chips: [left, right] })).toBe("n1");
  });

  it("holds in each weight exactly what its chip gives by itself", async () => {
    for (const [k, chip] of [left, right].entries()) {
      const layer = await optimised(`layer${k}.json`, [`fc${k + 1}.weight`]);
      const alone = await openBench({ workspace: emptyFolder(), chip });
      const run = await alone.program(layer);
      const [read, meant] = [await readOf(bench, `r${k + 1}`), await readOf(alone, run)];
      expect(read).toHaveLength(1);
      expect(read).toEqual(meant);
      await alone.close();
    }
  });

  it("is judged as one: the devices, the yield and the weight error of both runs together", async () => {
    const [whole, ...parts] = await Promise.all(["n1", "r1", "r2"].map((id) => bench.result(id)));
    const [devices, accepted] = parts.reduce(
      ([all, good], { overview }) => [
        all + overview.devices,
        good + overview.verdicts.accepted + overview.verdicts["accepted outside tolerance"],
      ],
      [0, 0],
    );
    expect(whole!.outcome).toBe("done");
    expect(whole!.overview.devices).toBe(devices);
    const judged = devices - parts.reduce((sum, { overview }) => sum + overview.verdicts.unverified, 0);
    expect(whole!.yieldPercent).toBeCloseTo((100 * accepted) / judged, 6);
    const squares = parts.map(({ errors }) => errors[0]!.rmsPercent * errors[0]!.rmsPercent);
    expect(whole!.errors.map(({ rmsPercent }) => rmsPercent)).toEqual([
      expect.closeTo(Math.sqrt((squares[0]! + squares[1]!) / 2), 6) as number,
    ]);
  });

  it("does as well as on one chip that is large enough", async () => {
    const large = await openBench({ workspace: emptyFolder(), chip: "emulator:pcm-64?seed=1&tiles=2" });
    const run = await large.program(strategy);
    const [one, two] = [await large.result(run), await bench.result("n1")];
    expect(two.overview.devices).toBe(one.overview.devices);
    expect(Math.abs(two.yieldPercent! - one.yieldPercent!)).toBeLessThan(0.5);
    expect(two.errors[0]!.rmsPercent / one.errors[0]!.rmsPercent).toBeGreaterThan(0.9);
    expect(two.errors[0]!.rmsPercent / one.errors[0]!.rmsPercent).toBeLessThan(1.1);
    await large.close();
  });

  it("has one accuracy: of the network with all weights as both chips hold them", async () => {
    const layers = await readWeights(weights);
    const seen: Float32Array[][] = [];
    const network: TrainedNetwork = {
      name: "small",
      layers,
      text: "",
      leftOut: [],
      measure: accuracyMeasure,
      inputs: 1,
      softwareScore: 1,
      scoreWith: (values) => {
        seen.push([...values]);
        return Promise.resolve({ score: 1 });
      },
    };
    const whole = wholeReader(await bench.store());
    const found = await runAccuracy(whole, "n1", network, await recall(whole, "n1"));
    expect(found).toMatchObject({ layers: 2, layersHeld: 2, points: [{ timeSeconds: 1, score: 1 }] });
    for (const [k, { values }] of layers.entries()) {
      const held = seen[0]![k]!;
      expect(held).not.toEqual(values);
      const largest = values.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      const rms = Math.sqrt(
        held.reduce((sum, w, i) => sum + (w - values[i]!) * (w - values[i]!), 0) / values.length,
      );
      expect(rms / largest).toBeLessThan(0.05);
    }
  });

  it("is told of as it begins and ends, its runs with its name", () => {
    const started = told.find(({ type }) => type === "network_started");
    expect(started).toMatchObject({
      network: "n1",
      spares: 0,
      resumed: false,
      shares: [
        { share: 1, chip: left, first_tile: 0, tiles: 1, devices: 960 },
        { share: 2, chip: right, first_tile: 1, tiles: 1, devices: 960 },
      ],
    });
    const runs = told.flatMap((event) => (event.type === "started" ? [event.network] : []));
    expect(runs).toEqual(["n1", "n1"]);
    expect(told.find(({ type }) => type === "network_ended")).toMatchObject({ outcome: "done", missing: [] });
  });

  it("says of an age at which one chip was not read that nothing is known of the whole", async () => {
    await bench.watch("r1", { until: "1h", perDecade: 1 });
    const before = await bench.network("n1");
    expect(before.result!.overview.sweepTimesSeconds).toEqual([1]);
    expect(before.partlyRead.map(({ missing }) => missing)).toContainEqual(["r2"]);
    await bench.watch("n1", { until: "1h", perDecade: 4 });
    const after = await bench.network("n1");
    expect(after.result!.overview.sweepTimesSeconds).toContain(3600);
    expect(after.result!.errors.length).toBe(after.result!.overview.sweepTimesSeconds.length);
  });

  it("is fitted by its runs, and trimmed as a network of its own", async () => {
    const { record } = await bench.fit(["n1"]);
    expect(record.runs).toEqual(["r1", "r2"]);
    const trimmed = await bench.trim("n1", { timesSeconds: [3600] });
    expect(trimmed).toMatchObject({ corrects: "n1", run: "n2" });
    expect(trimmed.visit.devices).toBeGreaterThan(0);
    const { shares, corrects, result } = await bench.network("n2");
    expect(corrects).toBe("n1");
    expect(result!.overview.devices).toBeGreaterThan(0);
    const store = await bench.store();
    const held = await Promise.all(shares.map(async ({ run }) => (await store.plan(run!)).corrects ?? run));
    expect(held).toEqual(["r1", "r2"]);
    expect((await bench.network("n1")).shares.map(({ run }) => run)).toEqual(["r1", "r2"]);
  });

  it("is compared as a whole: its devices are those of its runs, and each is its own pair", async () => {
    const { runs, differences } = await bench.compare(["n1", "r1", "n2"]);
    const parts = await Promise.all(["r1", "r2"].map((run) => bench.result(run)));
    expect(runs.map(({ id }) => id)).toEqual(["n1", "r1", "n2"]);
    expect(runs[0]!.overview.pulses).toBe(parts.reduce((sum, { overview }) => sum + overview.pulses, 0));
    const weights = differences.filter(({ quantity }) => quantity === "weight_error");
    expect(weights.map(({ run, against, paired }) => [run, against, paired])).toEqual([
      ["r1", "n1", false],
      ["n2", "n1", true],
    ]);
  });

  it("is advised on as a whole: errors are means over the weights, pulses sums, time that of the slower chip", async () => {
    const [whole, ...parts] = await Promise.all(
      ["n1", "r1", "r2"].map((run) => bench.advise(run, { timesSeconds: [3600] })),
    );
    expect(whole!.choices.map(({ action }) => action)).toEqual(parts[0]!.choices.map(({ action }) => action));
    for (const [k, choice] of whole!.choices.entries()) {
      const [a, b] = parts.map(({ choices }) => choices[k]!);
      // Both layers have as many weights.
      expect(choice.tnmse).toBeCloseTo((a!.tnmse + b!.tnmse) / 2, 9);
      expect(choice.pulses).toBe(a!.pulses + b!.pulses);
      expect(choice.seconds).toBe(Math.max(a!.seconds, b!.seconds));
    }
    expect(whole!.chips).toEqual(parts.flatMap(({ chips }) => chips));
  });

  it("is calibrated as a whole: every run keeps the factors of its chip", async () => {
    await expect(bench.calibrate("n1")).rejects.toThrow(/trimmed by n2, .* mho calibrate n2/);
    const whole = await bench.calibrate("n2", { vectors: 16 });
    expect(whole.calibration.tiles.map(({ tile }) => tile)).toEqual([0, 1]);
    expect(whole.errors.column.weightPercent).toBeGreaterThan(0);
    expect(whole.before).toBeUndefined();
    const store = await bench.store();
    for (const [k, { run }] of (await bench.network("n2")).shares.entries()) {
      const kept = (await store.notes(run!)).flatMap(({ calibration }) => calibration ?? []);
      expect(kept.map(({ tiles }) => tiles[0]!.compensation)).toEqual([
        whole.calibration.tiles[k]!.compensation,
      ]);
    }
  });

  it("is exported as one table: each read of each run is in it, under the tile that it has in the whole", async () => {
    const tables = new Map<string, string[][]>();
    for (const name of ["n1", "r1", "r2"])
      for (const turns of [false, true]) {
        const { file } = await bench.export(name, {
          to: "csv",
          turns,
          out: join(workspace, `${name}.${turns}.csv`),
        });
        const lines = readFileSync(file, "utf8").trim().split("\n");
        tables.set(
          `${name} ${turns}`,
          lines.map((line) => line.split(",")),
        );
      }
    for (const turns of [false, true]) {
      const [whole, first, second] = ["n1", "r1", "r2"].map((name) => tables.get(`${name} ${turns}`)!);
      const at = whole![0]!.indexOf("tile");
      // Ages are numbered as they come, which in the whole is as they come of all.
      const others = (cells: string[]): string =>
        cells.filter((_, k) => k !== at && whole![0]![k] !== "sweep").join();
      const ofTile = (tile: string): string[] => whole!.filter((cells) => cells[at] === tile).map(others);
      const alone = (rows: string[][]): string[] => rows.slice(1).map(others);
      expect(ofTile("0").toSorted().join("\n") === alone(first!).toSorted().join("\n")).toBe(true);
      expect(ofTile("1").toSorted().join("\n") === alone(second!).toSorted().join("\n")).toBe(true);
      expect(whole!.length).toBe(first!.length + second!.length - 1);
    }
    await expect(bench.export("n1", { to: "csv", findings: true })).rejects.toThrow(
      /n1 is a network over several chips/,
    );
  });

  it("is shown and reported by the commands", async () => {
    await bench.close();
    const at = ["--workspace", workspace];
    const shown = await mho("show", "n1", ...at);
    expect(shown.out).toContain("Share 2, tile 1: r2 on pcm-64 number EMU-2");
    expect((await mho("show", ...at)).out).toMatch(/^n1 {2}done {2}over 2 chips \(r1, r2\)/m);
    expect((await mho("show", "n1", "--json", ...at)).code).toBe(0);
    expect((await mho("show", "--json", ...at)).code).toBe(0);
    const page = join(workspace, "n1.html");
    expect((await mho("report", "n1", "--out", page, ...at)).err).toBe("");
    const html = readFileSync(page, "utf8");
    for (const number of ["EMU-1", "EMU-2"])
      expect(html).toContain(`Tile 0 of pcm-64 number ${number}, device`);
  });
});

describe("a network of which a chip fails", () => {
  it("goes on, and the share of the chip begins anew on a spare", async () => {
    const { bench, told } = await benchIn(emptyFolder(), { extensions: { dialects: [fragile(5)] } });
    const broken = "emulator:pcm-64?seed=2&dialect=fragile";
    await bench.program(smallStrategy, { chips: [left, broken], spares: [third] });
    const { shares, spares, result } = await bench.network("n1");
    expect(shares.map(({ serialNumber, outcome }) => [serialNumber, outcome])).toEqual([
      ["EMU-1", "done"],
      ["EMU-3", "done"],
    ]);
    expect(spares).toEqual([]);
    expect(shares[1]!.before).toMatchObject([
      { chip: broken, why: expect.stringContaining("supply failed") as string },
    ]);
    expect(result!.outcome).toBe("done");
    expect(told.filter(({ type }) => type === "share_failed")).toMatchObject([
      { network: "n1", share: 2, chip: broken, code: "chip-refused", spare: third },
    ]);
    await bench.close();
  });

  it("from the beginning gives its share to a spare as well", async () => {
    const { bench } = await benchIn(emptyFolder());
    const silent = "tcp:127.0.0.1:1?chip=pcm-64";
    await bench.program(smallStrategy, { chips: [silent, right], spares: [third] });
    const { shares } = await bench.network("n1");
    expect(shares.map(({ serialNumber }) => serialNumber)).toEqual(["EMU-3", "EMU-2"]);
    await bench.close();
  });

  it("and that has no spare names the share that is missing, ends with 3, and goes on with another chip", async () => {
    const workspace = emptyFolder();
    const silent = "tcp:127.0.0.1:1?chip=pcm-64";
    const at = ["--workspace", workspace];
    const failed = await mho("program", smallStrategy, "--chip", left, "--chip", silent, "--json", ...at);
    expect(failed.code).toBe(3);
    expect(failed.err).toMatch(
      /Network n1 is not complete\. Share 2 of 2, at tcp:127\.0\.0\.1:1\?chip=pcm-64: .* Share 1 \(r1\) is done\..* mho resume n1 --spare ADDRESS/,
    );
    expect((await mho("show", "n1", ...at)).out).toContain("not complete; mho resume n1 goes on with it");
    const judged = await mho("report", "n1", "--network", "mlp", "--out", join(workspace, "n.html"), ...at);
    expect([judged.code, judged.err]).toEqual([2, expect.stringContaining("no run holds share 2") as string]);
    const resumed = await mho("resume", "n1", "--spare", third, "--json", ...at);
    expect(resumed.err).toBe("");
    const result = JSON.parse(resumed.out.trim().split("\n").at(-1)!) as { shares: unknown; outcome: string };
    expect(result).toMatchObject({ outcome: "done", shares: [{ run: "r1" }, { run: "r2", address: third }] });
    expect((await mho("resume", "n1", ...at)).out).toContain("n1 was done already");
  });

  it("does not go to a spare that is one of its chips", async () => {
    const { bench } = await benchIn(emptyFolder(), { extensions: { dialects: [fragile(5)] } });
    const same = `${left}&sensor=usual`;
    const failed = bench.program(smallStrategy, {
      chips: [left, `${right}&dialect=fragile`],
      spares: [same],
    });
    await expect(failed).rejects.toMatchObject({
      code: "wrong-chip",
      message: expect.stringContaining("lead to one chip, pcm-64 number EMU-1") as string,
    });
    await bench.close();
  });
});

describe("a network that is stopped", () => {
  it("leaves every chip resumable, and goes on with all of them", async () => {
    const workspace = emptyFolder();
    const stop = new AbortController();
    const bench = await openBench({
      workspace,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === "turn") stop.abort();
      },
    });
    await expect(bench.program(smallStrategy, { chips: [left, right] })).rejects.toMatchObject({
      code: "interrupted",
      message: expect.stringMatching(
        /^Network n1 was stopped \(r1 and r2\), .* Go on with mho resume n1\.$/,
      ) as string,
    });
    expect((await bench.network("n1")).shares.map(({ outcome }) => outcome)).toEqual([
      "interrupted",
      "interrupted",
    ]);
    await bench.close();
    const again = await openBench({ workspace });
    expect(await again.resume("n1")).toBe(true);
    expect((await again.result("n1")).overview.verdicts.pending).toBe(0);
    expect(await again.runs()).toHaveLength(2);
    await again.close();
  });
});

describe("chips that cannot hold a network together", () => {
  const refusal = async (chips: string[], spares: string[] = []): Promise<string> => {
    const workspace = emptyFolder();
    const bench = await openBench({ workspace });
    const error = await bench.program(smallStrategy, { chips, spares }).then(String, (failed: MhoError) => {
      expect(failed.code).toBe("bad-argument");
      return failed.message;
    });
    // Nothing was pulsed, and nothing was begun.
    const store = await bench.store().catch(() => undefined);
    expect([await store?.runs(), await store?.groups()]).toEqual(
      store === undefined ? [undefined, undefined] : [[], []],
    );
    await bench.close();
    return error;
  };

  it("are refused where one is named twice", async () => {
    expect(await refusal([left, left])).toContain(`The chip ${left} is named twice.`);
    expect(await refusal([left, right], [left])).toContain(`The chip ${left} is named twice.`);
  });

  it("are refused where two addresses lead to one", async () => {
    const same = `${left}&sensor=usual`;
    expect(await refusal([left, same])).toContain(
      `The addresses ${left} and ${same} lead to one chip, pcm-64 number EMU-1.`,
    );
  });

  it("are refused where they are too few, with how many more it takes", async () => {
    const one = await refusal([left], [third]);
    expect(one).toBe(
      "The network needs 2 tiles, and the 1 chip has 1. Name 1 more chip of 1 tile with the option chip.",
    );
  });

  it("are refused where one is not needed", async () => {
    expect(await refusal([left, right, third])).toContain("which the first 2 chips hold");
  });

  it("are refused where they are of two kinds, with what differs", async () => {
    const other = "emulator:rram-128?seed=1";
    expect(await refusal([left, other])).toMatch(
      /A network needs chips of one kind: .* are of the technologies phase-change and /,
    );
  });
});
