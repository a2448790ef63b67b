import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ChipDescription } from "../src/chip/description.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { openLoop } from "../src/program/openLoop.ts";
import { verifyPcm } from "../src/program/verifyPcm.ts";
import { executeRun } from "../src/run/engine.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import type { ChipDriver } from "../src/chip/driver.ts";
import type { RunStore } from "../src/run/store.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { describePcm64, openTestChip, stillClock } from "./support/chips.ts";

type Method = Parameters<typeof checkPlan>[2];

let chip: ChipDescription;
beforeAll(async () => {
  chip = { ...(await describePcm64(2)), maxConductanceMicrosiemens: 20.7 };
});

const refused = (tiles: readonly TileTargets[], wrong: RegExp, method: Method = verifyPcm): void =>
  expect(() => checkPlan({ title: "given.json", tiles }, chip, method)).toThrow(
    expect.objectContaining({
      code: "bad-argument",
      message: expect.stringMatching(wrong) as string,
    }) as MhoError,
  );

const accepted = (tiles: readonly TileTargets[], method: Method = verifyPcm): void =>
  checkPlan({ title: "given.json", tiles }, chip, method);

/** Rows of one tile, all devices at 5 µS. */
function rows(rowCount = 2, tile = 0, rowStart = 0): TileTargets {
  const targetsMicrosiemens = new Float32Array(rowCount * 256).fill(5);
  return { block: { tile, rowStart, rowCount }, targetsMicrosiemens };
}

function withValue(place: number, value: number, tile = rows()): TileTargets {
  const targetsMicrosiemens = tile.targetsMicrosiemens.slice();
  targetsMicrosiemens[place] = value;
  return { ...tile, targetsMicrosiemens };
}

/** The same, each cell a weight. */
function weights(change: Partial<NonNullable<TileTargets["cells"]>> = {}): TileTargets {
  const wantedMicrosiemens = new Float32Array(128).fill(3);
  return { ...rows(), cells: { devicesPerCell: 4, factors: [2, -2, 1, -1], wantedMicrosiemens, ...change } };
}

