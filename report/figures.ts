import { chartFigure } from "./chartDrawing.ts";
import type { Painted } from "./colours.ts";
import { errorHistogram, pulsesPerDevice } from "./histograms.ts";
import {
  cellsPerRow,
  colourBar,
  conductancePictures,
  differencePictures,
  sortedDifferences,
  verdictPictures,
} from "./maps.ts";
import { deviceNames, hatchedFor, verdictColours } from "./mapNames.ts";
import { overTime } from "./overTime.ts";
import { escaped, figure } from "./page.ts";
import { isOpen, verdictNames } from "../src/program/method.ts";
import { pulsesOfShare, quantile, shareWithin, sortedSizes } from "../src/statistics.ts";
import { type NetworkMeasure, scoreText } from "../src/results/networkMeasure.ts";
import { counted } from "../src/counted.ts";
import type { ConductanceMap, Point, Story } from "./story.ts";
import { count, duration, listed, percent, percentage, withUnit } from "./text.ts";

/** How the network does over time, by its measure. */
export function scoreFigure(
  { softwareScore, inputs }: Pick<Story, "softwareScore" | "inputs">,
  measure: NetworkMeasure,
  contenders: readonly Painted[],
): string {
  const { name, title, axis, unit, leastRange, inUnit } = measure;
  return chartFigure(
    overTime(contenders, {
      figure: name,
      title: `${title} over time`,
      sentence:
        measure.name === "accuracy"
          ? accuracySentence(softwareScore, inputs, contenders)
          : similaritySentence(measure, inputs, contenders),
      name: axis,
      unit,
      leastRange,
      percent: ({ score }) => inUnit(score),
      spread: ({ spread }) => spread && inUnit(spread.score),
      reference: { name: "software", percent: inUnit(softwareScore) },
    }),
  );
}

function accuracySentence(software: number, images: number, contenders: readonly Painted[]): string {
  const ends = contenders.map(({ name, points }) => {
    const points100 = 100 * (software - (points.at(-1)?.score ?? Number.NaN));
    const size = withUnit(Math.abs(points100), "points", 1);
    return `${name} ends ${size} ${points100 < 0 ? "above" : "below"}`;
  });
  // The axis may be narrow: what looks like a wide gap may be a handful of images.
  return `Against software, ${listed(ends)}; one image is ${withUnit(100 / images, "points", 2)}.`;
}

function similaritySentence(measure: NetworkMeasure, inputs: number, contenders: readonly Painted[]): string {
  const ends = contenders.map(({ name, points }) => {
    const { score, worstTenth } = points.at(-1) ?? { score: Number.NaN };
    const worst = worstTenth === undefined ? "" : ` (the worst tenth ${scoreText(measure, worstTenth)})`;
    return `${name} ends at ${scoreText(measure, score)}${worst}`;
  });
  return `Mean cosine of the outputs to those in software, over ${counted(inputs, "input")}: ${listed(ends)}.`;
}

export function errorFigure(contenders: readonly Painted[]): string {
  const rms = (point?: Point): number => point?.rmsPercent ?? Number.NaN;
  const courses = contenders.map(({ name, points }) => {
    const start = percentage(rms(points[0]));
    return points.length < 2
      ? `${name} is at ${start}`
      : `${name} goes from ${start} to ${percentage(rms(points.at(-1)))}`;
  });
  return chartFigure(
    overTime(contenders, {
      figure: "error",
      title: "Weight error over time",
      sentence: `The root mean square: ${listed(courses)}.`,
      name: "weight error, % of the largest weight",
      percent: rms,
      spread: ({ spread }) => spread?.rmsPercent,
    }),
  );
}

export function productFigure(contenders: readonly Painted[]): string {
  const off = (point?: Point): number => point?.productPercent ?? Number.NaN;
  const ends = contenders.map(
    ({ name, points }) => `${name} ${percentage(off(points[0]))} … ${percentage(off(points.at(-1)))}`,
  );
  return chartFigure(
    overTime(contenders, {
      figure: "product",
      title: "Matrix–vector error over time",
      sentence: `How far products lie off, of their size: ${listed(ends)}.`,
      name: "matrix–vector error, % of the product’s size",
      percent: off,
      spread: ({ spread }) => spread?.productPercent,
    }),
  );
}

export function histogramFigure(contenders: readonly Painted[]): string {
  const last = contenders.at(-1);
  if (last === undefined) return "";
  const near = 0.05;
  const within = ({ relativeErrors }: Painted): string =>
    percent(shareWithin(sortedSizes(relativeErrors), near));
  const others = contenders.slice(0, -1).map((other) => `${within(other)} of ${other.name}’s`);
  const time = last.points[0]?.timeSeconds;
  return chartFigure(
    errorHistogram(contenders, {
      title: `Weight errors${time === undefined ? "" : ` at ${duration(time)}`}`,
      sentence:
        `${within(last)} of the ${last.name}’s weights are within ±${100 * near}\u202f% of what was meant` +
        `${others.length === 0 ? "" : `, ${listed(others)}`}.`,
    }),
  );
}

