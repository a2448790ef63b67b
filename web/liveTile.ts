import type { DeviceModel } from "../src/model/deviceModel.ts";
import { isFinal, verdicts } from "../src/program/method.ts";
import { isJudged } from "../src/results/yield.ts";
import { DriftCourse } from "../src/results/driftBands.ts";
import { emptyMemory, type SweepRecord, type TileMemory } from "../src/run/journal.ts";
import type { TileTargets } from "../src/run/plan.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import type { Frame } from "./liveState.ts";

/** A tile with what is known of its devices. */
export interface LiveTile {
  readonly targets: TileTargets;
  readonly memory: TileMemory;
  /** Devices with a target. */
  readonly devices: number;
  settled: number;
  /** As the newest turn has it. */
  inside: number;
  /** Of those that are settled: read back at the end, and accepted. */
  judged: number;
  accepted: number;
  pulses: number;
  /** Counts what changed. */
  version: number;
  /** The newest age that it was asked to be read at, and the one at which it then was; of a measurement, whose sweeps are counted, unknown. */
  askedAgeSeconds: number | undefined;
  ageSeconds: number | undefined;
  readonly drift: DriftCourse;
  /** Its sweeps, each with its place among those of the run. */
  readonly frames: (Frame & { readonly sweep: number })[];
}

export function newTile(targets: TileTargets, model: DeviceModel): LiveTile {
  const { block, targetsMicrosiemens } = targets;
  return {
    targets,
    memory: emptyMemory(block, targetsMicrosiemens.length / block.rowCount),
    devices: targetsMicrosiemens.reduce((n, target) => n + (Number.isNaN(target) ? 0 : 1), 0),
    settled: 0,
    inside: 0,
    judged: 0,
    accepted: 0,
    pulses: 0,
    version: 0,
    askedAgeSeconds: undefined,
    ageSeconds: undefined,
    drift: new DriftCourse(model, mostDriftPoints),
    frames: [],
  };
}

/** A chart of some hundred pixels shows no more, and a watch of months is not to fill the memory, nor the line to the page. */
const mostDriftPoints = 96;

/** A sweep with what is known of its devices. */
export function tableOf({ targets, memory }: LiveTile, sweep: SweepRecord, number: number): SweepTable {
  const { targetsMicrosiemens } = targets;
  const { block, devicesPerRow, verdicts: given, pulsedAtMicroseconds } = memory;
  const { rowStart } = block;
  return {
    number,
    sweep,
    rowStart,
    devicesPerRow,
    targetsMicrosiemens,
    verdicts: given,
    pulsedAtMicroseconds,
  };
}

/** Counts anew how its devices stand. */
export function countTile(tile: LiveTile): void {
  let [settled, judged, accepted] = [0, 0, 0];
  for (const verdict of tile.memory.verdicts) {
    if (isFinal(verdict)) settled++;
    if (isJudged(verdict)) judged++;
    if (verdict === verdicts.accepted || verdict === verdicts.acceptedOutside) accepted++;
  }
  tile.settled = settled;
  tile.judged = judged;
  tile.accepted = accepted;
  tile.pulses = tile.memory.pulses.reduce((sum, given) => sum + given, 0);
}
