import type { Painted } from "./colours.ts";
import { errorHistogram, pulsesPerDevice } from "./histograms.ts";
import {
  colourBar,
  conductancePictures,
  deviceNames,
  differencePictures,
  sortedDifferences,
  verdictColours,
  verdictPictures,
} from "./maps.ts";
import { overTime } from "./overTime.ts";
import { escaped, figure, keyed } from "./page.ts";
import { isOpen, verdictNames } from "../src/program/method.ts";
import { pulsesOfShare, quantile, shareWithin, sortedSizes } from "../src/statistics.ts";
import type { ConductanceMap, Point, Story } from "./story.ts";
import { count, duration, listed, percent, percentage, withUnit } from "./text.ts";

export function accuracyFigure({ softwareAccuracy, images }: Story, contenders: readonly Painted[]): string {
  const ends = contenders.map(({ name, points }) => {
    const points100 = 100 * (softwareAccuracy - (points.at(-1)?.accuracy ?? Number.NaN));
    const size = withUnit(Math.abs(points100), "points", 1);
    return `${escaped(name)} ends ${size} ${points100 < 0 ? "above" : "below"}`;
  });
  // The axis may be narrow: what looks like a wide gap may be a handful of images.
  const image = images > 0 ? `; one image is ${withUnit(100 / images, "points", 2)}` : "";
  const picture = overTime(contenders, {
    name: "accuracy",
    alt: "Accuracy over time",
    percent: ({ accuracy }) => 100 * accuracy,
    spread: ({ spread }) => spread && 100 * spread.accuracy,
    reference: { name: "software", percent: 100 * softwareAccuracy },
  });
  return figure("Accuracy over time", `Against software, ${listed(ends)}${image}.`, picture);
}

export function errorFigure(contenders: readonly Painted[]): string {
  const rms = (point?: Point): number => point?.rmsPercent ?? Number.NaN;
  const courses = contenders.map(({ name, points }) => {
    const start = percentage(rms(points[0]));
    return points.length < 2
      ? `${escaped(name)} is at ${start}`
      : `${escaped(name)} goes from ${start} to ${percentage(rms(points.at(-1)))}`;
  });
  const picture = overTime(contenders, {
    name: "error",
    alt: "Weight error over time",
    percent: rms,
    spread: ({ spread }) => spread?.rmsPercent,
  });
  return figure("Weight error over time", `The root mean square: ${listed(courses)}.`, picture);
}

export function productFigure(contenders: readonly Painted[]): string {
  const off = (point?: Point): number => point?.productPercent ?? Number.NaN;
  const ends = contenders.map(
    ({ name, points }) =>
      `${escaped(name)} ${percentage(off(points[0]))} … ${percentage(off(points.at(-1)))}`,
  );
  const picture = overTime(contenders, {
    name: "product",
    alt: "Matrix–vector error over time",
    percent: off,
    spread: ({ spread }) => spread?.productPercent,
  });
  return figure(
    "Matrix–vector error over time",
    `How far products lie off, of their size: ${listed(ends)}.`,
    picture,
  );
}

