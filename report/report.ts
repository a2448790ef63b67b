import { formatDuration } from "../src/units.ts";
import { errorHistogram, overTime, pulsesPerDevice, seriesOf } from "./charts.ts";
import { colourBar, conductancePicture, differencePicture } from "./maps.ts";
import { escaped, figure, page } from "./page.ts";
import type { Contender, Point, Story } from "./story.ts";
import { count, percent } from "./text.ts";

/**
 * The report of a demo: one HTML page that needs no network and no script, reads in light and dark, and prints.
 * The same story gives the same page.
 */
export function renderReport(story: Story): string {
  const parts = [
    `<header><p class="kicker">mho · ${escaped(story.network)} demo</p><h1>${headline(story)}</h1>`,
    `<p class="facts">${escaped(story.networkText)} · ${escaped(story.chipText)} · seed ${story.seed}</p></header>`,
    results(story),
    `<div class="pair">${accuracyFigure(story)}${errorFigure(story)}</div>`,
    histogramFigure(story),
    mapsFigure(story),
    pulsesFigure(story),
    endings(story),
    terms(story),
  ];
  return page(`mho: ${story.network} demo`, parts.join("\n"));
}

function headline({ contenders, softwareAccuracy }: Story): string {
  const last = contenders.at(-1);
  const end = last?.points.at(-1);
  if (last === undefined || end === undefined) return "Nothing was programmed.";
  const told = (points: readonly Point[], value: (point: Point) => string): string => {
    const point = points.at(-1);
    return point === undefined ? "–" : value(point);
  };
  const others = (value: (point: Point) => string): string[] =>
    contenders.slice(0, -1).map(({ name, points }) => `${escaped(name)} ${told(points, value)}`);
  const error = ({ rmsPercent }: Point): string => `${rmsPercent.toFixed(1)} %`;
  const accuracy = (point: Point): string => percent(point.accuracy);
  const errors = others(error);
  const accuracies = [...others(accuracy), `software ${percent(softwareAccuracy)}`];
  return (
    `After ${formatDuration(end.timeSeconds)} the ${escaped(last.name)}’s weights are off by ${error(end)}` +
    `${errors.length === 0 ? "" : ` (${errors.join(", ")})`}, and ${accuracy(end)} of the images come out right ` +
    `(${accuracies.join(", ")}).`
  );
}

function results({ contenders, softwareAccuracy, images }: Story): string {
  const times = contenders[0]?.points.map(({ timeSeconds }) => formatDuration(timeSeconds)) ?? [];
  const head = times.map((time) => `<th scope="col">${time}</th>`).join("");
  const cells = (values: readonly string[]): string => values.map((value) => `<td>${value}</td>`).join("");
  const rows = (value: (contender: Contender) => string[]): string =>
    contenders
      .map((contender, i) => {
        return `<tr><th scope="row">${keyed(contenders, i)}</th>${cells(value(contender))}</tr>`;
      })
      .join("");
  const group = (title: string): string =>
    `<tr class="group"><th scope="rowgroup" colspan="${times.length + 1}">${title}</th></tr>`;
  const software = cells(times.map(() => percent(softwareAccuracy)));
  return (
    `<section class="scroll"><table><thead><tr><th scope="col">time after the last pulse</th>${head}</tr></thead><tbody>` +
    group("weight error, RMS in percent of the largest weight") +
    rows(({ points }) => points.map(({ rmsPercent }) => `${rmsPercent.toFixed(2)} %`)) +
    group(`accuracy on ${count(images)} held-out images`) +
    `<tr><th scope="row"><span class="key dashed"></span>software</th>${software}</tr>` +
    rows(({ points }) => points.map(({ accuracy }) => percent(accuracy))) +
    `</tbody></table></section>`
  );
}

function accuracyFigure(story: Story): string {
  const losses = story.contenders.map(
    ({ name, points }) =>
      `${escaped(name)} loses ${(100 * (story.softwareAccuracy - (points.at(-1)?.accuracy ?? 0))).toFixed(1)} points`,
  );
  return figure(
    "Accuracy over time",
    `Against software, at the end: ${losses.join(", ")}.`,
    overTime("accuracy", story.contenders, ({ accuracy }) => 100 * accuracy, "%", {
      reference: { name: "software", value: 100 * story.softwareAccuracy },
    }),
  );
}

