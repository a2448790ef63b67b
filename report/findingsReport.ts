import { encode } from "fast-png";
import type { Curves, Figure, FindingColumn, Findings } from "../src/measure/procedure.ts";
import { rangeOf } from "../src/statistics.ts";
import { type Chart, isEmpty } from "./chart.ts";
import { chartFigure } from "./chartDrawing.ts";
import { colourAt, sequential } from "./colourScale.ts";
import { tidyCsv } from "./csv.ts";
import { pairs } from "./fitReport.ts";
import { escaped, figure, page } from "./page.ts";
import { count } from "./text.ts";

/** What a page of a measurement is made of. */
export interface FindingsStory {
  readonly run: string;
  /** What was measured, and what that is. */
  readonly kind: string;
  readonly does: string;
  readonly chipText: string;
  readonly startedAt: string;
  readonly outcome: string;
  readonly settings: readonly { readonly name: string; readonly unit: string; readonly value: number }[];
  readonly findings: Findings;
  readonly devicesPerRow: number;
  readonly softwareVersion: string;
}

/** What a measurement found: a page without network or script, and the numbers of its figures. */
export function renderFindings(story: FindingsStory): { readonly html: string; readonly csv: string } {
  const { run, kind, does, chipText, startedAt, outcome, findings, softwareVersion } = story;
  const charts = findings.curves.map(chartOf).filter((chart) => !isEmpty(chart));
  const about = [
    `run ${run}: measure ${kind}; ${chipText}; mho ${softwareVersion}`,
    `${outcome}; begun ${startedAt}`,
  ];
  const parts = [
    `<header><p class="kicker">mho · run ${escaped(run)}</p><h1>${headline(story)}</h1>`,
    `<p class="facts">${escaped(does)} · ${escaped(chipText)} · begun ${escaped(startedAt)}</p></header>`,
    `<section><h2>Figures</h2><p class="note">In brackets, intervals of 95\u202f%.</p><div class="scroll"><table><tbody>${findings.figures.map(figureRow).join("")}</tbody></table></div></section>`,
    ...(charts.length === 1 ? [chartFigure({ ...charts[0]!, wide: true })] : pairs(charts.map(chartFigure))),
    ...pairs(findings.columns.flatMap((column) => (column.mapped === true ? mapFigure(story, column) : []))),
    `<section><h2>Settings</h2><div class="scroll"><table><tbody>${story.settings.map(settingRow).join("")}</tbody></table></div></section>`,
    `<footer><p>mho ${escaped(softwareVersion)}. <code>mho export ${escaped(run)} --findings --to csv</code> has the numbers of each device, ` +
      `<code>--turns</code> every pulse and reading.</p></footer>`,
  ];
  return { html: page(`mho: run ${run}, ${kind}`, parts.join("\n")), csv: tidyCsv(about, charts) };
}

function headline({ kind, findings: { counts, places } }: FindingsStory): string {
  const held = counts.filter(({ devices }) => devices > 0);
  const parts = held.map(({ name, devices }) => `<em>${count(devices)}</em> ${escaped(name)}`);
  return `Measured ${escaped(kind)} of ${count(places.length)} devices${parts.length === 0 ? "" : `: ${parts.join(", ")}`}.`;
}

function figureRow({ value, unit, meaning, low, high }: Figure): string {
  const text = Number.isFinite(value) ? `${short(value)}${unit === "" ? "" : `\u202f${escaped(unit)}`}` : "–";
  const interval =
    low === undefined || high === undefined || !Number.isFinite(low)
      ? ""
      : ` <small>(${short(low)} … ${short(high)})</small>`;
  return `<tr><th scope="row" style="white-space:normal">${escaped(meaning)}</th><td>${text}${interval}</td></tr>`;
}

function settingRow({ name, unit, value }: FindingsStory["settings"][number]): string {
  return `<tr><th scope="row">${escaped(name)}</th><td>${short(value)}${unit === "" ? "" : `\u202f${escaped(unit)}`}</td></tr>`;
}

function short(value: number): string {
  return Math.abs(value) >= 1e5
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4))).replace("-", "−");
}

function chartOf({ name, title, sentence, x, y, lines }: Curves): Chart {
  return {
    figure: name,
    title,
    sentence,
    x,
    y,
    xScale: x.logarithmic === true ? "logarithmic" : "linear",
    ...(x.leastRange === undefined ? {} : { xFloats: x.leastRange }),
    // Where there are several, the ends of loops lie on one another.
    keyed: lines.length > 1,
    yScale: y.logarithmic === true ? "logarithmic" : "linear",
    series: lines.map(({ name: line, points, dots }, k) => ({
      name: line,
      points,
      colour: k,
      look: dots === true ? "dots" : "line",
    })),
  };
}

/** Fewer are specks. */
const fewestOnMap = 64;

/** Where on the first tile a column's numbers are; none of a column that is all alike, or of few devices. */
function mapFigure({ findings: { places }, devicesPerRow }: FindingsStory, column: FindingColumn): string[] {
  const tile = places[0]?.tile;
  const here = places.flatMap((place, k) =>
    place.tile === tile ? [{ place, value: column.values[k]! }] : [],
  );
  const known = here.filter(({ value }) => Number.isFinite(value));
  if (known.length < fewestOnMap) return [];
  const sorted = Float64Array.from(known, ({ value }) => value).sort();
  // A few odd devices must not take the whole scale.
  const [low, high] = [
    sorted[Math.floor(0.005 * sorted.length)]!,
    sorted[Math.ceil(0.995 * sorted.length) - 1]!,
  ];
  const { least: firstRow, most: lastRow } = rangeOf(here.map(({ place }) => place.row));
  if (!(high > low) || lastRow - firstRow < 3) return [];
  const height = lastRow - firstRow + 1;
  const data = new Uint8Array(4 * devicesPerRow * height);
  for (const { place, value } of known) {
    const at = 4 * ((place.row - firstRow) * devicesPerRow + place.device);
    data.set([...colourAt(sequential, (value - low) / (high - low)), 255], at);
  }
  const image = Buffer.from(encode({ width: devicesPerRow, height, data })).toString("base64");
  const stops = sequential.map((colour) => `rgb(${colour.join(",")})`).join(",");
  const unit = column.unit === "" ? "" : `\u202f${escaped(column.unit)}`;
  const picture =
    `<img alt="${escaped(column.meaning)}, by row and device" style="display:block;width:100%;image-rendering:pixelated;background:var(--panel)" src="data:image/png;base64,${image}">` +
    `<p class="bar">${short(low)}${unit}<span style="flex:1;height:.6rem;background:linear-gradient(to right,${stops})"></span>${short(high)}${unit}</p>`;
  const sentence = `Tile ${tile}, rows ${firstRow} to ${lastRow} downwards, devices of a row across; empty: not known.`;
  return [figure(escaped(`Map: ${column.meaning}`), sentence, picture)];
}
