import type { Seconds } from "../src/units.ts";

/** All that the report of a demo shows: plain data, measured and put together elsewhere. */
export interface Story {
  /** `mlp`. */
  readonly network: string;
  /** `64-256-128-10 perceptron, 50,432 weights`. */
  readonly networkText: string;
  /** `pcm-64 number EMU-7, 14 tiles of 64 × 64 cells × 4 devices, at /dev/pts/3`. */
  readonly chipText: string;
  /** Wall time, ISO 8601. */
  readonly writtenAt: string;
  readonly softwareVersion: string;
  readonly seed: number;
  readonly images: number;
  /** Share of held-out images that the network gets right in software, 0 … 1. */
  readonly softwareAccuracy: number;
  /** In the order in which they ran; the last one is the one to look at. */
  readonly contenders: readonly Contender[];
  /** One tile, as meant and as it was read by the last contender at its first time. */
  readonly map: ConductanceMap;
}

export interface Contender {
  /** `naive`, `closed loop`. */
  readonly name: string;
  /** One sentence: what was done. */
  readonly explanation: string;
  readonly run: string;
  readonly devices: number;
  readonly pulses: number;
  /** Devices by how they ended, for instance `accepted`; zero counts left out. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** How many devices got n pulses, at place n. */
  readonly devicesByPulses: readonly number[];
  /** Ascending in time. */
  readonly points: readonly Point[];
  /** (read − meant) / largest weight of the layer, every weight, at the first time. */
  readonly relativeErrors: Float32Array;
}

export interface Point {
  readonly timeSeconds: Seconds;
  /** RMS weight error in percent of the largest weight of the layer, after drift compensation. */
  readonly rmsPercent: number;
  /** Share of held-out images right, 0 … 1. */
  readonly accuracy: number;
}

/** Device conductances of one tile, µS, row-major; a cell's four devices G+, G−, g+, g− lie side by side. */
export interface ConductanceMap {
  readonly tile: number;
  readonly layer: string;
  readonly rows: number;
  /** Devices on a row: cells × 4. */
  readonly devicesPerRow: number;
  readonly maxConductanceMicrosiemens: number;
  /** NaN where no weight lies. */
  readonly target: Float32Array;
  readonly readBack: Float32Array;
}
