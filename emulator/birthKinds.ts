import { driftLaw90nm, driftLawStranger } from "./driftLaw.ts";
import { accelerating, lognormal, saturating, wavy } from "./oddLaws.ts";
import type { Outliers, PcmPhysics, Physics, RramPhysics } from "./presets.ts";

export const manyOutliers: Outliers = {
  curved: 0.1,
  telegraph: 0.02,
  fastDrifting: 0.1,
  crystallising: 0.005,
};

/**
 * How the devices of a chip may be born, by the name that an address gives it: docs/emulator.md says what each is. Births change laws
 * of the devices; what they live in (temperature, wires, a worn converter) are conditions of the chip.
 */
const pcmLaws = {
  sound: (physics) => physics,
  usual: (physics) => physics,
  odd: (physics) => ({ ...physics, outliers: manyOutliers }),
  stranger: (physics) => (physics.drift === driftLaw90nm ? stranger(physics) : physics),
  saturating: (physics) => drifting(physics, saturating(physics.drift, 86_400)),
  "saturating-1e5": (physics) => drifting(physics, saturating(physics.drift, 1e5)),
  "saturating-3e5": (physics) => drifting(physics, saturating(physics.drift, 3e5)),
  accelerating: (physics) => drifting(physics, accelerating(physics.drift)),
  wavy: (physics) => drifting(physics, wavy(physics.drift)),
  lognormal: (physics) => drifting(physics, lognormal(physics.drift)),
  unsensed: (physics) => physics,
} as const satisfies Record<string, (physics: PcmPhysics) => PcmPhysics>;

const rramLaws = {
  sound: (physics) => physics,
  usual: (physics) => physics,
  telegraph: (physics) => ({ ...physics, telegraph: 0.3 }),
  heavy: (physics) => ({ ...physics, heavyTails: true }),
} as const satisfies Record<string, (physics: RramPhysics) => RramPhysics>;

export type PcmBirths = keyof typeof pcmLaws;
export type RramBirths = keyof typeof rramLaws;
export type Births = PcmBirths | RramBirths;

export const pcmBirths = Object.keys(pcmLaws) as readonly PcmBirths[];
export const rramBirths = Object.keys(rramLaws) as readonly RramBirths[];

export const allBirths: readonly Births[] = [...new Set<Births>([...pcmBirths, ...rramBirths])];

/** Names of births that devices of a technology may have. */
export function birthsOf(technology: Physics["technology"]): readonly Births[] {
  switch (technology) {
    case "pcm":
      return pcmBirths;
    case "rram":
      return rramBirths;
  }
}

/** The physics of devices that are born so; births of another technology change nothing. */
export function bornAs(physics: Physics, births: Births): Physics {
  switch (physics.technology) {
    case "pcm":
      return Object.hasOwn(pcmLaws, births) ? pcmLaws[births as PcmBirths](physics) : physics;
    case "rram":
      return Object.hasOwn(rramLaws, births) ? rramLaws[births as RramBirths](physics) : physics;
  }
}

/** Another process: it drifts by a law of its own, and wants more current. */
function stranger(physics: PcmPhysics): PcmPhysics {
  return { ...physics, halfwayAmplitude: 275, slopeAmplitude: 26, drift: driftLawStranger };
}

function drifting(physics: PcmPhysics, drift: PcmPhysics["drift"]): PcmPhysics {
  return { ...physics, drift };
}
