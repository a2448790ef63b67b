import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Chart } from "../report/chart.ts";
import { chartFigure } from "../report/chartDrawing.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8");
const manifest = JSON.parse(read("package.json")) as {
  files: string[];
};

// test/slow/packed.test.ts says what it weighs and imports.
describe("the package", () => {
  it("has the licence of every package that it contains", () => {
    expect(manifest.files).toContain("THIRD-PARTY-NOTICES");
    const titles = read("THIRD-PARTY-NOTICES").matchAll(/={100}\n\n(\S+) \d+\.\d+\.\d+ \((.+)\)\n\n.*\S/g);
    expect([...titles].map(([, name, licence]) => `${name}: ${licence}`)).toEqual([
      "echarts: Apache-2.0",
      "h5wasm: SEE LICENSE IN LICENSE.txt",
      "onnxruntime-web: MIT",
      "tslib: 0BSD",
      "uplot: MIT",
      "zrender: BSD-3-Clause",
    ]);
  });

  it("draws the same chart as the sources, with labels kept apart", async () => {
    const file = `${root}/dist/report/chartDrawing.js`;
    const built = (await import(file)) as { chartFigure: typeof chartFigure };
    const points = [1, 60, 3600].map((x, y) => ({ x, y }));
    const chart: Chart = {
      figure: "course",
      title: "Two lines",
      sentence: "They lie on each other.",
      x: { name: "time", unit: "seconds" },
      y: { name: "height", unit: "percent" },
      xScale: "logarithmic",
      yScale: "linear",
      series: ["one", "another"].map((name, colour) => ({ name, colour, look: "course", points })),
    };
    const drawn = built.chartFigure(chart);
    expect(drawn).toBe(chartFigure(chart));
    const heights = [...drawn.matchAll(/translate\(\S+ (\S+)\)" [^>]*>(?:one|another)</g)].map(([, y]) =>
      Number(y),
    );
    expect(heights.length).toBe(4);
    for (const k of [0, 2]) expect(Math.abs(heights[k]! - heights[k + 1]!)).toBeGreaterThanOrEqual(13);
  });
});
