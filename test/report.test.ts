import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { figuresCsv } from "../report/csv.ts";
import { renderReport } from "../report/report.ts";
import type { Contender, Story } from "../report/story.ts";

function contender(name: string, times = [1, 3600, 31_536_000]): Contender {
  return {
    name,
    explanation: `how ${name} goes`,
    run: "r1",
    devices: 16,
    pulses: 48,
    verdicts: { accepted: 15, unreachable: 1 },
    devicesByPulses: [0, 4, 4, 4, 4],
    points: times.map((timeSeconds, i) => ({
      timeSeconds,
      rmsPercent: 2.345 + i,
      accuracy: 0.97 - 0.01 * i,
    })),
    relativeErrors: Float32Array.of(-0.5, -0.01, 0, 0.01, 0.02),
  };
}

function story(over: Partial<Story> = {}): Story {
  return {
    network: "mlp",
    networkText: "64-10 perceptron, 640 weights",
    chipText: "pcm-64 number EMU-7",
    writtenAt: "2026-01-02T03:04:05.000Z",
    softwareVersion: "0.1.0",
    seed: 7,
    images: 597,
    softwareAccuracy: 0.978,
    contenders: [contender("naive"), contender("closed loop")],
    map: {
      tile: 3,
      layer: "fc1",
      rows: 2,
      devicesPerRow: 8,
      maxConductanceMicrosiemens: 25,
      target: Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? Number.NaN : i)),
      readBack: Float32Array.from({ length: 16 }, (_, i) => i + 0.5),
    },
    ...over,
  };
}

describe("the report", () => {
  it("needs no script and nothing from elsewhere", () => {
    const html = renderReport(story());
    expect(html).not.toMatch(/<script|javascript:|\son\w+=/i);
    const references = [...html.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)/g)].map(
      (found) => found[1] ?? found[2]!,
    );
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) expect(reference).toMatch(/^(data:image\/png;base64,|#)/);
    expect(html).toContain("default-src 'none'");
  });

  it("says the result in its headline, and every contender at every time in its table", () => {
    const html = renderReport(story());
    expect(html).toMatch(
      /<h1>After 1 year the closed loop’s weights are off by 4\.3 % .* 95\.0 % of the images come out right/,
    );
    const table = html.slice(html.indexOf("<table>"), html.indexOf("</table>"));
    for (const text of [
      "naive",
      "closed loop",
      "1 s",
      "1 h",
      "1 year",
      "2.35 %",
      "3.35 %",
      "97.0 %",
      "97.8 %",
    ]) {
      expect(table).toContain(text);
    }
  });

  it("makes hostile names harmless", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hostile = `<img src=x onerror=alert(1)>"'&${text}`;
        const html = renderReport(
          story({
            chipText: hostile,
            networkText: hostile,
            network: hostile,
            contenders: [
              { ...contender(hostile), explanation: hostile, run: hostile, verdicts: { [hostile]: 3 } },
            ],
            map: { ...story().map, layer: hostile },
          }),
        );
        expect(html).not.toContain("<img src=x");
      }),
      { numRuns: 20 },
    );
  });

  it("is the same page for the same story", () => {
    expect(renderReport(story())).toBe(renderReport(story()));
  });

  it("draws in the page's own colours, so that light and dark both read well", () => {
    const html = renderReport(story());
    expect(html).toContain("var(--series-0)");
    expect(html).not.toMatch(/#0102/);
  });

  it.each([
    ["one contender and one time", { contenders: [contender("alone", [1])] }],
    ["no contender", { contenders: [] }],
    ["no error at all", { contenders: [{ ...contender("exact"), relativeErrors: new Float32Array(4) }] }],
    ["an empty tile", { map: { ...story().map, target: new Float32Array(16).fill(Number.NaN) } }],
  ])("holds no NaN and does not break with %s", (_, over: Partial<Story>) => {
    const html = renderReport(story(over));
    expect(html).toContain("</html>");
    expect(html.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("the figures", () => {
  it("are rows of four columns under a commented header", () => {
    const lines = figuresCsv(story({ contenders: [contender('a "closed", loop')] }))
      .trimEnd()
      .split("\n");
    const rows = lines.filter((line) => !line.startsWith("#"));
    expect(rows[0]).toBe("contender,time_seconds,weight_error_rms_percent,accuracy");
    expect(rows[1]).toBe("software,,0,0.978");
    expect(rows[2]).toBe('"a ""closed"", loop",1,2.345,0.97');
    expect(rows).toHaveLength(5);
  });
});
