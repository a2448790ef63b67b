import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { normalOf, Random } from "../src/random.ts";
import { lotLaw, type LotChip } from "../src/results/lot.ts";
import { lotBinMiddle, lotBinOf, lotBins, LotSums, type LotSum } from "../src/results/lotSums.ts";
import { studentBeyond } from "../src/results/studentT.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { writeAgedRun } from "./support/agedRuns.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const max = 25;

interface Drawn {
  readonly chips: LotChip[];
  readonly sums: LotSum[];
}

/** A lot whose devices, tiles, chips and wafers differ so much in ν. */
function drawLot(
  seed: number,
  given: {
    readonly wafers?: number;
    readonly chipsPerWafer: number;
    readonly tiles?: number;
    /** Of a tile, in each bin. */
    readonly devices?: number;
    readonly device?: number;
    readonly tile?: number;
    readonly chip?: number;
    readonly wafer?: number;
    /** Of the first chip, beside chance. */
    readonly odd?: number;
  },
): Drawn {
  const { wafers = 1, chipsPerWafer, tiles = 2, devices = 30 } = given;
  const { device = 0.02, tile = 0.001, chip = 0.003, wafer = 0, odd = 0 } = given;
  const random = new Random(seed).fork("lot");
  let draws = 0;
  const normal = (): number => normalOf(random.at(draws++, 0).word0);
  const chips: LotChip[] = [];
  const sums: LotSum[] = [];
  for (let w = 0; w < wafers; w++) {
    const ofWafer = wafer * normal();
    for (let c = 0; c < chipsPerWafer; c++) {
      const name = `chip ${w}.${c}`;
      chips.push({ chip: name, ...(wafers > 1 && { wafer: `W${w}` }) });
      const ofChip = ofWafer + chip * normal() + (w === 0 && c === 0 ? odd : 0);
      for (let tileNumber = 0; tileNumber < tiles; tileNumber++) {
        const ofTile = ofChip + tile * normal();
        for (let bin = 0; bin < lotBins; bin++) {
          const mean =
            0.08 - 0.002 * lotBinMiddle(bin, max) + ofTile + (device * normal()) / Math.sqrt(devices);
          sums.push({
            chip: name,
            tile: tileNumber,
            quantity: "drift_exponent",
            bin,
            devices,
            sum: devices * mean,
            squares: devices * mean * mean + (devices - 1) * device * device,
            noise: 0,
          });
        }
      }
    }
  }
  return { chips, sums };
}

function lineOf(conductanceMicrosiemens: number, exponent: number, exponentError = 0) {
  const ages = { reads: 8, firstAgeSeconds: 1, lastAgeSeconds: 1e5 };
  return { ...ages, exponent, exponentError, conductanceMicrosiemens, residual: 0.01 };
}

describe("the law of a lot", () => {
  it("has the spreads of devices, tiles, chips and wafers that the lot was drawn with", () => {
    const drawn = { wafers: 6, chipsPerWafer: 12, tiles: 4, tile: 0.002, chip: 0.004, wafer: 0.006 };
    const roots = { tile: 0, chip: 0, wafer: 0, device: 0 };
    const lots = 20;
    for (let seed = 1; seed <= lots; seed++) {
      const { chips, sums } = drawLot(seed, drawn);
      const law = lotLaw("drift_exponent", chips, sums);
      roots.device += law.deviceStd ** 2 / lots;
      roots.tile += law.tileStd! ** 2 / lots;
      roots.chip += law.chipStd! ** 2 / lots;
      roots.wafer += law.waferStd! ** 2 / lots;
    }
    // Of 20 lots: tiles to 2 %, chips to 3 %, wafers (100 degrees of freedom) to 7 %, one standard error each.
    expect(Math.sqrt(roots.device)).toBeCloseTo(0.02, 3);
    expect(Math.abs(Math.sqrt(roots.tile) / 0.002 - 1)).toBeLessThan(0.06);
    expect(Math.abs(Math.sqrt(roots.chip) / 0.004 - 1)).toBeLessThan(0.09);
    expect(Math.sqrt(roots.wafer) / 0.006).toBeGreaterThan(0.75);
    expect(Math.sqrt(roots.wafer) / 0.006).toBeLessThan(1.25);
  });

  it("has its means by conductance, with each chip counted alike", () => {
    const { chips, sums } = drawLot(3, { chipsPerWafer: 10, chip: 0, tile: 0 });
    for (const { bin, mean, devices } of lotLaw("drift_exponent", chips, sums).bins) {
      const truth = 0.08 - 0.002 * lotBinMiddle(bin, max);
      expect(Math.abs(mean - truth)).toBeLessThan((4 * 0.02) / Math.sqrt(devices) + 2e-4);
    }
  });

  it("takes a chip for unlike in about one lot in twenty, where all are alike", () => {
    let alarms = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const { chips, sums } = drawLot(seed, { chipsPerWafer: 8 });
      if (lotLaw("drift_exponent", chips, sums).chips.some(({ like }) => like === false)) alarms++;
    }
    // 15 of 300; 99.9 % of such counts lie within 4 … 30.
    expect(alarms).toBeGreaterThanOrEqual(2);
    expect(alarms).toBeLessThanOrEqual(30);
  });

  it("finds a chip that lies eight spreads off, and no other", () => {
    const { chips, sums } = drawLot(5, { chipsPerWafer: 12, odd: 0.03 });
    const law = lotLaw("drift_exponent", chips, sums);
    expect(law.chips.filter(({ like }) => like === false).map(({ chip }) => chip)).toEqual(["chip 0.0"]);
    expect(Math.abs(law.chips[0]!.fromOthers - 0.03)).toBeLessThan(0.012);
  });

  it("says of fewer than four chips where they lie, and not whether they are alike", () => {
    const { chips, sums } = drawLot(2, { chipsPerWafer: 3 });
    for (const { like, offset, limit } of lotLaw("drift_exponent", chips, sums).chips)
      expect([like, Number.isFinite(offset), limit]).toEqual([undefined, true, Number.NaN]);
  });

  it("is the same whoever added the sums up, in whatever order", () => {
    const { chips, sums } = drawLot(7, { chipsPerWafer: 5 });
    const law = lotLaw("drift_exponent", chips, sums);
    fc.assert(
      fc.property(fc.shuffledSubarray([...sums], { minLength: sums.length }), (shuffled) => {
        const other = lotLaw("drift_exponent", chips, shuffled);
        expect(other.chipStd).toBeCloseTo(law.chipStd!, 10);
        other.chips.forEach(({ offset }, k) => expect(offset).toBeCloseTo(law.chips[k]!.offset, 10));
      }),
      { numRuns: 20 },
    );
  });

  it("does not count the errors of the lines as a spread of devices", () => {
    const random = new Random(1).fork("noise");
    const chips = ["a", "b"].map((chip) => ({ chip }));
    const sums = chips.flatMap(({ chip }, c) => {
      const collected = new LotSums(chip, max);
      for (let d = 0; d < 4000; d++) {
        const [born, read] = [0, 1].map((k) => normalOf(random.at(c * 4000 + d, k).word0)) as [
          number,
          number,
        ];
        collected.add(0, lineOf(12, 0.05 + 0.01 * born + 0.02 * read, 0.02), Number.NaN);
      }
      return collected.sums();
    });
    // The variance is known to 3 %, of which the noise is four fifths: 8 % of the rest, one standard error.
    const { deviceStd } = lotLaw("drift_exponent", chips, sums);
    expect(deviceStd).toBeGreaterThan(0.0085);
    expect(deviceStd).toBeLessThan(0.0115);
  });
});

