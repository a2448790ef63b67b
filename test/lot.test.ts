import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalOf, Random } from "../src/random.ts";
import { lotLaw, type LotChip } from "../src/results/lot.ts";
import { lotBinMiddle, lotBinOf, lotBins, LotSums, type LotSum } from "../src/results/lotSums.ts";
import { studentBeyond } from "../src/results/studentT.ts";

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