describe("targets", () => {
  it("within the range are accepted, its very top among them, and devices that are left alone", () => {
    accepted([rows(64), rows(1, 1, 63)]);
    // As a 32-bit float the top of this range is a little above it.
    expect(Math.fround(20.7)).toBeGreaterThan(20.7);
    accepted([withValue(3, 20.7), withValue(0, Number.NaN, rows(2, 1))]);
    accepted([weights()]);
  });

  it.each([
    [66.9, "66.9"],
    [20.701, "20.701"],
    [-0.01, "-0.01"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
  ])("of %d µS are refused with their place, the range and what to do", (value, shown) => {
    const place = new RegExp(
      `^Cannot program given\\.json into pcm-64: tile 1, row 6, device 44 is to hold ${shown} µS, ` +
        "and this chip holds 0 … 20\\.7 µS\\. Conductances are in µS: correct them",
    );
    refused([rows(), withValue(256 + 44, value, rows(2, 1, 5))], place);
    const { cells } = weights();
    refused(
      [{ ...withValue(0, value), cells }],
      /Optimise it with a model of this chip \(mho optimize --model\)/,
    );
  });

  it("of a method that fires blindly may go as far as the curve that it fires by, and no further", () => {
    accepted([withValue(0, 29.9)], openLoop);
    refused([withValue(0, 30.1)], /0 … 29\.9997 µS/, openLoop);
  });

  it("that ask for nothing are refused", () => {
    const nothing = { ...rows(), targetsMicrosiemens: new Float32Array(512).fill(Number.NaN) };
    refused([nothing], /it has a target for no device, so there is nothing to program/);
    refused([], /it has a target for no device/);
  });

  it.each([
    [{ tile: 2, rowStart: 0, rowCount: 2 }],
    [{ tile: -1, rowStart: 0, rowCount: 2 }],
    [{ tile: 0.5, rowStart: 0, rowCount: 2 }],
    [{ tile: 0, rowStart: 63, rowCount: 2 }],
    [{ tile: 0, rowStart: -1, rowCount: 2 }],
    [{ tile: 0, rowStart: 0, rowCount: 0 }],
    [{ tile: 0, rowStart: 0, rowCount: Number.NaN }],
    [{ tile: 0, rowStart: 0, rowCount: 1e9 }],
    [{ tile: 0, rowStart: Number.MAX_SAFE_INTEGER, rowCount: 2 }],
  ])("for a block %j that the chip does not have are refused", (block) => {
    refused(
      [{ ...rows(), block }],
      /it asks for tile .*, and pcm-64 has tiles 0 to 1 of 64 rows\. Use another/,
    );
  });

  it("for one tile twice are refused: the engine keeps one memory a tile", () => {
    refused([rows(2, 1, 0), rows(2, 1, 10)], /tile 1 stands in it twice/);
  });

  it("of another number than the block's devices are refused", () => {
    const short = { ...rows(), targetsMicrosiemens: new Float32Array(511) };
    refused([short], /tile 0 has 511 values, and its 2 rows have 512 devices\. Give 256 values a row/);
  });

  it.each([
    [
      { devicesPerCell: 2, factors: [1, -1] },
      /cells of 2 devices with 2 factors, and a cell of this chip has 4/,
    ],
    [{ factors: [1, -1] }, /cells of 4 devices with 2 factors/],
    [{ factors: [1, -1, Number.NaN, 0] }, /factors of the devices .* are 1, -1, NaN, 0/],
    [{ wantedMicrosiemens: new Float32Array(127) }, /tile 0 has 127 weights, and its 2 rows have 128 cells/],
    [
      { wantedMicrosiemens: new Float32Array(128).fill(Infinity, 65) },
      /tile 0, row 1, cell 1 is to hold a weight of Infinity µS/,
    ],
  ])("of cells unlike the chip's, %j, are refused", (change, wrong) => {
    refused([weights(change)], wrong);
  });

  it("are accepted only as the chip can hold them, whatever they are", () => {
    const good = fc.constantFrom(0, -0, 5, 20.7, Number.NaN);
    const numbers = fc.oneof({ arbitrary: fc.float(), weight: 1 }, { arbitrary: good, weight: 9 });
    const count = fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 2 }), weight: 9 },
      { arbitrary: fc.oneof(fc.constant(-1), fc.double()), weight: 1 },
    );
    const tile = fc
      .record({
        tile: count,
        rowStart: count,
        rowCount: count,
        off: fc.constantFrom(0, 0, 0, 1),
        values: fc.array(numbers),
      })
      .map(({ values, off, ...block }): TileTargets => {
        const length =
          block.rowCount > 0 && block.rowCount < 4 ? Math.floor(256 * block.rowCount) + off : off;
        const targetsMicrosiemens = Float32Array.from({ length }, (_, i) => values[i] ?? 1);
        return { block, targetsMicrosiemens };
      });
    let passed = 0;
    fc.assert(
      fc.property(fc.array(tile, { maxLength: 3 }), (tiles) => {
        try {
          accepted(tiles);
        } catch (error) {
          return (
            error instanceof MhoError && error.message.startsWith("Cannot program given.json into pcm-64: ")
          );
        }
        passed++;
        const { geometry } = chip;
        return (
          new Set(tiles.map(({ block }) => block.tile)).size === tiles.length &&
          tiles.every(
            ({ block, targetsMicrosiemens: given }) =>
              block.tile in [0, 1] &&
              given.length === block.rowCount * devicesPerRow(geometry) &&
              block.rowStart + block.rowCount <= geometry.rows &&
              given.every((g) => Number.isNaN(g) || (g >= 0 && g <= Math.fround(20.7))),
          )
        );
      }),
      { numRuns: 2000 },
    );
    expect(passed).toBeGreaterThan(0);
  });
});

describe("the engine", () => {
  it("refuses a plan that the chip cannot hold before it is written down or fired", async () => {
    const { driver, firmware } = await openTestChip();
    const untouched = new Proxy({} as RunStore, {
      get(_, property) {
        throw new Error(`The store was asked for ${String(property)}.`);
      },
    });
    const { serialNumber, name } = await driver.identify();
    const running = executeRun(
      {
        driver: driver as ChipDriver,
        store: untouched,
        clock: stillClock(),
        stop: { requested: false },
        wallTime: () => "2026-01-01T00:00:00Z",
        onEvent() {},
      },
      {
        title: "s.json",
        chipName: name,
        chipSerialNumber: serialNumber,
        chipAddress: "emulator:pcm-64",
        method: "verify",
        model: pcm90nmDefinition,
        sweepTimesSeconds: [],
        sweepAverages: 1,
        pulsesPerDevice: 200,
        tiles: [withValue(300, 80)],
      },
    );
    await expect(running).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(/Cannot program s\.json .* row 1, device 44 is to hold 80 µS/) as string,
    });
    expect(firmware.chip.pulsesFeltByTile(0).every((count) => count === 0)).toBe(true);
  });
});