export function histogramFigure(contenders: readonly Painted[]): string {
  const last = contenders.at(-1);
  if (last === undefined) return "";
  const near = 0.05;
  const within = ({ relativeErrors }: Painted): string =>
    percent(shareWithin(sortedSizes(relativeErrors), near));
  const others = contenders.slice(0, -1).map((other) => `${within(other)} of ${escaped(other.name)}’s`);
  const { picture, rangePercent, beyond } = errorHistogram(contenders, "Histogram of weight errors");
  const keys = contenders.map(
    (contender, i) =>
      `<span>${keyed(contender)} <small>${percent(beyond[i]!)} outside ±${rangePercent}\u202f%</small></span>`,
  );
  const time = last.points[0]?.timeSeconds;
  return figure(
    `Weight errors${time === undefined ? "" : ` at ${duration(time)}`}`,
    `${within(last)} of the ${escaped(last.name)}’s weights are within ±${100 * near}\u202f% of what was meant` +
      `${others.length === 0 ? "" : `, ${listed(others)}`}.`,
    `<p class="legend">${keys.join("")}</p>${picture}`,
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
  const title = `Tile ${map.tile}${layer}, device by device`;
  const differences = sortedDifferences(map);
  if (differences.length === 0) return figure(title, "No weight lies on this tile.", "");
  const name = escaped(contenders.at(-1)?.name ?? "");
  const within = (share: number): string => `±${withUnit(quantile(differences, share), "µS", 2)}`;
  // A scale that 99 % of the devices fit, so that one stuck device does not pale the others.
  const range = Math.max(0.1, Math.ceil(10 * quantile(differences, 0.99)) / 10);
  const full = withUnit(map.maxConductanceMicrosiemens, "µS", 0);
  const ends = withUnit(range, "µS", 1);
  const names = deviceNames(map.devicesPerCell);
  const panels = [
    panel("target", conductancePictures(map, map.target), names, colourBar("sequential", "0", full)),
    panel("read back", conductancePictures(map, map.readBack), names, colourBar("sequential", "0", full)),
    panel(
      "read − target",
      differencePictures(map, range),
      names,
      colourBar("diverging", `−${ends}`, `+${ends}`),
    ),
    ...(map.verdicts === undefined
      ? []
      : [panel("verdict", verdictPictures(map, map.verdicts), names, verdictKey(map, map.verdicts))]),
  ];
  return figure(
    title,
    `${readWhen}, and before ${ageing === "drift" ? "drift compensation" : "compensation"}, half of the devices that the ${name} programmed are within ${within(0.5)} ` +
      `of their targets and 99\u202f% within ${within(0.99)}${map.verdicts === undefined ? "" : `; ${worst(map, map.verdicts)}`}.`,
    `<div class="maps${panels.length === 4 ? " four" : ""}">${panels.join("")}</div>`,
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
    return `${escaped(name)} fires ${mean} pulses a device, and ${count(most)} are enough for 99\u202f%`;
  });
  const keys = looped.map((contender) => `<span>${keyed(contender)}</span>`);
  return figure(
    "Pulses per device",
    `In the mean, ${needs.join("; ")}.`,
    `<p class="legend">${keys.join("")}</p>${pulsesPerDevice(looped, "Histogram of pulses per device")}`,
  );
}

/** The devices of a cell apart, two by two, above what explains the colours. */
function panel(title: string, pictures: readonly string[], names: readonly string[], key: string): string {
  const tiles = pictures.map(
    (picture, i) => `<div><span>${names[i]!}</span><img src="${picture}" alt="${title}, ${names[i]!}"></div>`,
  );
  return `<div class="panel"><h3>${title}</h3><div class="devices">${tiles.join("")}</div>${key}</div>`;
}

/** Verdicts on the map with how many devices have each, the commonest first. */
function verdictsOn(map: ConductanceMap, verdicts: Uint8Array): { verdict: number; devices: number }[] {
  const counts = verdictNames.map((_, verdict) => ({ verdict, devices: 0 }));
  verdicts.forEach((verdict, i) => {
    if (!Number.isNaN(map.target[i]!)) counts[verdict]!.devices++;
  });
  return counts.filter(({ devices }) => devices > 0).sort((a, b) => b.devices - a.devices);
}

function verdictKey(map: ConductanceMap, verdicts: Uint8Array): string {
  const entries = verdictsOn(map, verdicts).map(
    ({ verdict, devices }) =>
      `<span><span class="key" style="background:rgb(${verdictColours[verdict]!.join(",")})"></span>` +
      `${verdictNames[verdict]!} ${count(devices)}</span>`,
  );
  return `<p class="legend verdicts">${entries.join("")}</p>`;
}

/** How many devices did not end well, in words. */
function worst(map: ConductanceMap, verdicts: Uint8Array): string {
  const good: readonly string[] = ["accepted", "accepted outside tolerance", "unverified"];
  const bad = verdictsOn(map, verdicts).filter(({ verdict }) => !good.includes(verdictNames[verdict]!));
  if (bad.length === 0) return "no device was given up";
  return listed(
    bad.map(({ verdict, devices }) => {
      const name = verdictNames[verdict]!;
      return `${count(devices)} ${isOpen(verdict) ? `are still ${name}` : `ended ${name}`}`;
    }),
  );
}
