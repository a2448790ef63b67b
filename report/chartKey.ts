import type { Chart, ChartSeries } from "./chart.ts";
import { roomForNames } from "./endNames.ts";
import { escaped } from "./escaped.ts";
import { sample } from "./grammar.ts";

/** A key of the series whose whole name does not stand at its line; one alone is what the title says. */
export function keyOf({ series, keyed = false }: Chart): string {
  const named = series.filter(({ unnamed }) => !unnamed);
  const told = ({ name, label = name, look }: ChartSeries): boolean =>
    label === name && name.length <= roomForNames.phone && look !== "moments";
  if (named.length < 2 || (!keyed && named.every(told))) return "";
  const entries = named.map((one) => `<span>${sample(one)}${escaped(one.name)}</span>`);
  return `<p class="legend">${entries.join("")}</p>`;
}