describe("mho lot", () => {
  const lotOf = async (drifts: readonly number[]): Promise<string> => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    for (const [k, times] of drifts.entries())
      await writeAgedRun(store, k, 8, { serialNumber: `EMU-${k + 1}`, drifts: times });
    await store.close();
    return folder;
  };

  it("names the chip that drifts unlike the others, in a table, on a page and as numbers", async () => {
    const folder = await lotOf([1, 1, 1, 1, 1.5]);
    const page = join(folder, "lot.html");
    const args = ["lot", "r1", "r2", "r3", "r4", "r5", "--out", page, "--workspace", folder];
    const { code, out } = await mho(...args);
    expect(code).toBe(0);
    expect(out).toContain("Drift exponent ν: 1 of 5 chips is unlike the others: pcm-64 EMU-5.");
    expect(readFileSync(page, "utf8")).toContain("pcm-64 EMU-5");
    const told = eventLines((await mho(...args, "--json")).out).at(-1);
    const like = { chips: [true, true, true, true, false].map((one) => ({ like: one })) };
    expect(told).toMatchObject({ command: "lot", laws: [like, {}] });
  });

  it("takes wafers from the notes of chips", async () => {
    const folder = await lotOf([1, 1]);
    await using bench = await openBench({ workspace: folder });
    await bench.note("pcm-64/EMU-2", undefined, { wafer: "W7", die: "3,4" });
    const { runs } = await bench.lot(["r1", "r2"]);
    expect(runs.map(({ wafer, die }) => [wafer, die])).toEqual([
      [undefined, undefined],
      ["W7", "3,4"],
    ]);
  });

  it.each([
    [["r1", "r1"], /Name runs of two chips or more/],
    [["r1", "r3"], /Runs r1 and r3 are both of the chip pcm-64 EMU-1\. Name one run of each chip/],
    [["r1", "r2", "r4"], /The devices of r4 were not read at three ages/],
    [["r1", "r9"], /r9/],
  ])("refuses %s", async (runs, message) => {
    const folder = await lotOf([1, 1]);
    const store = await openWorkspace(folder);
    await writeAgedRun(store, 2, 8, { serialNumber: "EMU-1" });
    await writeAgedRun(store, 3, 1, { serialNumber: "EMU-3" });
    await store.close();
    const { code, err } = await mho("lot", ...runs, "--workspace", folder);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("a bin of conductance", () => {
  it("holds its middle, and nothing beneath the least share", () => {
    for (let bin = 0; bin < 12; bin++) expect(lotBinOf(lotBinMiddle(bin, max), max)).toBe(bin);
    expect(lotBinOf(0.5, max)).toBeUndefined();
  });
});

describe("Student's t", () => {
  it.each([
    [0.05, 1, 12.7062],
    [0.05, 2, 4.30265],
    [0.05, 3, 3.18245],
    [0.05, 5, 2.57058],
    [0.01, 4, 4.60409],
    [0.005, 3, 7.45332],
    [0.001, 10, 4.58689],
    [0.05, 30, 2.04227],
  ])("is exceeded on either side with %f at %i degrees of freedom beyond the tabled point", (p, n, point) => {
    expect(studentBeyond(p, n)).toBeCloseTo(point, 2);
  });
});
