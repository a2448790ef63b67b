import { assert } from "../errors.ts";
import type { Courses } from "../model/courses.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import { normalOf, type Random } from "../random.ts";
import type { Seconds } from "../units.ts";
import type { LaidNetwork, TileSweep } from "./assessment.ts";

/**
 * A network on chips that do not exist: every device is drawn by a model's own law, programmed once and read once at each time. Devices
 * are independent, but for the declared correlation of the drift of a pair's two.
 *
 * Several models are drawn of the same deviates, so that they differ by what they are and not by chance.
 */
export class DrawnNetwork {
  readonly #tiles: LaidNetwork["tiles"];
  readonly #courses: readonly Courses[];
  readonly #pairCorrelation: number;
  /** One row a model, with a sweep for each tile and time, tile by tile. */
  readonly #sweeps: readonly (readonly TileSweep[])[];
  readonly #times: number;

  /**
   * @param models        of one family, such as a model and the same without one of its causes of error.
   * @param timesSeconds  ascending. Throws RangeError at a time of which the models know nothing.
   */
  constructor(
    { tiles }: Pick<LaidNetwork, "tiles">,
    models: readonly DeviceModel[],
    timesSeconds: readonly Seconds[],
    pairDriftCorrelation: number,
  ) {
    this.#tiles = tiles;
    this.#times = timesSeconds.length;
    this.#pairCorrelation = pairDriftCorrelation;
    this.#courses = models.map((model) => model.courses(timesSeconds));
    const [first, ...others] = this.#courses;
    assert(
      others.every(
        ({ driftDeviates, readDeviates }) =>
          driftDeviates === first!.driftDeviates && readDeviates === first!.readDeviates,
      ),
      "the models take the same deviates",
    );
    this.#sweeps = models.map(() =>
      tiles.flatMap(({ block, targetsMicrosiemens }) =>
        timesSeconds.map((timeSeconds) => ({
          tile: block.tile,
          timeSeconds,
          conductanceMicrosiemens: new Float32Array(targetsMicrosiemens.length).fill(Number.NaN),
        })),
      ),
    );
  }

  /**
   * Draws all devices anew.
   *
   * @param random  of this draw alone.
   * @returns of each model one sweep a tile and time; the next draw writes over them.
   */
  draw(random: Random): readonly (readonly TileSweep[])[] {
    const { driftDeviates, readDeviates } = this.#courses[0]!;
    const own = new Float64Array(1 + driftDeviates + readDeviates);
    const plusDrift = new Float64Array(driftDeviates);
    const shared = this.#pairCorrelation;
    const alone = Math.sqrt(1 - shared * shared);
    const reads = new Float64Array(this.#times);
    let device = 0;
    this.#tiles.forEach(({ targetsMicrosiemens: targets }, tile) => {
      for (let i = 0; i < targets.length; i++, device++) {
        const target = targets[i]!;
        if (Number.isNaN(target)) continue;
        for (let k = 0; k < own.length; k += 2) {
          random.at(device, k);
          own[k] = normalOf(random.word0);
          if (k + 1 < own.length) own[k + 1] = normalOf(random.word1);
        }
        if (shared !== 0) {
          for (let k = 0; k < driftDeviates; k++) {
            if (i % 2 === 0) plusDrift[k] = own[1 + k]!;
            else own[1 + k] = shared * plusDrift[k]! + alone * own[1 + k]!;
          }
        }
        for (let m = 0; m < this.#courses.length; m++) {
          this.#courses[m]!.draw(target, own, reads);
          const sweeps = this.#sweeps[m]!;
          for (let t = 0; t < this.#times; t++)
            sweeps[tile * this.#times + t]!.conductanceMicrosiemens[i] = reads[t]!;
        }
      }
    });
    return this.#sweeps;
  }
}