function errorFigure({ contenders }: Story): string {
  const growth = contenders.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return `${escaped(name)} goes from ${first?.rmsPercent.toFixed(1) ?? "–"} to ${last?.rmsPercent.toFixed(1) ?? "–"} %`;
  });
  return figure(
    "Weight error over time",
    `Drift spreads the weights: ${growth.join(", ")}.`,
    overTime("error", contenders, ({ rmsPercent }) => rmsPercent, "%", { fromZero: true }),
  );
}

function histogramFigure({ contenders }: Story): string {
  const { svg, rangePercent } = errorHistogram(contenders);
  const time = formatDuration(contenders[0]?.points[0]?.timeSeconds ?? 1);
  const within = contenders.map(({ relativeErrors }, i) => {
    const near = relativeErrors.reduce((sum, error) => sum + (Math.abs(error) <= 0.05 ? 1 : 0), 0);
    return `${keyed(contenders, i)} ${percent(near / Math.max(1, relativeErrors.length))}`;
  });
  return figure(
    `Weight errors at ${time}`,
    `Weights within ±5 % of the largest: ${within.join(", ")}. Errors beyond ±${rangePercent} % count in the outermost bins.`,
    wide(svg),
  );
}

/** A picture that keeps its width on a narrow screen and is scrolled there. */
function wide(svg: string): string {
  return `<div class="scroll wide">${svg}</div>`;
}

/** A contender's name behind the colour that it has in every picture. */
function keyed(contenders: readonly Contender[], place: number): string {
  const colour = `var(--series-${seriesOf(place, contenders.length)})`;
  return `<span class="key" style="background:${colour}"></span>${escaped(contenders[place]!.name)}`;
}

function mapsFigure({ map, contenders }: Story): string {
  const name = escaped(contenders.at(-1)?.name ?? "");
  const panel = (title: string, picture: string): string =>
    `<div><img src="${picture}" alt="${title} of tile ${map.tile}"><p>${title}</p></div>`;
  const { picture, rangeMicrosiemens } = differencePicture(map);
  return figure(
    `One tile, device by device (tile ${map.tile}, ${escaped(map.layer)})`,
    `What was meant, what the ${name} left, and the difference, before drift compensation. Each map shows the four devices of a cell apart: ` +
      "G+ and G− above, g+ and g− below.",
    `<div class="maps">${panel("target", conductancePicture(map, map.target))}` +
      `${panel("read back", conductancePicture(map, map.readBack))}${panel("read back − target", picture)}</div>` +
      `<div class="bars">${colourBar("sequential", "0", `${map.maxConductanceMicrosiemens} µS`)}` +
      `${colourBar("diverging", `−${rangeMicrosiemens} µS`, `+${rangeMicrosiemens} µS`)}</div>`,
  );
}

function pulsesFigure({ contenders }: Story): string {
  const looped = contenders.filter(({ devicesByPulses }) => devicesByPulses.length > 2);
  if (looped.length === 0) return "";
  const means = looped.map(
    ({ name, pulses, devices }) => `${escaped(name)} ${(pulses / Math.max(1, devices)).toFixed(1)}`,
  );
  return figure("Pulses per device", `In the mean: ${means.join(", ")}.`, wide(pulsesPerDevice(looped)));
}

function endings({ contenders }: Story): string {
  const rows = contenders.flatMap(({ name, verdicts, devices, explanation }) => [
    `<tr class="group"><th scope="rowgroup" colspan="3">${escaped(name)}</th></tr>`,
    `<tr><td colspan="3" class="note">${escaped(explanation)}</td></tr>`,
    ...Object.entries(verdicts).map(
      ([verdict, n]) =>
        `<tr><th scope="row">${escaped(verdict)}</th><td>${count(n)}</td><td>${percent(n / Math.max(1, devices))}</td></tr>`,
    ),
  ]);
  return (
    `<section><h2>How the devices ended</h2><div class="scroll"><table class="narrow"><thead><tr>` +
    `<th scope="col">verdict</th><th scope="col">devices</th><th scope="col">share</th></tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div></section>`
  );
}

function terms({ softwareVersion, writtenAt, contenders, chipText }: Story): string {
  const runs = contenders.map(({ name, run }) => `${escaped(name)} is run ${escaped(run)}`).join(", ");
  return (
    `<footer><p><b>Weight error</b> is the root mean square of (α ŵ − w) over the largest weight of its layer; ` +
    `<b>α</b> is one drift-compensation factor a tile, by least squares. Every point is <b>one read</b> of each device. ` +
    `Times are the chip's own, after each tile's last pulse.</p>` +
    `<p>mho ${escaped(softwareVersion)} · ${escaped(writtenAt)} · ${escaped(chipText)} · ${runs}</p></footer>`
  );
}
