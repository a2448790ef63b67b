import type { LotLaw } from "../src/results/lot.ts";
import { lotBinMiddle } from "../src/results/lotSums.ts";
import type { Lot } from "./lot.ts";

/** The laws of a lot as fields of a `result`. */
export function lotFields({ laws, runs, maxConductanceMicrosiemens: max }: Lot) {
  return laws.map(({ quantity, bins, deviceStd, tileStd, chipStd, waferStd, chips }) => ({
    quantity,
    bins: bins.map(({ bin, mean, deviceStd: std, devices, chips: count }) => ({
      conductance_microsiemens: lotBinMiddle(bin, max),
      mean,
      device_std: std,
      devices,
      chips: count,
    })),
    device_std: deviceStd,
    tile_std: tileStd ?? null,
    chip_std: chipStd ?? null,
    wafer_std: waferStd ?? null,
    chips: chips.map((chip, k) => chipFields(chip, runs[k]!)),
  }));
}

function chipFields(
  { devices, offset, error, fromOthers, limit, like }: LotLaw["chips"][number],
  { run, chipName, serialNumber, wafer, die }: Lot["runs"][number],
) {
  return {
    run,
    chip: chipName,
    serial_number: serialNumber,
    wafer: wafer ?? null,
    die: die ?? null,
    devices,
    offset: known(offset),
    error: known(error),
    from_others: known(fromOthers),
    limit: known(limit),
    like: like ?? null,
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
