import { painted } from "./colours.ts";
import { axis, drawing, roundLimits, rule, seriesColour, soft } from "./draw.ts";
import { errorFigure, mapsFigure, pulsesFigure } from "./figures.ts";
import { escaped, figure, page } from "./page.ts";
import type { ConductanceMap, Contender } from "./story.ts";
import { endings } from "./tables.ts";
import { count, duration, percentage, shortDuration } from "./text.ts";

/** All that the report of one run shows. */
export interface RunStory {
  readonly title: string;
  readonly chipText: string;
  readonly softwareVersion: string;
  readonly yieldPercent: number;
  readonly contender: Contender;
  /** One tile, as meant and as it was read first; undefined where it never was. */
  readonly map: ConductanceMap | undefined;
  readonly drift: readonly DriftBand[];
  readonly temperature: readonly { readonly seconds: number; readonly celsius: number }[];
  readonly notes: readonly string[];
}

/** Devices of about the same conductance, as they went on; shares of what each of them read first. */
export interface DriftBand {
  readonly fromMicrosiemens: number;
  readonly toMicrosiemens: number;
  readonly devices: number;
  readonly points: readonly {
    readonly ageSeconds: number;
    readonly quarter: number;
    readonly median: number;
    readonly threeQuarters: number;
    /** What the run's model expected of the middle of the band. */
    readonly expected: number;
  }[];
}

/** How one run went, as one HTML page without network or script. */
export function renderRun(story: RunStory): string {
  const { contender, title, chipText, yieldPercent, map, drift, temperature, notes, softwareVersion } = story;
  const painting = painted([contender]);
  const parts = [
    `<header><p class="kicker">mho · run ${escaped(contender.run)}</p><h1>${headline(story)}</h1>`,
    `<p class="facts">${escaped(title)} · ${escaped(contender.name)} · ${escaped(chipText)}</p></header>`,
    `<div class="pair">${contender.points.length > 1 ? errorFigure(painting) : ""}${drift.length > 0 ? driftFigure(drift) : ""}</div>`,
    map === undefined ? "" : mapsFigure(map, painting),
    pulsesFigure(painting),
    temperature.length > 1 ? temperatureFigure(temperature) : "",
    endings(painting),
    notes.length === 0
      ? ""
      : `<section><h2>What happened</h2>${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join("")}</section>`,
    `<footer><p>Yield ${percentage(yieldPercent)} of devices with a target. Ages are the devices’ own, after each one’s last pulse. ` +
      `mho ${escaped(softwareVersion)}</p></footer>`,
  ];
  return page(`mho: run ${contender.run}`, parts.join("\n"));
}

function headline({ contender, yieldPercent }: RunStory): string {
  const { devices, pulses, points } = contender;
  const each = (pulses / Math.max(1, devices)).toFixed(1);
  const last = points.at(-1);
  const error =
    last === undefined
      ? ""
      : `, at a weight error of <em>${percentage(last.rmsPercent)}</em> after ${duration(last.timeSeconds)}`;
  return `<em>${percentage(yieldPercent)}</em> of ${count(devices)} devices are where they should be, for ${each} pulses each${error}.`;
}

function driftFigure(bands: readonly DriftBand[]): string {
  const keys = bands.map(
    ({ fromMicrosiemens: from, toMicrosiemens: to }, k) =>
      `<span><span class="key" style="background:var(--series-${k})"></span>${plain(from)} … ${plain(to)} µS</span>`,
  );
  const ages = bands.flatMap(({ points }) => points.map(({ ageSeconds }) => ageSeconds));
  const ticks = [1, 60, 3600, 86_400, 2_592_000, 31_536_000].filter(
    (tick) => tick >= 0.5 * Math.min(...ages) && tick <= 2 * Math.max(...ages),
  );
  const share = (value: number): number => 100 * value;
  const shares = bands.flatMap(({ points }) =>
    points.flatMap((p) => [share(p.quarter), share(p.threeQuarters)]),
  );
  const limits = roundLimits(Math.min(...shares), Math.max(...shares), 5);
  const picture = drawing("drift", "Conductance over age", { width: 520, height: 300 }, () => ({
    grid: { left: 56, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      min: Math.log10(Math.min(...ages)) - 0.1,
      max: Math.log10(Math.max(...ages)) + 0.1,
      splitLine: { show: false },
      axisTick: { show: true, customValues: ticks.map(Math.log10), lineStyle: { color: rule } },
      axisLabel: {
        ...axis.axisLabel,
        customValues: ticks.map(Math.log10),
        formatter: (tick: number) =>
          shortDuration(ticks.find((t) => Math.abs(Math.log10(t) - tick) < 1e-6) ?? 10 ** tick),
      },
      name: "age",
    },
    yAxis: { ...axis, ...limits, axisLabel: { ...axis.axisLabel, formatter: percentLabel } },
    series: bands.flatMap(({ points }, k) => {
      const line = (of: (point: DriftBand["points"][number]) => number): number[][] =>
        points.map((point) => [Math.log10(point.ageSeconds), share(of(point))]);
      const thin = { symbol: "none", lineStyle: { color: seriesColour(k), width: 1, opacity: 0.45 } };
      return [
        { type: "line", data: line(({ quarter }) => quarter), ...thin },
        { type: "line", data: line(({ threeQuarters }) => threeQuarters), ...thin },
        {
          type: "line",
          data: line(({ expected }) => expected),
          symbol: "none",
          lineStyle: { color: soft, width: 1.5, type: "dashed" },
        },
        {
          type: "line",
          data: line(({ median }) => median),
          symbol: "circle",
          symbolSize: 5,
          lineStyle: { color: seriesColour(k), width: 2 },
          itemStyle: { color: seriesColour(k) },
        },
      ];
    }),
  }));
  return figure(
    "Drift",
    "What devices still conduct of what they read first: their median between quarters, by conductance. Dashed, what the run’s model expected.",
    `<p class="legend">${keys.join("")}</p>${picture}`,
  );
}

function temperatureFigure(points: RunStory["temperature"]): string {
  const hours = points.at(-1)!.seconds < 3 * 86_400;
  const unit = hours ? 3600 : 86_400;
  const values = points.map(({ celsius }) => celsius);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const picture = drawing("temperature", "Temperature of the chip", { width: 960, height: 200 }, () => ({
    grid: { left: 56, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      splitLine: { show: false },
      name: hours ? "hours after the first sweep" : "days after the first sweep",
    },
    yAxis: {
      ...axis,
      min: Math.floor(least - 0.5),
      max: Math.ceil(most + 0.5),
      axisLabel: { ...axis.axisLabel, formatter: "{value}\u202f°C" },
    },
    series: [
      {
        type: "line",
        data: points.map(({ seconds, celsius }) => [seconds / unit, celsius]),
        symbol: "circle",
        symbolSize: 5,
        lineStyle: { color: seriesColour(0), width: 2 },
        itemStyle: { color: seriesColour(0) },
      },
    ],
  }));
  return figure(
    "Temperature",
    `The chip was between ${least.toFixed(1)} and ${most.toFixed(1)}\u202f°C when it was read.`,
    picture,
  );
}

function plain(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percentLabel(value: number): string {
  return `${Number(value.toPrecision(3))}\u202f%`;
}
