import { counted } from "../src/counted.ts";
import type { FitRecord } from "../src/model/definition.ts";
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
      ({ figure, value, standardError }) => `${figure}: ${withError(value, 1.96 * standardError)}`,
    ),
    ...checks.map(({ ok, name, says }) => `${ok ? "  ok " : "  NO "} ${name}: ${says}`),
    ...remarks.map((remark) => `  note: ${remark}`),
    record.believe
      ? `Believe it: it passes every check (± are 95 % intervals; before it was ${record.modelBefore}).`
      : "Do not program with it: the failed checks are marked NO. Keep it for inspection only.",
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
      (k) => `  ${g[k]!.toFixed(2).padStart(7)} µS  ${withError(value[k]!, 1.96 * standardError[k]!)}`,
    ),
  ];
}
