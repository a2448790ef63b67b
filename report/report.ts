import { painted } from "./colours.ts";
import {
  scoreFigure,
  errorFigure,
  histogramFigure,
  mapsFigure,
  productFigure,
  pulsesFigure,
} from "./figures.ts";
import { changeFigures, pairs } from "./fitReport.ts";
import { escaped, page } from "./page.ts";
import type { Story } from "./story.ts";
import { endings, explanations, results } from "./tables.ts";

/**
 * The report of a demo: one HTML page that needs no network and no script, reads in light and dark, and prints.
 * The same story gives the same page.
 */
export function renderReport(story: Story): string {
  const contenders = painted(story.contenders);
  const parts = [
    `<header><p class="kicker">mho · ${escaped(story.network)} demo</p><h1>${numbersMarked(story.headline)}</h1>`,
    ...story.beside.map((text) => `<p class="beside">${escaped(text)}</p>`),
    `<p class="facts">${escaped(story.networkText)} · ${escaped(story.chipText)} · seed ${story.seed}</p></header>`,
    results(story, contenders),
    explanations(contenders),
    `<div class="pair">${errorFigure(contenders)}${productFigure(contenders)}</div>`,
    ...pairs([
      ...(story.measure === undefined ? [] : [scoreFigure(story, story.measure, contenders)]),
      ...changeFigures(story.fit.record, story.fit.before).slice(0, story.measure === undefined ? 2 : 1),
    ]),
    histogramFigure(contenders),
    mapsFigure(story.map, contenders, undefined, story.ageing),
    pulsesFigure(contenders),
    endings(contenders, story.characterisationPulses),
    terms(story),
  ];
  return page(`mho: ${story.network} demo`, parts.join("\n"));
}

/** The numbers of a headline stand out. */
function numbersMarked(text: string): string {
  return escaped(text).replace(/\d[\d.]*\s%/g, "<em>$&</em>");
}

function terms({
  softwareVersion,
  writtenAt,
  contenders,
  chipText,
  seed,
  map,
  ageing = "drift",
}: Story): string {
  const runs = contenders.map(({ name, run }) => `${escaped(name)} <code>${escaped(run)}</code>`);
  const written = writtenAt.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*Z$/, "$1 $2 UTC");
  return (
    `<footer><p><b>Weight error</b> is the root mean square of (α ŵ − w) / max |w| of its layer: ` +
    `<b>ŵ</b> is the weight as read, <b>w</b> as meant, ` +
    `<b>α</b> one ${compensation(ageing)} factor a tile, by least squares. Every point is <b>one read</b> of each device. ` +
    `<b>Times</b> are the chip’s own, after each tile’s last pulse. ` +
    `${cellText(map.devicesPerCell)}</p>` +
    `<p>mho ${escaped(softwareVersion)} · ${escaped(written)} · seed ${seed} · ${escaped(chipText)}` +
    `${runs.length === 0 ? "" : ` · runs: ${runs.join(", ")}`}</p></footer>`
  );
}

function cellText(devicesPerCell: number): string {
  return devicesPerCell < 4
    ? "A cell holds a weight in two <b>devices</b>, the pair G+ and G−."
    : "A cell holds a weight in four <b>devices</b>: the significant pair G+ and G−, the less significant g+ and g−.";
}

/** Of devices that do not drift it makes up for what their means lose. */
function compensation(ageing: string): string {
  return ageing === "drift" ? "drift-compensation" : "compensation";
}
