import type { Block } from "../chip/geometry.ts";
import type { ModelDefinition } from "../model/definition.ts";
import type { CellTask } from "../program/method.ts";
import type { Forecast } from "./forecast.ts";
import type { ShareOfGroup } from "./groups.ts";
import type { FirstLabels } from "./labels.ts";
import type { Seconds } from "../units.ts";

/** All that a run needs to know; what it does with it stands in its journal. */
export interface RunPlan {
  readonly title: string;
  /** The run refuses any other chip. */
  readonly chipName: string;
  readonly chipSerialNumber: string;
  readonly chipAddress: string;
  /** The name of one of the methods that the run is carried out with. */
  readonly method: string;
  readonly model: ModelDefinition;
  /** After each of these, counted from a tile's last pulse, the tile is swept. Ascending. */
  readonly sweepTimesSeconds: readonly Seconds[];
  /** Reads averaged by the chip in every sweep. */
  readonly sweepAverages: number;
  /** What a device may be given in this run, at most. */
  readonly pulsesPerDevice: number;
  /** Of a measurement: its settings by name. Targets then only say which devices are measured. */
  readonly settings?: Readonly<Record<string, number>> | undefined;
  /** The run whose devices this one corrects. */
  readonly corrects?: string | undefined;
  /** Which part it is of a network that is laid over several chips. */
  readonly share?: ShareOfGroup | undefined;
  readonly tiles: readonly TileTargets[];
  /** Of what another tester measured: where it came from. Such a run has no chip to reach. */
  readonly imported?: ImportedFrom | undefined;
  /** What is foretold of its weights; kept beside the plan when the run begins. */
  readonly forecasts?: readonly Forecast[] | undefined;
  /** Tags, operator and note that the run begins with; likewise. */
  readonly labels?: FirstLabels | undefined;
}

/** Where an imported run came from. */
export interface ImportedFrom {
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  /** Name of the mapping that the files were read by, and the mapping. */
  readonly mapping: string;
  readonly mappingText: string;
  /** What the files call the devices of each tile: in their order, one a line. */
  readonly deviceNames: readonly string[];
}

export interface TileTargets {
  readonly block: Block;
  /** µS, one a device of the block; NaN leaves a device alone. */
  readonly targetsMicrosiemens: Float32Array;
  /** The weights that the devices hold, where they are known. */
  readonly cells?: CellTask | undefined;
}

/** Enough for every method; a device that needs more is worn for nothing. */
export const usualPulsesPerDevice = 200;
