import type { Painted } from "./colours.ts";
import { escaped, keyed } from "./page.ts";
import type { Point, Story } from "./story.ts";
import { count, duration, percent, percentage } from "./text.ts";

/** Accuracy and weight error of every contender at every time that any of them was read at. */
export function results({ softwareAccuracy, images, chips }: Story, contenders: readonly Painted[]): string {
  const times = [
    ...new Set(contenders.flatMap(({ points }) => points.map(({ timeSeconds }) => timeSeconds))),
  ].sort((a, b) => a - b);
  const head = times.map((time) => `<th scope="col">${duration(time)}</th>`).join("");
  const rows = contenders.map((contender) => {
    const cells = times.map((time) => {
      const point = contender.points.find(({ timeSeconds }) => timeSeconds === time);
      if (point === undefined) return `<td>–</td>`;
      return images > 0
        ? `<td>${percent(point.accuracy)}${more(100 * (point.spread?.accuracy ?? 0))}<small>${errors(point)}</small>${predicted(point)}</td>`
        : `<td>${errors(point)}</td>`;
    });
    return `<tr><th scope="row">${keyed(contender)}</th>${cells.join("")}</tr>`;
  });
  const software = times
    .map(() => (images > 0 ? `<td>${percent(softwareAccuracy)}<small>0 · 0</small></td>` : `<td>0 · 0</td>`))
    .join("");
  const under =
    "the <b>weight error</b>, root mean square in percent of the layer’s largest weight, and the <b>matrix–vector error</b>, in percent of the product’s size";
  const legend =
    images > 0
      ? `<b>Accuracy</b> on ${count(images)} held-out images, and under it ${under}.`
      : `Of each, ${under}.`;
  const foreseen = contenders.some(({ points }) => points.some((point) => point.predicted !== undefined))
    ? " <b>Predicted</b>: the accuracy that the model of a strategy gave before the first pulse, and in brackets the band in which 90\u202f% of " +
      "such chips lie."
    : "";
  const repeats =
    chips > 1
      ? ` Means over ${chips} chips, and ± their standard deviation, which the pictures show as bands.`
      : "";
  return (
    `<section class="results"><p class="note">${legend}${foreseen}${repeats}</p>` +
    `<div class="scroll"><table><thead><tr><th scope="col">after the last pulse</th>${head}</tr></thead><tbody>` +
    `<tr><th scope="row"><span class="key dashed"></span>software</th>${software}</tr>${rows.join("")}` +
    `</tbody></table></div></section>`
  );
}

function errors({ rmsPercent, productPercent }: Point): string {
  return `${percentage(rmsPercent)} · ${percentage(productPercent)}`;
}

/** What was predicted, where it was. */
function predicted({ predicted: found }: Point): string {
  if (found === undefined) return "";
  const [mean, low, high] = [found.accuracy, found.low, found.high].map((share) => (100 * share).toFixed(1));
  return `<small>predicted ${mean} (${low}–${high})</small>`;
}

/** A spread, where there is one to speak of. */
function more(spread: number): string {
  return spread > 0 ? ` <small style="display:inline">± ${spread.toFixed(1)}</small>` : "";
}

/** Who is who. */
export function explanations(contenders: readonly Painted[]): string {
  const rows = contenders.map((contender) => {
    return `<div><dt>${keyed(contender)}</dt><dd>${escaped(contender.explanation)}</dd></div>`;
  });
  return `<dl>${rows.join("")}</dl>`;
}

/** What was fired to measure the chip, which no contender's devices felt. */
function apart(pulses: number | undefined): string {
  return pulses === undefined
    ? ""
    : `<p class="note">Pulses include those of corrections. Measuring the chip took ${count(pulses)} pulses more.</p>`;
}

/** How the devices of each contender ended; the commonest verdict first. */
export function endings(contenders: readonly Painted[], characterisationPulses?: number): string {
  const totals = new Map<string, number>();
  for (const { verdicts } of contenders) {
    for (const [verdict, n] of Object.entries(verdicts)) totals.set(verdict, (totals.get(verdict) ?? 0) + n);
  }
  const names = [...totals].sort((a, b) => b[1] - a[1]).map(([verdict]) => verdict);
  const row = (title: string, value: (contender: Painted) => string): string =>
    `<tr><th scope="row">${title}</th>${contenders.map((one) => `<td>${value(one)}</td>`).join("")}</tr>`;
  const verdictRows = names.map((verdict) =>
    row(escaped(verdict), ({ verdicts, devices }) => {
      const n = Object.hasOwn(verdicts, verdict) ? verdicts[verdict]! : 0;
      return n === 0 ? "–" : `${count(n)}<small>${percent(n / Math.max(1, devices))}</small>`;
    }),
  );
  if (contenders.length === 0) return "";
  return (
    `<section class="endings"><h2>How the devices ended</h2><div class="scroll"><table>` +
    `<thead><tr><th scope="col">verdict</th>` +
    `${contenders.map((contender) => `<th scope="col">${keyed(contender)}</th>`).join("")}</tr></thead>` +
    `<tbody>${verdictRows.join("")}` +
    `${row("devices in all", ({ devices }) => count(devices))}` +
    `${row("pulses in all", ({ pulses }) => count(pulses))}</tbody></table></div>${apart(characterisationPulses)}</section>`
  );
}
