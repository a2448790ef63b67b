import { beyondTested } from "../src/model/tested.ts";
import { spanOf, type Strategy, type StrategyLayer } from "../src/optimize/strategy.ts";
import { escaped, page } from "./page.ts";
import { bestRule, budgetFigure, curvesFigure, predictedFigure, sizesFigure } from "./strategyFigures.ts";
import { tableOf } from "./table.ts";
import { count, duration, withUnit } from "./text.ts";

/** The most layers or tiles that are drawn; the file has them all. */
const mostDrawn = 24;

/** A strategy as one HTML page without network or script. The same strategy gives the same page. */
export function renderStrategy(strategy: Strategy, softwareVersion: string): string {
  const { model, layers, compensationRule, timesSeconds } = strategy;
  const drawn = layers.filter(({ weightMax }) => weightMax > 0).slice(0, mostDrawn);
  const parts = [
    `<header><p class="kicker">mho · strategy</p><h1>${headline(drawn)}</h1>`,
    `<p class="facts">${escaped(model.name)} · α by ${compensationRule} · errors of ${strategy.reads === 1 ? "one read" : `the mean of ${strategy.reads} reads`} · ${escaped([...new Set(layers.map((l) => l.weightsSource.file))].join(", "))}</p></header>`,
    extrapolated(strategy),
    ...drawn.map((layer, i) => layerPart(layer, strategy, `${i}`)),
    layers.length > drawn.length
      ? `<p class="note">${count(layers.length - drawn.length)} more are in the file, or hold nothing but zeros.</p>`
      : "",
    `<footer><p><b>TNMSE</b> is 100 × the mean square of (α ŵ − w) / max |w|, averaged over ` +
      `${timesSeconds.map(duration).join(", ")}; <b>α</b> is the drift-compensation factor, 1 at programming time. ` +
      `<b>MSP first</b> and <b>LSP first</b> are rules of today: the most (or the least) significant pair of a cell takes as much of ` +
      `the weight as it can, the other pair the rest; <b>F</b> is how many times more the most significant pair counts. ` +
      `All figures are predictions of the model, for independent devices` +
      `${strategy.pairDriftCorrelation === 0 ? "" : ` whose drift is correlated by ${strategy.pairDriftCorrelation} in a pair`}.</p>` +
      `<p>mho ${escaped(softwareVersion)}</p></footer>`,
  ];
  return page(`mho: strategy for ${model.name}`, parts.join("\n"));
}

function headline(layers: readonly StrategyLayer[]): string {
  const [first] = layers.toSorted((a, b) => b.shape[0] * b.shape[1] - a.shape[0] * a.shape[1]);
  if (first === undefined) return "Nothing to program: every weight is zero.";
  const best = bestRule(first)!;
  const [ours, theirs] = [rms(first.predicted.tnmse), rms(best.tnmse)];
  const beside = `the best rule of today, ${escaped(best.name)}`;
  return (
    `Layer <em>${escaped(first.name)}</em> is expected to err by <em>${ours}</em> of its largest weight, in the mean over ` +
    `all times: ${ours === theirs || first.predicted.tnmse >= best.tnmse ? `no better than ${beside} (${theirs})` : `${beside}, errs by ${theirs}`}.`
  );
}

/** From which time on the model was not tested. */
function extrapolated({ model, timesSeconds }: Strategy): string {
  const first = timesSeconds.find((time) => beyondTested(model, time) !== undefined);
  if (first === undefined) return "";
  return `<p class="note">From ${duration(first)} on all figures are ${beyondTested(model, first)!}: no forecast of the model’s fit was tested for so late.</p>`;
}

function layerPart(layer: StrategyLayer, { timesSeconds }: Strategy, id: string): string {
  const { name, tile, shape } = layer;
  const title = `${escaped(name)}${tile === undefined ? "" : `, tile ${tile}`}`;
  return (
    `<section><h2>${title}: ${count(shape[0])} × ${count(shape[1])}</h2>` +
    `<p class="note">β is ${scaleText(layer)} per unit of weight; ${escaped(layer.search.stopped)}; ` +
    `${layer.search.strategiesTried} strategies tried.</p>${table(layer, timesSeconds)}</section>` +
    `<div class="pair">${curvesFigure(layer, id)}${predictedFigure(layer, timesSeconds, id)}</div>` +
    `<div class="pair">${budgetFigure(layer, timesSeconds, id)}${sizesFigure(layer, id)}</div>`
  );
}

function table(layer: StrategyLayer, timesSeconds: readonly number[]): string {
  const rows = [
    ...(layer.perfectProgramming
      ? [{ name: "if programming never erred", ...layer.perfectProgramming }]
      : []),
    ...layer.baselines,
    ...(layer.predictedWithDeaths
      ? [{ name: "this strategy, with devices that die", ...layer.predictedWithDeaths }]
      : []),
    { name: "this strategy", ...layer.predicted },
  ];
  const drawn = tableOf({
    corner: "weight error",
    columns: [...timesSeconds.map(duration), "TNMSE"],
    rows: rows.map(({ name, rmsPercentByTime, tnmse }) => ({
      name: escaped(name),
      cells: [...rmsPercentByTime.map((r) => withUnit(r, "%", 2)), tnmse.toFixed(4)],
    })),
    accent: true,
  });
  return `<div class="results">${drawn}</div>`;
}

/** One scale, or the span of those of the columns. */
function scaleText({ scaleMicrosiemensPerUnit: scales }: StrategyLayer): string {
  const [least, most] = spanOf(scales);
  return least === most
    ? withUnit(least, "µS", 1)
    : `${withUnit(least, "µS", 1)} to ${withUnit(most, "µS", 1)}, each column its own,`;
}

function rms(tnmse: number): string {
  return withUnit(10 * Math.sqrt(tnmse), "%", 2);
}
