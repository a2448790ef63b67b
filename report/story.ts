import type { FitRecord, ModelDefinition } from "../src/model/definition.ts";
import type { NetworkMeasure } from "../src/results/networkMeasure.ts";
import type { Seconds } from "../src/units.ts";

/** All that the report of a demo shows: plain data, measured and put together elsewhere. */
export interface Story {
  /** `mlp`. */
  readonly network: string;
  /** `mlp, 50,432 weights in 3 matrices`. */
  readonly networkText: string;
  /** `pcm-64 number EMU-7, 14 tiles of 64 × 64 cells × 4 devices, at /dev/pts/3`. */
  readonly chipText: string;
  /** Wall time, ISO 8601. */
  readonly writtenAt: string;
  readonly softwareVersion: string;
  readonly seed: number;
  /** By what the network is judged; undefined without inputs. */
  readonly measure: NetworkMeasure | undefined;
  /** Images, or inputs without labels; 0 where there were none. */
  readonly inputs: number;
  /** Chips that the figures are means over. */
  readonly chips: number;
  /** What was found of the devices, and what was believed before. */
  readonly fit: { readonly record: FitRecord; readonly before: ModelDefinition };
  /** How devices of the chip's technology change with age: `drift` where not given. */
  readonly ageing?: string | undefined;
  /** By the measure, such as the share of held-out images that the network gets right in software; NaN without inputs. */
  readonly softwareScore: number;
  /** What it comes to, in a sentence, and sentences that belong beside it. */
  readonly headline: string;
  readonly beside: readonly string[];
  /** In the order in which they ran; the last one is the one to look at. */
  readonly contenders: readonly Contender[];
  /** Pulses by which the chip was measured before the last contender; undefined where none was. */
  readonly characterisationPulses?: number | undefined;
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
  /** Of the run and of those that corrected it. */
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
  /** RMS error of matrix–vector products in percent of their size; NaN where it was not worked out. */
  readonly productPercent: number;
  /** By the measure; NaN without inputs. */
  readonly score: number;
  /** Of a similarity: the mean over the tenth of the inputs that did worst. */
  readonly worstTenth?: number | undefined;
  /** Score that the model of its strategy predicted before the first pulse, and the band in which 90 % of such chips lie. */
  readonly predicted?: { readonly score: number; readonly low: number; readonly high: number } | undefined;
  /** Standard deviations of the three over repeats, where there were any. */
  readonly spread?: Pick<Point, "rmsPercent" | "productPercent" | "score"> | undefined;
}

/** Device conductances of one tile, µS, row-major; a cell's devices, such as G+, G−, g+ and g−, lie side by side. */
export interface ConductanceMap {
  readonly tile: number;
  /** Where there are several: the chip that has the tile. */
  readonly chip?: string | undefined;
  /** Empty where a tile is not known to belong to one. */
  readonly layer: string;
  /** Of the tile; the first that is shown. */
  readonly rowStart: number;
  readonly rows: number;
  readonly devicesPerCell: number;
  /** Devices on a row: cells × devices a cell. */
  readonly devicesPerRow: number;
  readonly maxConductanceMicrosiemens: number;
  /** NaN where no weight lies. */
  readonly target: Float32Array;
  readonly readBack: Float32Array;
  /** Whether its rows and columns are no places on a chip, as of imported devices: these stand in the order of their tables. */
  readonly inOrder?: boolean | undefined;
  /** How each device ended, where that is to be shown: one of `verdicts`. */
  readonly verdicts?: Uint8Array | undefined;
}
