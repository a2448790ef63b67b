import type { DyingDevices } from "../src/model/definition.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { CellTask } from "../src/program/method.ts";
import type { Seconds } from "../src/units.ts";
import type { Foresight } from "./foresight.ts";

/** What a visit is planned from. Arrays over the block, one entry a device. */
export interface TrimTask {
  readonly cells: CellTask;
  readonly foresight: Foresight;
  /** What a device that is programmed anew will do. */
  readonly model: DeviceModel;
  /** Ages when the clock of `timesSeconds` begins, for devices that are left alone, s. */
  readonly agesSeconds: Float64Array;
  /** When errors count, after the visit. */
  readonly timesSeconds: readonly Seconds[];
  /** One a time, summing to 1. */
  readonly timeWeights: Float64Array;
  /** Errors are those of the mean of so many reads; 0 for what devices conduct, without the noise of a read. */
  readonly reads: number;
  /** Whether a pulse adds its step to what goes on ageing as before (`Technology.stepsAddUp`); else it begins its device's ageing anew. */
  readonly stepsAddUp?: boolean | undefined;
  /** How devices die, where the model knows: what is planned for those that live is told with such deaths, too. */
  readonly dying?: DyingDevices | undefined;
  /** 1 for devices that may be pulsed again. */
  readonly movable: Uint8Array;
}
