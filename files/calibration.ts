import type { Calibration } from "../src/run/calibration.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId } from "../src/run/store.ts";

export interface CalibrationFile {
  readonly run: RunId;
  readonly chip: string;
  readonly serialNumber: string;
  /** Wall time, ISO 8601. */
  readonly takenAt: string;
  readonly calibration: Calibration;
  readonly plan: Pick<RunPlan, "tiles">;
}

/** The factors of a calibration for a digital back end, as JSON; docs/calibrate.md has its fields. */
export function calibrationText({
  run,
  chip,
  serialNumber,
  takenAt,
  calibration,
  plan,
}: CalibrationFile): string {
  const { by, count, tiles } = calibration;
  const file = {
    format: "mho-calibration",
    version: 1,
    run,
    chip,
    serial_number: serialNumber,
    taken_at: takenAt,
    measured_by: by,
    [by === "products" ? "vectors" : "averages"]: count,
    tiles: tiles.map((found, k) => {
      const { block, cells } = plan.tiles[k]!;
      return {
        tile: found.tile,
        row_start: block.rowStart,
        row_count: block.rowCount,
        devices_per_cell: cells!.devicesPerCell,
        factors: cells!.factors,
        age_seconds: found.ageSeconds,
        compensation: found.compensation,
        compensation_by_column: found.compensations,
        offset_microsiemens_by_column: found.offsetsMicrosiemens,
      };
    }),
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}