/** @param readWhen  when the map was read back; HTML, begins a sentence. */
export function mapsFigure(
  map: ConductanceMap,
  contenders: readonly Painted[],
  readWhen = "When first read",
  ageing = "drift",
): string {
  const layer = map.layer === "" ? "" : ` of layer ${escaped(map.layer)}`;
  const chip = map.chip === undefined ? "" : ` of ${escaped(map.chip)}`;
  const title = map.inOrder ? "Device by device" : `Tile ${map.tile}${chip}${layer}, device by device`;
  const differences = sortedDifferences(map);
  if (differences.length === 0) return figure(title, "No weight lies on this tile.", "");
  const name = escaped(contenders.at(-1)?.name ?? "");
  const within = (share: number): string => `±${withUnit(quantile(differences, share), "µS", 2)}`;
  // A scale that 99 % of the devices fit, so that one stuck device does not pale the others.
  const range = Math.max(0.1, Math.ceil(10 * quantile(differences, 0.99)) / 10);
  const ends = withUnit(range, "µS", 1);
  const full = map.maxConductanceMicrosiemens;
  const scale = colourBar("sequential", ["0", withUnit(full / 2, "µS", 1), withUnit(full, "µS", 0)]);
  const { verdicts } = map;
  const ended = verdicts === undefined ? [] : verdictsOn(map, verdicts);
  const panels = [
    panel(map, "target", conductancePictures(map, map.target), scale),
    panel(map, "read back", conductancePictures(map, map.readBack), scale),
    panel(
      map,
      "read − target",
      differencePictures(map, range),
      colourBar("diverging", [`−${ends}`, "0", `+${ends}`]),
    ),
    // A map of one colour says no more than its sentence.
    ...(verdicts === undefined || ended.length < 2
      ? []
      : [panel(map, "verdict", verdictPictures(map, verdicts), verdictKey(ended))]),
  ];
  return figure(
    title,
    `${readWhen}, and before ${ageing === "drift" ? "drift compensation" : "compensation"}, half of the devices that the ${name} programmed are within ${within(0.5)} ` +
      `of their targets and 99\u202f% within ${within(0.99)}${ended.length === 0 ? "" : `; ${worst(ended)}`}.` +
      `${map.inOrder ? " Imported devices have no place on a chip: they stand in the order of their tables." : ""}`,
    `<div class="maps${panels.length % 2 === 0 ? " even" : ""}">${panels.join("")}</div>`,
  );
}

export function pulsesFigure(contenders: readonly Painted[]): string {
  const looped = contenders.filter(({ devicesByPulses }) =>
    devicesByPulses.some((devices, pulses) => pulses > 1 && devices > 0),
  );
  if (looped.length === 0) return "";
  const needs = looped.map(({ name, pulses, devices, devicesByPulses }) => {
    const mean = (pulses / Math.max(1, devices)).toFixed(1);
    const most = pulsesOfShare(devicesByPulses, 0.99);
    return `${name} fires ${mean} pulses a device, and ${count(most)} are enough for 99\u202f%`;
  });
  const sentence = `In the mean, ${needs.join("; ")}.`;
  return chartFigure(pulsesPerDevice(looped, { title: "Pulses per device", sentence }));
}

/** The devices of a cell apart, two by two, above what explains the colours. */
function panel(map: ConductanceMap, title: string, pictures: readonly string[], key: string): string {
  const names = deviceNames(map.devicesPerCell);
  const tiles = pictures.map(
    (picture, i) =>
      `<div class="map"><span>${names[i]!}</span>` +
      axes(map, `<img src="${picture}" alt="${title}, ${names[i]!}, row by row">`) +
      `</div>`,
  );
  const hatched = hatchedFor(map.target, title.startsWith("read") ? { readings: map.readBack } : {});
  const empty =
    hatched === "" ? "" : `<p class="legend small"><span><span class="key none"></span>${hatched}</span></p>`;
  const alone = pictures.length === 1 ? " alone" : "";
  return `<div class="panel"><h3>${title}</h3><div class="devices${alone}">${tiles.join("")}</div>${key}${empty}</div>`;
}

/** Rows from the first one shown at the top, columns from 0 at the left. */
function axes(map: ConductanceMap, picture: string): string {
  if (map.inOrder) return `<div>${picture}</div>`;
  const { rowStart, rows } = map;
  const ends = (name: string, first: number, last: number): string =>
    `<b>${first}</b><i>${name}</i><b>${last}</b>`;
  return (
    `<div class="axes"><span class="rows">${ends("row", rowStart, rowStart + rows - 1)}</span>${picture}` +
    `<span class="columns">${ends("column", 0, cellsPerRow(map) - 1)}</span></div>`
  );
}

/** Verdicts on the map with how many devices have each, the commonest first. */
function verdictsOn(map: ConductanceMap, verdicts: Uint8Array): { verdict: number; devices: number }[] {
  const counts = verdictNames.map((_, verdict) => ({ verdict, devices: 0 }));
  verdicts.forEach((verdict, i) => {
    if (!Number.isNaN(map.target[i]!)) counts[verdict]!.devices++;
  });
  return counts.filter(({ devices }) => devices > 0).sort((a, b) => b.devices - a.devices);
}

type Ended = ReturnType<typeof verdictsOn>;

function verdictKey(ended: Ended): string {
  const entries = ended.map(
    ({ verdict, devices }) =>
      `<span><span class="key" style="background:rgb(${verdictColours[verdict]!.join(",")})"></span>` +
      `${verdictNames[verdict]!}: ${count(devices)}</span>`,
  );
  return `<p class="legend small">${entries.join("")}</p>`;
}

/** How many devices did not end well, in words. */
function worst(ended: Ended): string {
  const good: readonly string[] = ["accepted", "accepted outside tolerance", "unverified"];
  const bad = ended.filter(({ verdict }) => !good.includes(verdictNames[verdict]!));
  if (ended.length === 1 && bad.length === 0) return `all of them ended ${verdictNames[ended[0]!.verdict]!}`;
  if (bad.length === 0) return "no device was given up";
  return listed(
    bad.map(({ verdict, devices }) => {
      const name = verdictNames[verdict]!;
      return `${count(devices)} ${isOpen(verdict) ? `are still ${name}` : `ended ${name}`}`;
    }),
  );
}
