import { type Chart, isEmpty } from "./chart.ts";
import { chartFigure } from "./chartDrawing.ts";
import { type Painted, painted } from "./colours.ts";
import { tidyCsv } from "./csv.ts";
import { mapsFigure, pulsesFigure } from "./figures.ts";
import { escaped, page } from "./page.ts";
import { linkText } from "./runCharts.ts";
import { type RunFigures, runFigures, runNumbers } from "./runFigures.ts";
import type { RunStory } from "./runStory.ts";
import { curvesFigure, predictedFigure } from "./strategyFigures.ts";
import { endings } from "./tables.ts";
import { count, duration, percentage } from "./text.ts";
import type { StrategyLayer } from "../src/optimize/strategy.ts";

/** How one run went: an HTML page without network or script, and the numbers of its figures as a table. */
export interface RunReport {
  readonly html: string;
  readonly csv: string;
}

/** The same story gives the same report. Page and table are made of the same numbers. */
export function renderRun(story: RunStory): RunReport {
  const { contender, title, chipText, softwareVersion } = story;
  const figures = runFigures(story);
  const about = [
    `${kindOf(story)} ${contender.run}: ${title}; ${contender.name}; ${chipText}; mho ${softwareVersion}`,
    `${story.outcome}; begun ${story.startedAt}`,
    ...(story.imported === undefined ? [linkText(story.link)] : []),
  ];
  return {
    html: page(`mho: ${kindOf(story)} ${contender.run}`, bodyOf(story, figures).join("\n")),
    csv: tidyCsv(about, runNumbers(story, figures)),
  };
}

function bodyOf(story: RunStory, figures: RunFigures): string[] {
  const { contender, title, chipText, map, notes, errors } = story;
  const painting = painted([contender]);
  const never = errors.every(({ timeSeconds }) => Number.isNaN(timeSeconds));
  return [
    `<header><p class="kicker">mho · ${kindOf(story)} ${escaped(contender.run)}</p><h1>${headline(story)}</h1>`,
    `<p class="facts">${escaped(title)} · ${escaped(contender.name)} · ${escaped(chipText)} · begun ${escaped(dayOf(story.startedAt))}</p></header>`,
    ...paired([figures.errorOverTime, figures.accuracy]),
    section("The chips", story.chips ?? []),
    onceJudged(figures.accuracy),
    foretold(story),
    ...paired([figures.weightCdf, figures.errorCdf]),
    map === undefined || contender.devices < fewestOnMap
      ? ""
      : [map, ...(story.otherMaps ?? [])]
          .map((one) =>
            mapsFigure(one, painting, never ? "When last read while it was programmed" : "When first read"),
          )
          .join("\n"),
    ...paired([figures.drift, figures.exponents]),
    ...(story.imported === undefined
      ? [...paired([figures.convergence, figures.fired]), pulsesFigure(painting)]
      : []),
    ...strategyParts(story),
    ...[figures.link, figures.temperature].map((chart) => (drawable(chart) ? chartFigure(chart) : "")),
    figures.link === undefined && story.imported === undefined ? linkSection(story) : "",
    endings(painting),
    story.chain === undefined ? "" : `<p class="note">${escaped(story.chain)}</p>`,
    happened(notes),
    footer(painting[0]!, story),
  ];
}

/** Fewer are specks. */
const fewestOnMap = 16;

/** Figures side by side on a desk; one that has none beside it has the whole width. */
function paired(charts: readonly (Chart | undefined)[]): string[] {
  const shown = charts.filter(drawable);
  const rows: string[] = [];
  for (let k = 0; k < shown.length; k += 2) {
    const row = shown.slice(k, k + 2);
    rows.push(
      row.length === 2
        ? `<div class="pair">${row.map(chartFigure).join("")}</div>`
        : chartFigure({ ...row[0]!, wide: true }),
    );
  }
  return rows;
}

function foretold({ forecasts }: RunStory): string {
  return section("What was foretold", forecasts);
}

function section(title: string, sentences: readonly string[]): string {
  if (sentences.length === 0) return "";
  const notes = sentences.map((sentence) => `<p class="note">${escaped(sentence)}</p>`).join("");
  return `<section><h2>${title}</h2>${notes}</section>`;
}

/** What the page is about. */
function kindOf({ chips }: RunStory): string {
  return chips === undefined ? "run" : "network";
}

/** Of one age there is nothing to draw, and something to say. */
function onceJudged(chart: Chart | undefined): string {
  if (chart === undefined || !isEmpty(chart)) return "";
  return `<section><h2>Accuracy</h2><p class="note">${escaped(chart.sentence)}</p></section>`;
}

