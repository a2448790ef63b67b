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

/** The laws that were found, each by the name that records and messages call it. */
export function namedLaws(
  { exponentMean, exponentSpread, programming, programmingShift, readNoise }: PopulationLaws,
  temperature: FittedLaw | undefined,
): [name: string, law: FittedLaw][] {
  const all: [string, FittedLaw | undefined][] = [
    ["drift exponent, mean", exponentMean],
    ["drift exponent, spread", exponentSpread],
    ["programming error, µS", programming],
    ["programming shift, µS", programmingShift],
    ["read noise Q", readNoise],
    ["ln G per kelvin", temperature],
  ];
  return all.filter((one): one is [string, FittedLaw] => one[1] !== undefined);
}
