import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accuracyMeasure, similarityMeasure } from "../src/results/networkMeasure.ts";
import { figuresCsv } from "../report/csv.ts";
import { glossary } from "../report/glossary.ts";
import { escaped } from "../report/page.ts";
import { renderReport } from "../report/report.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { FitRecord } from "../src/model/definition.ts";
import type { Contender, Story } from "../report/story.ts";
import { withoutTerms } from "./support/withoutTerms.ts";

function contender(name: string, times = [1, 3600, 31_536_000]): Contender {
  return {
    name,
    explanation: `how ${name} goes`,
    run: "r1",
    devices: 16,
    pulses: 40,
    verdicts: { accepted: 15, unreachable: 1 },
    devicesByPulses: [0, 4, 4, 4, 4],
    points: times.map((timeSeconds, i) => ({
      timeSeconds,
      rmsPercent: 2.34 + i,
      productPercent: 5 + i,
      score: 0.97 - 0.01 * i,
    })),
    relativeErrors: Float32Array.of(-0.5, -0.01, 0, 0.01, 0.02),
  };
}

/** One blind pulse a device, and bad for it. */
const naive: Contender = {
  ...contender("by hand"),
  devicesByPulses: [0, 16],
  points: [{ timeSeconds: 1, rmsPercent: 34.1, productPercent: 60, score: 0.312 }],
};

/** What a fit says, as short as can be. */
const fit: Story["fit"] = {
  before: pcm90nmDefinition,
  record: {
    laws: [
      {
        law: "drift exponent, mean",
        form: "a curve",
        conductanceMicrosiemens: [1, 10, 20],
        value: [0.1, 0.05, 0.04],
        standardError: [0.01, 0.01, 0.01],
      },
    ],
  } as unknown as FitRecord,
};

function story(over: Partial<Story> = {}): Story {
  return {
    network: "mlp",
    networkText: "64-10 perceptron, 640 weights",
    chipText: "pcm-64 number EMU-7",
    writtenAt: "2026-01-02T03:04:05.000Z",
    softwareVersion: "0.1.0",
    seed: 7,
    measure: accuracyMeasure,
    inputs: 597,
    chips: 1,
    fit,
    softwareScore: 0.978,
    headline: "After 1 year the loop gets 95.0 % right, & by hand 31.2 %.",
    beside: ["A sentence beside it."],
    contenders: [naive, contender("closed loop")],
    map: {
      tile: 3,
      layer: "fc1",
      rowStart: 0,
      rows: 2,
      devicesPerCell: 4,
      devicesPerRow: 8,
      maxConductanceMicrosiemens: 25,
      target: Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? Number.NaN : i)),
      readBack: Float32Array.from({ length: 16 }, (_, i) => i + 0.5),
    },
    ...over,
  };
}

/** What a person reads: no tags, and every kind of space the same. */
function read(html: string): string {
  return withoutTerms(html)
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<[^>]*>/g, "|")
    .replace(/[\u00a0\u202f]/g, " ");
}

/** Every table, each as its rows without the first, which is empty. */
function tablesOf(html: string): string[][] {
  return [...html.matchAll(/<table.*?<\/table>/gs)].map(([table]) =>
    table
      .split("<tr>")
      .slice(1)
      .map((row) => read(row).replace(/\|+/g, "|")),
  );
}

