import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { type DualPairRule, fullScale, targetsOf } from "../src/optimize/dualPair.ts";
import { expectedSquareError } from "../src/optimize/expectedError.ts";
import type { MethodName } from "../src/program/methods.ts";
import { assess, type Assessment, type LaidNetwork, spreadTargets } from "../src/run/assessment.ts";
import type { SweepRecord } from "../src/run/journal.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { type RunOverview, summarise } from "../src/run/summary.ts";
import type { Seconds } from "../src/units.ts";
import { maxWeight, weightHistogram } from "../src/weights/layer.ts";
import { placeLayers, weightsOfPlacement } from "../src/weights/placement.ts";
import type { DemoNetwork } from "./demoNetwork.ts";

/** One way of bringing the network onto the chip. */
export interface Contest {
  readonly name: string;
  readonly explanation: string;
  readonly rule: DualPairRule;
  readonly method: MethodName;
}

/** Optimal in all six cases of Mackin et al. 2022; both contests use it, so that they differ by rule and method. */
const significance = 2;

export const sweepTimesSeconds: readonly Seconds[] = [1, 3600, 86_400, 2_592_000, 31_536_000];

export const contests: readonly Contest[] = [
  {
    name: "naive",
    explanation:
      "The major pair first, and one pulse a device from the chip's nominal curve, never read back.",
    rule: "msp-first",
    method: "open-loop",
  },
  {
    name: "closed loop",
    explanation:
      "The minor pair first, and every device read back after every pulse until it lies in its margin.",
    rule: "lsp-first",
    method: "verify",
  },
];

/** How a contest went. */
export interface ContestResult {
  readonly contest: Contest;
  readonly run: RunId;
  readonly plan: RunPlan;
  readonly overview: RunOverview;
  readonly laid: LaidNetwork;
  readonly points: readonly JudgedPoint[];
  readonly firstSweeps: readonly SweepRecord[];
}

export interface JudgedPoint extends Assessment {
  readonly accuracy: number;
  /** What the published 90 nm model expects of this rule, programmed as published; percent. */
  readonly expectedRmsPercent: number;
}

/** Translates the network and lays it on the chip's tiles. */
export function planContest(
  contest: Contest,
  network: DemoNetwork,
  driver: ConnectedDriver,
  identity: ChipIdentity,
): RunPlan {
  const { geometry } = driver.description;
  const laid = lay(contest, network, driver.description);
  return {
    title: `${contest.name}, ${network.text}`,
    chipName: identity.name,
    chipSerialNumber: identity.serialNumber,
    chipAddress: driver.address,
    method: contest.method,
    model: pcm90nmDefinition,
    sweepTimesSeconds,
    sweepAverages: 1,
    pulsesPerDevice: usualPulsesPerDevice,
    tiles: laid.placements.map((placement) => {
      const weights = weightsOfPlacement(laid.layers[placement.layer]!, placement);
      const cells = targetsOf(laid.strategies[placement.layer]!, weights);
      const targetsMicrosiemens = spreadTargets(cells, placement, devicesPerRow(geometry));
      return { block: placement.block, targetsMicrosiemens };
    }),
  };
}

/** Reads a finished run back out of the store and judges it. */
export async function judgeContest(
  contest: Contest,
  network: DemoNetwork,
  description: ChipDescription,
  store: RunStore,
  run: RunId,
): Promise<ContestResult> {
  const laid = lay(contest, network, description);
  const sweeps: SweepRecord[] = [];
  for await (const sweep of store.sweeps(run)) sweeps.push(sweep);
  const points = sweepTimesSeconds.map((timeSeconds) => {
    const assessment = assess(laid, sweeps, timeSeconds);
    return {
      ...assessment,
      accuracy: network.accuracyWith(assessment.layers),
      expectedRmsPercent: expectedPercent(laid, timeSeconds),
    };
  });
  return {
    contest,
    run,
    plan: await store.plan(run),
    overview: await summarise(store, run),
    laid,
    points,
    firstSweeps: sweeps.filter(({ timeSeconds }) => timeSeconds === sweepTimesSeconds[0]),
  };
}

function lay(contest: Contest, network: DemoNetwork, description: ChipDescription): LaidNetwork {
  const { layers } = network.mlp;
  const max = description.maxConductanceMicrosiemens;
  return {
    layers,
    placements: placeLayers(layers, description.geometry),
    columns: description.geometry.columns,
    strategies: layers.map((layer) => ({
      rule: contest.rule,
      significance,
      scaleMicrosiemensPerUnit: fullScale(maxWeight(layer), significance, max),
      maxConductanceMicrosiemens: max,
    })),
  };
}

/** Fine enough that a bin's width adds nothing to the expected error. */
const histogramBins = 1001;

function expectedPercent({ layers, strategies }: LaidNetwork, time: Seconds): number {
  let square = 0;
  let weights = 0;
  layers.forEach((layer, l) => {
    const scale = maxWeight(layer) || 1;
    const mean = expectedSquareError(strategies[l]!, pcm90nm, weightHistogram(layer, histogramBins), time);
    square += (mean / (scale * scale)) * layer.values.length;
    weights += layer.values.length;
  });
  return 100 * Math.sqrt(square / weights);
}