function drawable(chart: Chart | undefined): chart is Chart {
  return chart !== undefined && !isEmpty(chart);
}

/** The most layers of a strategy that a run's page shows; the strategy's own page has more of them. */
const mostLayers = 3;

function strategyParts({ strategy }: RunStory): string[] {
  if (strategy === undefined) return [];
  const size = ({ shape }: { readonly shape: readonly [number, number] }): number => shape[0] * shape[1];
  const layers = strategy.layers.filter(({ weightMax }) => weightMax > 0);
  const largest = layers.toSorted((a, b) => size(b) - size(a)).slice(0, mostLayers);
  const rest = layers.length - largest.length;
  return [
    `<section><h2>The strategy and the rules of today</h2><p class="note">What ${escaped(strategy.model.name)} foresaw ` +
      `for ${rest === 0 ? "each layer" : `the largest layers; mho report of the strategy has ${count(rest)} more`}.</p></section>`,
    ...largest.map(
      (layer, k) =>
        `<div class="pair">${predictedFigure(layer, strategy.timesSeconds, `${k}`, nameOf(layer))}` +
        `${curvesFigure(layer, `${k}`, nameOf(layer))}</div>`,
    ),
  ];
}

/** A layer's name before the title of a figure. */
function nameOf({ name, tile }: StrategyLayer): string {
  return `${name}${tile === undefined ? "" : `, tile ${tile}`}: `;
}

function yieldText({ yieldPercent, contender: { verdicts } }: RunStory): string {
  if (yieldPercent !== undefined)
    return `Yield ${percentage(yieldPercent)} of the devices that were read back at the end.`;
  return verdicts["pending"] || verdicts["in place"]
    ? "There is no yield until all devices have a verdict."
    : "No device was read back at the end, so there is no yield.";
}

/** `2026-11-27 11:22 UTC`; what is no such time is left as it is. */
function dayOf(startedAt: string): string {
  return startedAt.replace(/^([\d-]{10})T(\d\d:\d\d).*Z$/, "$1 $2 UTC");
}

function headline({ contender, corrects, outcome, yieldPercent, imported }: RunStory): string {
  const { devices, pulses, points, verdicts } = contender;
  if (imported !== undefined) {
    const inside =
      yieldPercent === undefined
        ? ""
        : ` After their writes, ${percentage(yieldPercent)} of them were where they were aimed.`;
    return `<em>${count(devices)} devices</em> of another tester, read by the mapping ${escaped(imported.mapping)}.${inside}`;
  }
  const each = (pulses / Math.max(1, devices)).toFixed(1);
  const last = points.at(-1);
  const error =
    last === undefined
      ? ""
      : `, at a weight error of <em>${percentage(last.rmsPercent)}</em> after ${duration(last.timeSeconds)}`;
  const all = `${count(devices)} ${corrects === undefined ? "" : "corrected "}devices`;
  const there =
    yieldPercent === undefined
      ? `<em>${all}</em>${outcome === "done" ? " were fired at and not read back" : ", none of them read back at the end,"}`
      : `<em>${percentage(yieldPercent)}</em> of ${all} were accepted`;
  if (outcome === "done") return `${there}, with ${each} pulses each${error}.`;
  const ended = outcome === "running" ? "Not done" : outcome === "failed" ? "Failed" : "Interrupted";
  const inPlace = ["accepted", "accepted outside tolerance", "in place"].reduce(
    (sum, name) => sum + (verdicts[name] ?? 0),
    0,
  );
  const soFar =
    yieldPercent === undefined && !verdicts["unverified"]
      ? `${count(inPlace)} of <em>${all}</em> are in place`
      : there;
  return `<em>${ended}</em>: ${soFar} and ${count((verdicts["pending"] ?? 0) + (verdicts["in place"] ?? 0))} have no verdict yet, after ${each} pulses each${error}.`;
}

/** Of a run too short for a picture of its pace. */
function linkSection({ link }: RunStory): string {
  return link.turns === 0
    ? ""
    : `<section><h2>Link</h2><p class="note">${escaped(linkText(link))}</p></section>`;
}

function happened(notes: readonly string[]): string {
  if (notes.length === 0) return "";
  return `<section><h2>What happened</h2>${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join("")}</section>`;
}

function footer({ points }: Painted, story: RunStory): string {
  const weights =
    points.length === 0
      ? ""
      : "<b>Weight error</b> is (α ŵ − w) / max |w| of its tile: ŵ as read, w as meant, α one factor a tile, by least squares. ";
  return (
    `<footer><p>${yieldText(story)} ${weights}` +
    `Ages are the devices’ own, after each one’s last pulse. mho ${escaped(story.softwareVersion)}</p></footer>`
  );
}
