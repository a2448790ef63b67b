import type { FittedLaw } from "./lawFit.ts";

/** The laws that a population of devices follows, against conductance in µS. */
export interface PopulationLaws {
  readonly exponentMean: FittedLaw;
  /** Between devices; what measuring adds has been taken out. */
  readonly exponentSpread: FittedLaw;
  /** σ of the conductance at the reference age about its target; undefined where no device has a target. */
  readonly programming: FittedLaw | undefined;
  /** How far conductances lie above their targets on the average, µS. */
  readonly programmingShift: FittedLaw | undefined;
  /** Q of the 1/f law. */
  readonly readNoise: FittedLaw;
}
