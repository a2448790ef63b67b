import type { Microsiemens, Nanoseconds, Seconds } from "../src/units.ts";

/** Laws: `ecramTile.ts`; figures: docs/emulator.md. Between devices: `…Spread`; between pulses: `…Scatter`. */
export interface EcramPhysics {
  readonly technology: "ecram";
  /** Of what it is meant to be programmed to; devices go a little further. */
  readonly maxConductance: Microsiemens;
  /** Where the steps up and down are equal. */
  readonly middle: Microsiemens;
  /** Hard ends of the range, and how far they lie from the middle. */
  readonly belowMiddle: Microsiemens;
  readonly aboveMiddle: Microsiemens;
  /** Relative, of each end. */
  readonly endSpread: number;
  /** By which one code of the usual width moves a device at the middle. */
  readonly step: Microsiemens;
  /** Relative. */
  readonly stepSpread: number;
  /** By which share a step up is longer, and one down shorter. */
  readonly asymmetrySpread: number;
  /** Share of the middle's step that is lost from there to the end of the range that a pulse goes towards. */
  readonly slopeUp: number;
  readonly slopeDown: number;
  /** Relative. */
  readonly slopeSpread: number;
  /** Of one code's step, relative. */
  readonly stepScatter: number;
  readonly usualWidthNanoseconds: Nanoseconds;
  /** What devices come with, and fall back to. */
  readonly restConductance: Microsiemens;
  readonly restSpread: Microsiemens;
  /** Share of what a pulse brought that goes with each e-fold of time, once it has set in. */
  readonly lossPerLog: number;
  readonly lossLogSpread: number;
  /** No device loses more. */
  readonly lossMost: number;
  readonly onsetSeconds: Seconds;
  /** 0 for devices that cycling leaves as they are; emulator/cycling.ts. */
  readonly cyclingPulses?: number;
  /** Of one read, relative. */
  readonly readNoise: number;
}

/**
 * Lithium ECRAM, in a range of 22 µS.
 *
 * @source Tang et al. 2018, IEDM, 13.1 (gate current pulses, 1,000 states, steps in proportion to charge); slopes, ends and spreads
 *   as fitted to it by aihwkit's EcRamPresetDevice, with one unit of weight as 11 µS. The sizes of charge loss, resting level and
 *   read noise are ours.
 */
export const lithiumEcram: EcramPhysics = {
  technology: "ecram",
  maxConductance: 20,
  middle: 10,
  belowMiddle: 9.1036,
  aboveMiddle: 12.8964,
  endSpread: 0.05,
  step: 0.022,
  stepSpread: 0.1,
  asymmetrySpread: 0.01,
  slopeUp: 0.1153,
  slopeDown: 0.5085,
  slopeSpread: 0.05,
  stepScatter: 0.3,
  usualWidthNanoseconds: 1000,
  restConductance: 6,
  restSpread: 1.2,
  lossPerLog: 0.012,
  lossLogSpread: 0.35,
  lossMost: 0.035,
  onsetSeconds: 0.1,
  readNoise: 0.004,
};
