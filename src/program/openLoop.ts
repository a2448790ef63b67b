import { amplitudeFor } from "../chip/amplitudeCurve.ts";
import { isPcm, pcmPulsesOf } from "../chip/technologies/pcm.ts";
import { firstVerdicts, type ProgrammingMethod, type ProgrammingTask, verdicts } from "./method.ts";
import { resetWith } from "./verifyPcm.ts";

/**
 * One pulse a device, from the chip's nominal curve, and no look back. A device whose pulse may not have fired, because the link or
 * this process was lost under it, is given another: what a RESET leaves follows its amplitude and not the past, so a second one does
 * no more than wear, and a first one that is missing leaves the device anywhere.
 */
export const openLoop: ProgrammingMethod<ProgrammingTask> = {
  name: "open-loop",
  does: "one pulse from the chip's nominal curve, never read back",
  technologies: ["pcm"],
  needsCells: false,
  keepsTargets: false,
  looksBack: false,
  // A target stands for an amplitude here: the curve goes beyond what devices are held at.
  highestTarget: ({ pulses, maxConductanceMicrosiemens }) =>
    isPcm(pulses)
      ? Math.max(maxConductanceMicrosiemens, pulses.reset.nominalCurve.conductanceMicrosiemens[0]!)
      : maxConductanceMicrosiemens,
  cost: { pulses: 1, idlePulses: 1, turns: 1, most: 1, averages: 0 },
  begin: (task) => task,
  next(task) {
    const { reset } = pcmPulsesOf(task);
    const targets = task.targetsMicrosiemens;
    const codes = new Uint16Array(targets.length);
    const given = firstVerdicts(task);
    let fire = false;
    for (let i = 0; i < targets.length; i++) {
      if (given[i] !== verdicts.pending) continue;
      if (task.pulsesLeft[i]! < 1) {
        const mayHaveFired = (task.standing?.pulses[i] ?? 0) > 0;
        given[i] = mayHaveFired ? verdicts.uncertain : verdicts.budgetSpent;
        continue;
      }
      const amplitude = amplitudeFor(reset.nominalCurve, targets[i]!);
      codes[i] = Math.min(task.maxCode, Math.max(1, Math.round(amplitude / reset.microamperesPerCode)));
      given[i] = verdicts.unverified;
      fire = true;
    }
    return { orders: fire ? [resetWith(reset, codes)] : [], verdicts: given, look: { kind: "done" } };
  },
};