describe("the report", () => {
  it("needs no script and nothing from elsewhere", () => {
    const html = renderReport(story());
    expect(html).not.toMatch(/<script|<link|<iframe|javascript:|@import|\son\w+=/i);
    const references = [...html.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)/g)].map(
      (found) => found[1] ?? found[2]!,
    );
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) expect(reference).toMatch(/^(data:image\/png;base64,|#)/);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  });

  it("says the result in its headline, the numbers marked", () => {
    const html = renderReport(story());
    expect(withoutTerms(/<h1>(.*)<\/h1>/.exec(html)![1]!)).toBe(
      "After 1 year the loop gets <em>95.0 %</em> right, &amp; by hand <em>31.2 %</em>.",
    );
    expect(read(html)).toContain("A sentence beside it.");
  });

  it("has every contender in its table, each value under its own time", () => {
    const late = {
      ...contender("late", [60]),
      points: [{ timeSeconds: 60, rmsPercent: 9, productPercent: 20, score: 0.5 }],
    };
    const tables = tablesOf(renderReport(story({ contenders: [naive, late, contender("closed loop")] })));
    const times = "|after the last pulse|1 s|1 min|1 h|1 year|";
    expect(tables.slice(0, 3)).toEqual([
      [
        times,
        "|software|97.8 %|97.8 %|97.8 %|97.8 %|",
        "|by hand|31.2 %|–|–|–|",
        "|late|–|50.0 %|–|–|",
        "|closed loop|97.0 %|–|96.0 %|95.0 %|",
      ],
      [times, "|by hand|34.1 %|–|–|–|", "|late|–|9.0 %|–|–|", "|closed loop|2.3 %|–|3.3 %|4.3 %|"],
      [times, "|by hand|60.0 %|–|–|–|", "|late|–|20.0 %|–|–|", "|closed loop|5.0 %|–|6.0 %|7.0 %|"],
    ]);
  });

  it("says how much one image weighs, so that a narrow axis does not mislead", () => {
    expect(read(renderReport(story()))).toContain(
      "closed loop ends 2.8 points below; one image is 0.17 points",
    );
  });

  it("says of each histogram what cannot be seen in it", () => {
    const text = read(renderReport(story()));
    expect(text).toContain("80.0 % of the closed loop’s weights are within ±5 % of what was meant");
    const far = Float32Array.from({ length: 100 }, (_, i) => (i < 25 ? 0.9 : 0.001));
    const near = Float32Array.from({ length: 100 }, (_, i) => 0.0001 * i);
    const both = [
      { ...naive, relativeErrors: far },
      { ...contender("loop"), relativeErrors: near },
    ];
    expect(read(renderReport(story({ contenders: both })))).toMatch(/by hand, 25\.0 % outside ±5 %/);
  });

  it("draws pulses only of those who fired more than one a device", () => {
    expect(renderReport(story({ contenders: [naive] }))).not.toContain("Pulses per device");
    const text = read(renderReport(story()));
    expect(text).toContain("closed loop fires 2.5 pulses a device, and 4 are enough for 99 %");
    expect(text).not.toContain("naive fires");
  });

  it("keeps the colour of a contender in all pictures, and has one for the seventh", () => {
    const many = Array.from({ length: 7 }, (_, i) => contender(`c${i}`));
    const html = renderReport(story({ contenders: many }));
    const used = new Set([...html.matchAll(/var\((--series-\d+)\)/g)].map(([, name]) => name!));
    expect(used.size).toBe(6);
    for (const name of used) expect(html).toContain(`${name}: #`);
    // The last one, who has the accent, did not loop: its colour must not go to another's bars.
    const swapped = renderReport(story({ contenders: [contender("looped"), naive] }));
    const pulses = swapped.slice(swapped.indexOf("Pulses per device"), swapped.indexOf("How the devices"));
    expect(pulses).toContain("var(--series-1)");
    expect(pulses).not.toContain("var(--series-0)");
  });

  it("explains each term where it first stands in a part, in the glossary's words, and lists them for paper", () => {
    const html = renderReport(story());
    const used = [...html.matchAll(/data-term="([^"]*)" data-says="([^"]*)" aria-describedby="([^"]*)"/g)];
    expect(new Set(used.map(([, name]) => name))).toContain("unreachable");
    for (const [, name, says, id] of used) {
      const { meaning } = glossary.find(({ names }) => names[0] === name)!;
      expect(says).toBe(escaped(meaning));
      expect(html).toContain(`<div id="${id}"><dt>`);
    }
    for (const part of html.split(/(?=<(?:figure|section|header|footer|details)\b)/)) {
      const names = [...part.matchAll(/data-term="([^"]*)"/g)].map(([, name]) => name);
      expect(names.length).toBe(new Set(names).size);
      const left = part
        .replace(/<(style|svg|summary|code)\b.*?<\/\1>/gs, "")
        .replace(/<span class="term".*?<\/span>/gs, "")
        .replace(/<[^>]*>/g, "\n");
      if (!names.includes("weight error") && !part.startsWith("<!") && !part.includes('class="terms"'))
        expect(left).not.toMatch(/\bweight error\b/i);
    }
  });

  it("has at most one number in a cell of a table", () => {
    const predicted = { score: 0.965, low: 0.951, high: 0.975 };
    const spread = { rmsPercent: 0.2, productPercent: 0.4, score: 0.012 };
    const points = contender("full").points.map((point) => ({ ...point, predicted, spread }));
    const html = renderReport(story({ chips: 3, contenders: [naive, { ...contender("full"), points }] }));
    const cells = [...html.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => read(cell!));
    expect(cells.length).toBeGreaterThan(50);
    expect(cells.filter((cell) => [...cell.matchAll(/\d[\d.,]*/g)].length > 1)).toEqual([]);
  });

  it("makes hostile names harmless", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hostile = `<img src=x onerror=alert(1)>"'&${text}`;
        const html = renderReport(
          story({
            network: hostile,
            networkText: hostile,
            chipText: hostile,
            writtenAt: hostile,
            softwareVersion: hostile,
            contenders: [
              { ...contender(hostile), explanation: hostile, run: hostile, verdicts: { [hostile]: 3 } },
            ],
            map: { ...story().map, layer: hostile },
          }),
        );
        expect(html).toContain("&lt;img src=x");
        expect(html).not.toContain("<img src=x");
        expect(html).not.toMatch(/<[^>]*onerror/);
      }),
      { numRuns: 6 },
    );
  });

  it("is the same page for the same story, whatever was drawn before", () => {
    const first = renderReport(story());
    renderReport(story({ contenders: [contender("other", [60])] }));
    expect(renderReport(story())).toBe(first);
  });

  it("draws in the page's own colours, so that light and dark both read well", () => {
    const html = renderReport(story());
    const drawings = html.replace(/<defs ?>.*?<\/defs>/gs, "").match(/<svg role="img".*?<\/svg>/gs)!;
    expect(drawings.length).toBe(12);
    for (const drawing of drawings) {
      expect(drawing).toContain("var(--series-0)");
      expect(drawing).not.toMatch(/(?:fill|stroke)(?:="|:)\s*(?:#|rgb|black|white)/);
    }
    expect(html).toContain("prefers-color-scheme: dark");
  });

  it("says when a tile holds no weight, and draws no map of it", () => {
    const target = new Float32Array(16).fill(Number.NaN);
    const html = renderReport(story({ map: { ...story().map, target } }));
    expect(html).toContain("No weight lies on this tile.");
    expect(html).not.toContain("<img");
  });

  const unknown = {
    timeSeconds: 1,
    rmsPercent: Number.NaN,
    productPercent: Number.NaN,
    score: Number.NaN,
  };
  it.each<[string, Partial<Story>]>([
    ["one contender and one time", { contenders: [contender("alone", [1])] }],
    ["no contender", { contenders: [] }],
    ["a contender without a point", { contenders: [contender("alone", [])] }],
    ["no error at all", { contenders: [{ ...contender("exact"), relativeErrors: new Float32Array(4) }] }],
    ["no weights", { contenders: [{ ...contender("none"), relativeErrors: new Float32Array(0) }] }],
    [
      "errors unknown",
      {
        softwareScore: Number.NaN,
        contenders: [
          { ...contender("lost"), points: [unknown], relativeErrors: new Float32Array(4).fill(Number.NaN) },
        ],
      },
    ],
    ["no device", { contenders: [{ ...contender("none"), devices: 0, pulses: 0, devicesByPulses: [] }] }],
    ["an empty tile", { map: { ...story().map, target: new Float32Array(16).fill(Number.NaN) } }],
    ["a tile read exactly", { map: { ...story().map, readBack: story().map.target } }],
    ["a tile unread", { map: { ...story().map, readBack: new Float32Array(16).fill(Number.NaN) } }],
  ])("holds no NaN and does not break with %s", (_, over) => {
    const html = renderReport(story(over));
    expect(html).toContain("</html>");
    expect(html.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("the figures", () => {
  const rowsOfCsv = (over: Partial<Story>): string[] =>
    figuresCsv(story(over))
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("#"));

  const columns =
    "contender,time_seconds,weight_error_rms_percent,matrix_vector_error_percent,accuracy," +
    "weight_error_spread,matrix_vector_error_spread,accuracy_spread,predicted_accuracy,predicted_low,predicted_high";

  it("are rows of eleven columns under a commented header", () => {
    expect(figuresCsv(story())).toMatch(/^# .*\n(# .*\n)*contender,/);
    expect(rowsOfCsv({ contenders: [naive, contender('a "closed", loop', [1, 60])] })).toEqual([
      columns,
      "software,,0,0,0.978,,,,,,",
      "by hand,1,34.1,60,0.312,,,,,,",
      '"a ""closed"", loop",1,2.34,5,0.97,,,,,,',
      '"a ""closed"", loop",60,3.34,6,0.96,,,,,,',
    ]);
  });

  it("carry their spread over repeats, in the table and in the file", () => {
    const spread = { rmsPercent: 0.2, productPercent: 0.4, score: 0.012 };
    const points = [{ timeSeconds: 1, rmsPercent: 2, productPercent: 5, score: 0.97, spread }];
    const over = { chips: 3, contenders: [{ ...contender("repeated"), points }] };
    expect(rowsOfCsv(over).at(-1)).toBe("repeated,1,2,5,0.97,0.2,0.4,0.012,,,");
    const html = renderReport(story(over));
    expect(tablesOf(html).map((rows) => rows.at(-1))).toEqual(
      expect.arrayContaining([
        "|repeated|97.0 %|",
        "|repeated|± 1.2 %|",
        "|repeated|± 0.2 %|",
        "|repeated|± 0.4 %|",
      ]),
    );
    expect(read(html)).toMatch(/Means over 3 chips/);
  });

  it("carry what was predicted of accuracy, in the table and in the file", () => {
    const predicted = { score: 0.965, low: 0.951, high: 0.975 };
    const points = [{ timeSeconds: 1, rmsPercent: 2, productPercent: 5, score: 0.97, predicted }];
    const over = { contenders: [naive, { ...contender("foreseen"), points }] };
    expect(rowsOfCsv(over).at(-1)).toBe("foreseen,1,2,5,0.97,,,,0.965,0.951,0.975");
    expect(tablesOf(renderReport(story(over))).map((rows) => rows.at(-1))).toEqual(
      expect.arrayContaining(["|foreseen|96.5 %|", "|foreseen|95.1 %|", "|foreseen|97.5 %|"]),
    );
    expect(read(renderReport(story({ contenders: [naive] })))).not.toMatch(/[Pp]redicted/);
  });

  it("carry their spread over repeats into the pictures as bands", () => {
    const bands = (spread?: Contender["points"][number]["spread"]): number => {
      const points = contender("repeated").points.map((point) => ({ ...point, spread }));
      const html = renderReport(story({ chips: 3, contenders: [{ ...contender("repeated"), points }] }));
      return html.match(/fill-opacity="0\.22"/g)?.length ?? 0;
    };
    // The law of the fit has a band of its own. Three figures, each drawn for a desk and for a phone.
    const spread = { rmsPercent: 0.2, productPercent: 0.4, score: 0.012 };
    expect(bands(spread) - bands()).toBe(6);
  });

  it("carry similarities where there were no labels, and those of the inputs that did worst", () => {
    const predicted = { score: 0.985, low: 0.9845, high: 0.9861 };
    const point = { timeSeconds: 1, rmsPercent: 2, productPercent: 5, score: 0.98765, worstTenth: 0.91234 };
    const points = [
      { ...point, predicted },
      { ...point, timeSeconds: 60 },
    ];
    const over = {
      measure: similarityMeasure,
      inputs: 40,
      softwareScore: 1,
      contenders: [{ ...contender("held"), points }],
    };
    const html = renderReport(story(over)).replace(/base64,[^"]*/g, "");
    expect(html).toMatch(/Similarity<\/span> to software<\/b>: cosine of the outputs/);
    for (const cell of ["0.9877", "0.9123", "0.9850", "0.9845", "1.0000"]) expect(html).toContain(cell);
    expect(html).not.toMatch(/NaN|undefined|Accuracy|images/);
    const [names, software, first] = rowsOfCsv(over);
    expect(names).toBe(columns.replaceAll("accuracy", "similarity") + ",similarity_worst_tenth");
    expect(software).toBe("software,,0,0,1,,,,,,,1");
    expect(first).toBe("held,1,2,5,0.98765,,,,0.985,0.9845,0.9861,0.91234");
  });

  it("say nothing of accuracy where there were no images", () => {
    const points = [{ timeSeconds: 1, rmsPercent: 2, productPercent: 5, score: Number.NaN }];
    const over = {
      measure: undefined,
      inputs: 0,
      softwareScore: Number.NaN,
      contenders: [{ ...contender("held"), points }],
    };
    const text = read(renderReport(story(over)));
    expect(text).toMatch(/held\|+2\.0 %\|/);
    expect(text).not.toMatch(/[Aa]ccuracy|images right/);
  });

  it("keep their rows when a name or a chip's text has lines of its own, and leave the unknown empty", () => {
    const lost = {
      ...contender("#lo\nst"),
      points: [{ timeSeconds: 1, rmsPercent: Number.NaN, productPercent: 3, score: 0.5 }],
    };
    expect(rowsOfCsv({ chipText: "one\ntwo\r\nthree", contenders: [lost] })).toEqual([
      columns,
      "software,,0,0,0.978,,,,,,",
      '"#lo st",1,,3,0.5,,,,,,',
    ]);
  });
});
