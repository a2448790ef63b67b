import type { PredictedAccuracy } from "../optimize/strategy.ts";
import type { Seconds } from "../units.ts";

/** What was foretold of the weight errors of a run, before it began, and by which model. */
export interface Forecast {
  /** A strategy foretells how it will do when it is programmed, a trim how weights will do once it is done. */
  readonly by: "strategy" | "trim";
  /** Its name, and the SHA-256 of its file. */
  readonly model: string;
  readonly modelDigest: string;
  /** Age up to which forecasts of the model's fit held, 0 where none did; undefined where that is not known. */
  readonly testedToSeconds?: Seconds | undefined;
  /** Since a tile's last pulse, ascending. */
  readonly timesSeconds: readonly Seconds[];
  /** Root mean square over all weights, in percent of each tile's largest; one a time. */
  readonly rmsPercent: readonly number[];
  /** Of a trim: the same without it. What was not done cannot be measured. */
  readonly withoutRmsPercent?: readonly number[] | undefined;
  /** Of a trim: the same in the mean of all times, had it waited for one more look at this age. */
  readonly later?: readonly { readonly ageSeconds: Seconds; readonly rmsPercent: number }[] | undefined;
  /** Of a strategy that was made with it: what the network is worth. */
  readonly accuracy?: PredictedAccuracy | undefined;
}
