import { type DriftLaw, driftLaw90nm, driftLawStranger } from "./driftLaw.ts";
import { accelerating, lognormal, saturating, wavy } from "./oddLaws.ts";

/**
 * How the devices of a chip may be born, by the name that an address gives it: docs/emulator.md says what each is. Births change laws
 * of the devices; what they live in (temperature, wires, a worn converter) are conditions of the chip.
 */

/** Births outside every model family, as shares of the devices. */
export interface Outliers {
  /** Drift that bends on its logarithmic axis. */
  readonly curved: number;
  /** Random telegraph noise of 2 … 10 %. */
  readonly telegraph: number;
  /** Twice the drift of their neighbours. */
  readonly fastDrifting: number;
  /** Crystallise suddenly, at a time of their own. */
  readonly crystallising: number;
}

export const manyOutliers: Outliers = {
  curved: 0.1,
  telegraph: 0.02,
  fastDrifting: 0.1,
  crystallising: 0.005,
};

/** What births of phase-change devices may change. */
interface PcmLaws {
  readonly drift: DriftLaw;
  readonly outliers: Outliers;
  readonly halfwayAmplitude: number;
  readonly slopeAmplitude: number;
}

const drifting = (drift: DriftLaw): Partial<PcmLaws> => ({ drift });

const pcmChanges = {
  sound: () => ({}),
  usual: () => ({}),
  odd: () => ({ outliers: manyOutliers }),
  /** Another process: it drifts by a law of its own, and wants more current. */
  stranger: ({ drift }) =>
    drift === driftLaw90nm ? { halfwayAmplitude: 275, slopeAmplitude: 26, drift: driftLawStranger } : {},
  saturating: ({ drift }) => drifting(saturating(drift, 86_400)),
  "saturating-1e5": ({ drift }) => drifting(saturating(drift, 1e5)),
  "saturating-3e5": ({ drift }) => drifting(saturating(drift, 3e5)),
  accelerating: ({ drift }) => drifting(accelerating(drift)),
  wavy: ({ drift }) => drifting(wavy(drift)),
  lognormal: ({ drift }) => drifting(lognormal(drift)),
  unsensed: () => ({}),
} as const satisfies Record<string, (laws: PcmLaws) => Partial<PcmLaws>>;

/** What births of ReRAM devices may change. */
interface RramLaws {
  readonly formed?: boolean;
  readonly telegraph?: number;
  readonly heavyTails?: boolean;
}

const rramChanges = {
  sound: {},
  usual: {},
  telegraph: { telegraph: 0.3 },
  heavy: { heavyTails: true },
  /** As they leave the fab: each needs one SET above a voltage of its own. */
  pristine: { formed: false },
  /** All of them wear out: presets.ts. */
  mortal: {},
} as const satisfies Record<string, RramLaws>;

/** What births of electrochemical devices may change. */
interface EcramLaws {
  readonly lossPerLog: number;
}

const ecramChanges = {
  sound: () => ({}),
  usual: () => ({}),
  /** Their charge goes more than twice as fast. */
  leaky: ({ lossPerLog }) => ({ lossPerLog: 2.5 * lossPerLog }),
} as const satisfies Record<string, (laws: EcramLaws) => Partial<EcramLaws>>;

export type PcmBirths = keyof typeof pcmChanges;
export type RramBirths = keyof typeof rramChanges;
export type EcramBirths = keyof typeof ecramChanges;
export type Births = PcmBirths | RramBirths | EcramBirths;

/** The births of each technology: their names, and how they change its laws. */
export const birthKinds = {
  pcm: { names: Object.keys(pcmChanges) as readonly PcmBirths[], bornAs: bornAsPcm },
  rram: { names: Object.keys(rramChanges) as readonly RramBirths[], bornAs: bornAsRram },
  ecram: { names: Object.keys(ecramChanges) as readonly EcramBirths[], bornAs: bornAsEcram },
};

/** Births of another technology change nothing. */
function bornAsPcm<Laws extends PcmLaws>(laws: Laws, births: Births): Laws {
  return { ...laws, ...(isOf(pcmChanges, births) && pcmChanges[births](laws)) };
}

/** Births of another technology change nothing. */
function bornAsRram<Laws extends RramLaws>(laws: Laws, births: Births): Laws {
  return { ...laws, ...(isOf(rramChanges, births) && rramChanges[births]) };
}

/** Births of another technology change nothing. */
function bornAsEcram<Laws extends EcramLaws>(laws: Laws, births: Births): Laws {
  return { ...laws, ...(isOf(ecramChanges, births) && ecramChanges[births](laws)) };
}

function isOf<Name extends string>(changes: Readonly<Record<Name, unknown>>, births: string): births is Name {
  return Object.hasOwn(changes, births);
}
