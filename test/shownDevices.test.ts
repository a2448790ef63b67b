import { describe, expect, it } from "vitest";
import { verdicts } from "../src/program/method.ts";
import { drawn, gridOf } from "../web/shownDevices.ts";

/** 30 imported devices, one a row of 33: without targets, and the last of them never read. */
const count = 33;
const devices = {
  targets: new Float32Array(count).fill(Number.NaN),
  readings: Float32Array.from({ length: count }, (_, i) => (i < 28 ? i : Number.NaN)),
  verdicts: Uint8Array.from({ length: count }, (_, i) => (i < 30 ? verdicts.unverified : verdicts.pending)),
};
const shown = { devicesPerRow: 1, devicesPerCell: 1, rows: count, inOrder: true };

describe("the map of imported devices", () => {
  it("is a square of all that were written, also where none has a target", () => {
    expect(gridOf(shown, devices)).toEqual({ columns: 6, rows: 5, cells: 30 });
    expect([0, 29, 30].map(drawn(shown, devices))).toEqual([true, true, false]);
  });

  it("is that of the tile where devices have their places", () => {
    const placed = { ...shown, inOrder: false };
    expect(gridOf(placed, devices)).toEqual({ columns: 1, rows: count, cells: count });
    expect(drawn(placed, devices)(0)).toBe(false);
  });
});
