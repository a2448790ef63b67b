import { rangeOf } from "../src/statistics.ts";
import type { Quantity, Scale } from "./chart.ts";
import { shortDuration } from "./text.ts";
import { durationTicks, linearTicks, logarithmicTicks, timeUnit } from "./ticks.ts";

/** One axis: where values go on it, and what is written there. */
export interface Ruler {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  readonly label: (place: number) => string;
  readonly name: string;
  place(value: number): number;
}

/**
 * The axis that shows some values; those that it cannot show, such as 0 on a logarithmic one, are left out.
 *
 * @param most   as many ticks, about.
 * @param fit    whether it ends with the values, as across, and not with a tick, as upwards.
 * @param least  the least range of a linear axis that need not begin at zero.
 */
export function rulerOf(
  { name, unit }: Quantity,
  scale: Scale,
  values: readonly number[],
  { most, fit, least = 0 }: { most: number; fit: boolean; least?: number | undefined },
): Ruler {
  const finite = values.filter((value) => Number.isFinite(value) && (scale === "linear" || value > 0));
  const { least: low, most: high } = rangeOf(finite);
  const shown = shownUnits[unit] ?? unit;
  const title = shown === "" || shown === "%" ? name : `${name}, ${shown}`;
  if (scale === "logarithmic") {
    const ticks = unit === "seconds" ? durationTicks(low, high) : logarithmicTicks(low, high, most);
    const ends = [Math.log10(low), Math.log10(high)] as const;
    const margin = 0.03 * Math.max(0.3, ends[1] - ends[0]);
    // The axis gives places back, whose powers are a little off: 23.99 h.
    const label = (place: number): string => {
      const tick = ticks.find((one) => Math.abs(Math.log10(one) - place) < 1e-6) ?? 10 ** place;
      return unit === "seconds" ? shortDuration(Number(tick.toPrecision(3))) : plain(tick, fit ? "" : shown);
    };
    return {
      min: ends[0] - margin,
      max: ends[1] + margin,
      ticks: ticks.map(Math.log10),
      label,
      name: unit === "seconds" ? name : title,
      place: Math.log10,
    };
  }
  const { divisor, unit: timeName } = unit === "seconds" ? timeUnit(high) : { divisor: 1, unit: shown };
  const floats = least > 0;
  const ticks = linearTicks(
    (floats ? Math.min(low, (low + high - least) / 2) : Math.min(0, low)) / divisor,
    Math.max(high, floats ? (low + high + least) / 2 : 0) / divisor,
    most,
  );
  return {
    min: fit ? Math.min(low / divisor, ticks[0]!) : ticks[0]!,
    max: fit ? high / divisor : ticks.at(-1)!,
    ticks: fit ? ticks.filter((tick) => tick <= (high / divisor) * (1 + 1e-9)) : ticks,
    label: (place) => plain(place, fit ? "" : shown),
    name: unit === "seconds" ? `${name}, ${timeName}` : title,
    place: (value) => value / divisor,
  };
}

const shownUnits: Readonly<Record<string, string>> = {
  microsiemens: "µS",
  percent: "%",
  celsius: "°C",
};

const signs: ReadonlySet<string> = new Set(["%", "°C", "µS"]);

/** At most four digits, with the unit where it is a sign. */
function plain(value: number, unit: string): string {
  const text = String(Number(value.toPrecision(4))).replace("-", "−");
  return signs.has(unit) ? `${text}\u202f${unit}` : text;
}
