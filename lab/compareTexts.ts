import { sentenceOf, tableRows } from "../report/compareTexts.ts";
import type { ComparedRun, Comparison, Difference, QuantityName } from "../src/results/comparison.ts";
import type { Estimate } from "../src/results/difference.ts";

export { oneRunASide } from "../report/compareTexts.ts";

/** A comparison in lines: the table of the runs, then each difference. */
export function comparisonLines({ runs, differences }: Comparison): string[] {
  const rows = tableRows({ runs });
  const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
  const table = rows.map((row) =>
    row
      .map((cell, k) => cell.padEnd(widths[k]!))
      .join("  ")
      .trimEnd(),
  );
  return [...table, ...differences.map(sentenceOf)].map((line) => line.replaceAll("\u202f", " "));
}

/** The same as fields of a `result`. */
export function comparedRunFields({
  id,
  title,
  chipName,
  chipSerialNumber,
  method,
  startedAt,
  estimates,
}: ComparedRun) {
  const estimate = (name: QuantityName): ReturnType<typeof estimateFields> | null => {
    const found = estimates[name];
    return found === undefined || Number.isNaN(found.value) ? null : estimateFields(found);
  };
  return {
    run: id,
    title,
    chip: chipName,
    serial_number: chipSerialNumber,
    method,
    started_at: startedAt,
    yield_percent: estimate("yield"),
    weight_error_percent: estimate("weight_error"),
    device_error_microsiemens: estimate("device_error"),
    pulses_per_device: estimate("pulses"),
  };
}

function estimateFields({ value, low, high, devices }: Estimate) {
  return { value, low: known(low), high: known(high), devices };
}

export function differenceFields({
  quantity,
  run,
  against,
  paired,
  shown,
  value,
  low,
  high,
  devices,
}: Difference) {
  return {
    quantity,
    run,
    against,
    paired,
    shown,
    value: known(value),
    low: known(low),
    high: known(high),
    devices,
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
