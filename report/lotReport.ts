import type { LotLaw, LotRun } from "../src/results/lot.ts";
import { lotBinMiddle } from "../src/results/lotSums.ts";
import { type Chart, isEmpty } from "./chart.ts";
import { chartFigure } from "./chartDrawing.ts";
import { tidyCsv } from "./csv.ts";
import { bare, capital, headlineOf, lotMethod, quantityOf, sentenceOfChip, spreadsOf } from "./lotTexts.ts";
import { escaped, page } from "./page.ts";
import { tableOf } from "./table.ts";

export interface LotReport {
  readonly html: string;
  readonly csv: string;
}

/** What a page of a lot is made of. */
export interface LotNumbers {
  readonly runs: readonly LotRun[];
  readonly laws: readonly LotLaw[];
  /** µS: the end of the last bin of conductance. */
  readonly maxConductanceMicrosiemens: number;
}

/** A lot on one page: where its chips lie, and how its devices drift. The same lot gives the same page. */
export function renderLot(lot: LotNumbers, softwareVersion: string): LotReport {
  const { runs, laws } = lot;
  const charts = laws
    .flatMap((law) => [...offsets(law, lot), courses(law, lot)])
    .filter((one) => !isEmpty(one));
  const body = [
    `<header><p class="kicker">mho · a lot of ${runs.length} chips</p><h1>${escaped(laws.map(headlineOf)[0] ?? "No device drifts that could be told.")}</h1>`,
    `<p class="facts">${laws
      .slice(1)
      .map((law) => escaped(headlineOf(law)))
      .join("<br>")}</p></header>`,
    ...laws.map((law) => sectionOf(law, lot)),
    ...pairs(charts),
    `<footer><p>${escaped(lotMethod)} mho ${escaped(softwareVersion)}</p></footer>`,
  ];
  return {
    html: page(`mho: a lot of ${runs.length} chips`, body.join("\n")),
    csv: tidyCsv(
      [
        `runs ${runs.map(({ run }) => run).join(", ")} as a lot; mho ${softwareVersion}`,
        ...laws.map(headlineOf),
      ],
      charts,
    ),
  };
}

function pairs(charts: readonly Chart[]): string[] {
  return charts.flatMap((chart, k) => {
    const other = charts[k + 1];
    if (k % 2 === 1) return [];
    return other === undefined
      ? chartFigure({ ...chart, wide: true })
      : `<div class="pair">${chartFigure(chart)}${chartFigure(other)}</div>`;
  });
}

function sectionOf(law: LotLaw, { runs }: LotNumbers): string {
  const rows = law.chips.map((chip, k) => ({
    name: escaped(`${runs[k]!.run} ${chip.chip}`),
    cells: [
      chip.wafer ?? "–",
      String(chip.devices),
      `${bare(law, chip.offset, true)} ± ${bare(law, 1.96 * chip.error)}`,
      bare(law, chip.fromOthers, true),
      Number.isNaN(chip.limit) ? "–" : `± ${bare(law, chip.limit)}`,
      chip.like === undefined ? "cannot be told" : chip.like ? "like the others" : "unlike the others",
    ],
  }));
  const { title, unit } = quantityOf(law);
  const of = unit === "" ? "" : `, ${unit}`;
  const columns = [
    "wafer",
    "devices",
    `offset from the lot${of}`,
    `from the others${of}`,
    `usual${of}`,
    "verdict",
  ];
  return (
    `<section><h2>${escaped(capital(title))}</h2>` +
    `<p class="note">Standard deviations: ${escaped(spreadsOf(law))}.</p>${tableOf({ corner: "chip", columns, rows })}</section>`
  );
}

/** Where the chips lie, in the order in which they were named; nothing of so few that none can be told from the others. */
function offsets(law: LotLaw, { runs }: LotNumbers): Chart[] {
  if (law.chips.every(({ like }) => like === undefined)) return [];
  const { title, unit } = quantityOf(law);
  const odd = law.chips.find(({ like }) => like === false);
  const first = odd ?? law.chips[0]!;
  const named = `${runs[law.chips.indexOf(first)]!.run} (${first.chip})`;
  const points = law.chips.map(({ offset, error, like }, k) => ({
    point: { x: k + 1, y: offset, low: offset - 1.96 * error, high: offset + 1.96 * error },
    like,
  }));
  const of = (wanted: boolean) =>
    points.filter(({ like }) => (like !== false) === wanted).map(({ point }) => point);
  const chart: Chart = {
    figure: `${law.quantity}_by_chip`,
    title: `${capital(title)} by chip`,
    sentence: `How far each chip lies from the lot at equal conductances; strokes are what is not known of a chip’s own mean. ${sentenceOfChip(law, first, named)}`,
    x: { name: "chip, in the order of the table", unit: "" },
    y: { name: "offset", unit: unit === "" ? "" : "microsiemens" },
    xScale: "linear",
    yScale: "linear",
    series: [
      { name: "like the others", look: "dots", colour: 0, points: of(true) },
      { name: "unlike the others", look: "dots", colour: 1, points: of(false) },
    ].filter((one) => one.points.length > 0) as Chart["series"],
  };
  return [chart];
}

/** Means by conductance: a line for each chip, and the lot's. */
function courses(law: LotLaw, { runs, maxConductanceMicrosiemens: max }: LotNumbers): Chart {
  const { title, unit } = quantityOf(law);
  const line = (k: number) =>
    law.bins
      .filter(({ chipMeans }) => Number.isFinite(chipMeans[k]))
      .map(({ bin, chipMeans }) => ({ x: lotBinMiddle(bin, max), y: chipMeans[k]! }));
  const unlike = law.chips.flatMap(({ like }, k) => (like === false ? [k] : []));
  const others = law.chips.flatMap((_, k) => (unlike.includes(k) ? [] : [k]));
  return {
    figure: `${law.quantity}_by_conductance`,
    title: `${capital(title)} by conductance`,
    sentence: `Mean of each chip’s devices by conductance, and of the lot with a standard deviation between devices: ${spreadsOf(law)}.`,
    x: { name: "conductance at the reference age", unit: "microsiemens" },
    y: { name: title, unit: unit === "" ? "" : "microsiemens" },
    xScale: "linear",
    yScale: "linear",
    keyed: true,
    series: [
      ...others.map((k, n) => ({
        name: "chips like the others",
        look: "line" as const,
        points: line(k),
        unnamed: n > 0,
      })),
      ...unlike.map((k, n) => ({
        name: `${runs[k]!.run}, unlike the others`,
        look: "course" as const,
        colour: 1 + n,
        points: line(k),
      })),
      {
        name: "the lot",
        look: "dots" as const,
        colour: 0,
        points: law.bins.map(({ bin, mean, deviceStd }) => ({
          x: lotBinMiddle(bin, max),
          y: mean,
          low: mean - deviceStd,
          high: mean + deviceStd,
        })),
      },
    ],
  };
}
