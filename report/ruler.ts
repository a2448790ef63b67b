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
  const title = shown === "" || name.includes(shown) ? name : `${name}, ${shown}`;
  if (scale === "logarithmic") {
    const ticks = unit === "seconds" ? timesOf(finite, low, high) : logarithmicTicks(low, high, most);
    const ends = [Math.log10(low), Math.log10(high)] as const;
    const margin = 0.03 * Math.max(0.3, ends[1] - ends[0]);
    // The axis gives places back, whose powers are a little off: 23.99 h.
    const label = (place: number): string => {
      const tick = ticks.find((one) => Math.abs(Math.log10(one) - place) < 1e-6) ?? 10 ** place;
      return unit === "seconds" ? shortDuration(Number(tick.toPrecision(3))) : plain(tick);
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
  const [from, to] = least > 0 ? floating(low, high, least, unit) : [Math.min(0, low), Math.max(high, 0)];
  const ticks = linearTicks(from / divisor, to / divisor, most);
  const [first, last] = least > 0 ? [from, to] : [Math.min(low, 0), high];
  const [start, end] = fit ? [first / divisor, last / divisor] : [ticks[0]!, ticks.at(-1)!];
  const hair = 1e-9 * (end - start);
  return {
    min: start,
    max: end,
    ticks: ticks.filter((tick) => tick >= start - hair && tick <= end + hair),
    label: (place) => plain(place),
    name: unit === "seconds" ? `${name}, ${timeName}` : title,
    place: (value) => value / divisor,
  };
}

/** Ends about values with a range of `least`; nothing is beyond 100 %. */
function floating(low: number, high: number, least: number, unit: string): [number, number] {
  const [from, to] = [Math.min(low, (low + high - least) / 2), Math.max(high, (low + high + least) / 2)];
  const over = unit === "percent" && high <= 100 ? Math.max(0, to - 100) : 0;
  return [from - over, to - over];
}

const shownUnits: Readonly<Record<string, string>> = {
  microsiemens: "µS",
  percent: "%",
  celsius: "°C",
  volts: "V",
  microamperes: "µA",
};

/** The times themselves while they are few, else those that people know. */
function timesOf(times: readonly number[], low: number, high: number): number[] {
  const all = [...new Set(times)].sort((a, b) => a - b);
  return all.length <= fewTimes ? all : durationTicks(low, high);
}

const fewTimes = 7;

/** At most four digits. The name of the axis has the unit. */
function plain(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
