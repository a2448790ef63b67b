import { counted } from "../src/counted.ts";
import type { FitRecord } from "../src/model/definition.ts";
import { forecastHoldsWhere } from "../src/model/forecastLimits.ts";
import { failsBeyondTested } from "../src/model/tested.ts";
import { formatDuration } from "../src/units.ts";
import { withError } from "../src/withError.ts";

/** Where a model comes from, what it found with 95 % intervals, and whether to believe it, as a person reads it. */
export function describeFit(record: FitRecord): string[] {
  const { chip, chipSerialNumbers, runs, sweeps, devices, laws, figures, checks, remarks, celsius } = record;
  const used = devices.find(({ fate }) => fate === "used")?.count ?? 0;
  const when =
    record.measuredFrom === undefined
      ? ""
      : `, ${record.measuredFrom.slice(0, 16)} to ${record.measuredTo!.slice(0, 16)}`;
  const warm = celsius === undefined ? "" : `, ${celsius.least.toFixed(1)} … ${celsius.most.toFixed(1)} °C`;
  return [
    `fitted to ${runs.join(", ")} of ${chip} number ${chipSerialNumbers.join(", ")}: ` +
      `${counted(used, "device")}, ${counted(sweeps, "sweep")}${when}${warm}`,
    ...laws.flatMap(describeLaw),
    ...figures.map(
      ({ figure, value, standardError }) =>
        `${figure}: ${withError(value, 1.96 * (standardError ?? Number.NaN))}`,
    ),
    ...checks.map(({ ok, name, says }) => `${ok ? "  ok " : "  NO "} ${name}: ${says}`),
    ...describeForecasts(record),
    ...remarks.map((remark) => `  note: ${remark}`),
    record.believe
      ? `${believed(record)}: it passes every check (± are 95 % intervals; before it was ${record.modelBefore}).`
      : "Do not program with it: the failed checks are marked NO. Keep it for inspection only.",
  ];
}

/** How far: where forecasts failed, no further than they held. */
function believed(record: FitRecord): string {
  if (!failsBeyondTested(record)) return "Believe it";
  const { testedToSeconds = 0 } = record;
  return testedToSeconds > 0
    ? `Believe it to ${formatDuration(testedToSeconds)}, as forecasts of later reads failed`
    : "Believe it at the ages that were measured, and not beyond, as its forecasts failed";
}

/** How far the model was tested, and what fits to the first reads foretold of later ones. */
function describeForecasts({ testedToSeconds, forecasts = [] }: FitRecord): string[] {
  if (testedToSeconds === undefined) return [];
  const tested =
    testedToSeconds > 0
      ? `tested to ${formatDuration(testedToSeconds)}: fits to earlier reads foretold later ones up to that age`
      : "never tested: no fit to earlier reads foretold later ones";
  const rows = forecasts.map(({ fromSeconds, toSeconds, devices, inside95, meanOffStds, holds }) =>
    [
      `${formatDuration(fromSeconds)} → ${formatDuration(toSeconds)}`.padEnd(24),
      String(devices).padStart(9),
      `${(100 * inside95).toFixed(2)} %`.padStart(20),
      `${meanOffStds.toFixed(2)} σ`.padStart(12),
      (holds ? "yes" : "NO").padStart(8),
    ].join(""),
  );
  const heads = `  ${"forecast".padEnd(24)}${"devices".padStart(9)}${"inside 95 % band".padStart(20)}${"mean off".padStart(12)}${"holds".padStart(8)}`;
  return [
    tested,
    ...(rows.length === 0 ? [] : [heads, ...rows.map((row) => `  ${row}`), `  (${forecastHoldsWhere})`]),
  ];
}

function describeLaw({
  law,
  form,
  conductanceMicrosiemens: g,
  value,
  standardError,
}: FitRecord["laws"][number]): string[] {
  const places = [0, 1, 2, 3, 4].map((part) => Math.round((part * (g.length - 1)) / 4));
  return [
    `${law}: ${form}`,
    ...places.map(
      (k) =>
        `  ${g[k]!.toFixed(2).padStart(7)} µS  ${withError(value[k]!, 1.96 * (standardError[k] ?? Number.NaN))}`,
    ),
  ];
}
