import { join, resolve } from "node:path";
import { figuresCsv } from "../../report/csv.ts";
import { renderReport } from "../../report/report.ts";
import type { ConductanceMap, Point, Story } from "../../report/story.ts";
import { formatGeometry } from "../../src/chip/geometry.ts";
import { judgedAt, type JudgedPoint } from "./contest.ts";
import { explanationsOf } from "./explanations.ts";
import { type Headline, headlineOf } from "./headline.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";
import type { ChipPoints } from "./demoRepeats.ts";
import type { Predictions } from "./predicted.ts";
import { contenders, type DemoResult } from "./demoStory.ts";
import { spreadOf } from "./spread.ts";
import type { DemoOptions } from "./options.ts";
import { version } from "../version.ts";
import { wallTime } from "../wallTime.ts";
import { writeWhole } from "../../files/writeWhole.ts";

/** Writes the report and its figures, each whole or not at all, and returns their paths. */
export async function writeReport(
  options: DemoOptions,
  network: TrainedNetwork,
  first: DemoResult,
  chips: readonly ChipPoints[],
  predictions: Predictions,
): Promise<{ report: string; figures: string; headline: Headline }> {
  const headline = headlineOf(network, chips);
  const story = { ...tell(options, network, first, chips, predictions), ...headline };
  const report = resolve(join(options.out, "report.html"));
  const figures = resolve(join(options.out, "figures.csv"));
  await writeWhole(report, renderReport(story), advice);
  await writeWhole(figures, figuresCsv(story), advice);
  return { report, figures, headline };
}

const advice = "The runs are safe in the workspace; free some space or name another --out.";

/** Of the first chip, but for the figures over time, which are means over all of them. */
function tell(
  options: DemoOptions,
  network: TrainedNetwork,
  first: DemoResult,
  chips: readonly ChipPoints[],
  predictions: Predictions,
): Omit<Story, keyof Headline> {
  const { identity, port } = first;
  const explanations = explanationsOf(first.description);
  return {
    network: network.name,
    networkText: network.text,
    chipText: `${identity.name} number ${identity.serialNumber}, ${formatGeometry(identity.geometry)}, at ${port}`,
    writtenAt: wallTime(),
    softwareVersion: version,
    seed: options.seed,
    measure: network.measure,
    inputs: network.inputs,
    chips: chips.length,
    fit: { record: first.fit, before: first.factory },
    ageing: first.description.pulses.technology.ageing,
    softwareScore: network.softwareScore,
    contenders: contenders.map(({ name }, c) => {
      const { run, overview, relativeErrors } = first.results[c]!;
      const { verdicts } = overview;
      return {
        name,
        explanation: explanations[c]!,
        run,
        devices: overview.devices,
        pulses: overview.pulses,
        verdicts: Object.fromEntries(
          Object.entries(verdicts).filter(([verdict, count]) => count > 0 && verdict !== "left alone"),
        ),
        devicesByPulses: overview.devicesByPulses,
        points: judgedAt.map((_, t) => ({
          ...pointOf(chips.map((chip) => chip[c]![t]!)),
          predicted: predictedAt(predictions[c], t),
        })),
        relativeErrors,
      };
    }),
    characterisationPulses: first.characterisation.pulses,
    map: mapOf(first),
  };
}

function predictedAt(predicted: Predictions[number], t: number): Point["predicted"] {
  if (predicted === undefined) return undefined;
  return { score: predicted.mean[t]!, low: predicted.low[t]!, high: predicted.high[t]! };
}

function pointOf(points: readonly JudgedPoint[]): Point {
  const of = (what: "rmsPercent" | "productPercent" | "score" | "worstTenth") =>
    spreadOf(points.map((p) => p[what] ?? Number.NaN));
  const [rms, product, score, worst] = [
    of("rmsPercent"),
    of("productPercent"),
    of("score"),
    of("worstTenth"),
  ];
  return {
    timeSeconds: points[0]!.timeSeconds,
    rmsPercent: rms.mean,
    productPercent: product.mean,
    score: score.mean,
    worstTenth: worst.mean,
    ...(points.length > 1
      ? { spread: { rmsPercent: rms.spread, productPercent: product.spread, score: score.spread } }
      : {}),
  };
}

/** The fullest tile of the closed loop, as it was programmed first. */
function mapOf({ description, programmed: { laid, sweeps } }: DemoResult): ConductanceMap {
  const weights = laid.placements.map(({ inputCount, outputCount }) => inputCount * outputCount);
  const at = weights.indexOf(Math.max(...weights));
  const { block, targetsMicrosiemens, cells } = laid.tiles[at]!;
  const sweep = sweeps.find(({ tile }) => tile === block.tile)!;
  return {
    tile: block.tile,
    layer: laid.layers[laid.placements[at]!.layer]!.name,
    rowStart: block.rowStart,
    rows: block.rowCount,
    devicesPerCell: cells!.devicesPerCell,
    devicesPerRow: targetsMicrosiemens.length / block.rowCount,
    maxConductanceMicrosiemens: description.maxConductanceMicrosiemens,
    target: targetsMicrosiemens,
    readBack: sweep.conductanceMicrosiemens,
  };
}
