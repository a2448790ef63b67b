import { writeFileSync } from "node:fs";
import { axis, drawing, rule, seriesColour } from "../report/draw.ts";

export type Points = [number, number][];

/** Writes a picture of lines and dots as SVG, in colours of its own. */
export function savePicture(
  folder: string,
  name: string,
  title: string,
  x: { name: string; log?: boolean },
  y: string,
  series: { points: Points; colour: number; dots: boolean }[],
): void {
  const at = (value: number): number => (x.log ? Math.log10(value) : value);
  const values = series.flatMap(({ points }) => points.map(([value]) => at(value)));
  const html = drawing(name, title, { width: 520, height: 300 }, () => ({
    grid: { left: 62, right: 20, top: 16, bottom: 50 },
    xAxis: {
      ...axis,
      name: x.name,
      min: x.log ? Math.min(...values) : 0,
      max: x.log ? Math.max(...values) : Math.ceil(Math.max(...values) - 1e-9),
      splitLine: { show: false },
      axisTick: { show: true, lineStyle: { color: rule } },
      axisLabel: { ...axis.axisLabel, formatter: (value: number) => (x.log ? power(value) : String(value)) },
    },
    yAxis: { ...axis, name: y, nameGap: 46 },
    series: series.map(({ points, colour, dots }) => ({
      type: "line",
      data: points.map(([px, py]) => [at(px), py]),
      symbol: dots ? "circle" : "none",
      symbolSize: 7,
      lineStyle: { color: seriesColour(colour), width: dots ? 0 : 2 },
      itemStyle: { color: seriesColour(colour) },
    })),
  }));
  const svg = /<svg.*?<\/svg>/s.exec(html)![0];
  const colours: Record<string, string> = {
    "--ink": "#1b1f24",
    "--soft": "#5b6570",
    "--line": "#dfe3e8",
    "--series-0": "#0072b2",
    "--series-1": "#d55e00",
    "--series-2": "#009e73",
  };
  const plain = svg
    .replace(/var\((--[\w-]+)\)/g, (_, key: string) => colours[key] ?? "#000000")
    .replace("<svg ", '<svg style="background:#ffffff;font-family:sans-serif" ');
  writeFileSync(`${folder}/${name}.svg`, plain);
  console.log(`${name}.svg`);
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function power(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => superscripts[Number(digit)]!);
  return Number.isInteger(exponent) ? `10${exponent < 0 ? "⁻" : ""}${digits}` : "";
}
