import type { FitRecord } from "../src/model/definition.ts";
import type { FigureNumbers } from "./chart.ts";

/** The numbers of a fit's figures: its laws with their 95 % intervals, and what they leave unexplained. */
export function fitNumbers({ laws, residuals }: FitRecord): FigureNumbers[] {
  const conductance = { name: "conductance", unit: "microsiemens" };
  return [
    ...laws.map(({ law, form, conductanceMicrosiemens, value, standardError }): FigureNumbers => ({
      figure: named(law),
      x: conductance,
      y: { name: `${law}, low and high its 95 % interval`, unit: "" },
      series: [
        {
          name: form,
          points: value.map((y, k) => {
            const error = standardError[k];
            const band = error == null ? {} : { low: y - 1.96 * error, high: y + 1.96 * error };
            return { x: conductanceMicrosiemens[k]!, y, ...band };
          }),
        },
      ],
    })),
    ...residuals.flatMap(({ residual, from, step, share, mean, spread, ...by }): FigureNumbers[] => [
      {
        figure: `residual_${named(residual)}`,
        x: { name: residual, unit: "standard_deviations" },
        y: { name: "share of the devices", unit: "" },
        series: [{ name: "devices", points: share.map((y, k) => ({ x: from + (k + 0.5) * step, y })) }],
      },
      {
        figure: `residual_by_conductance_${named(residual)}`,
        x: conductance,
        y: { name: residual, unit: "standard_deviations" },
        series: [
          { name: "mean", points: mean.map((y, k) => ({ x: by.conductanceMicrosiemens[k]!, y })) },
          { name: "spread", points: spread.map((y, k) => ({ x: by.conductanceMicrosiemens[k]!, y })) },
        ],
      },
    ]),
  ];
}

function named(law: string): string {
  return law
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}
