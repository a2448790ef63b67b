import { amplitudeFor } from "../chip/amplitudeCurve.ts";
import { type ProgrammingMethod, type ProgrammingTask, verdicts } from "./method.ts";

/** One pulse a device, from the chip's nominal curve, and no look back. */
export const openLoop: ProgrammingMethod<ProgrammingTask> = {
  name: "open-loop",
  begin: (task) => task,
  next(task) {
    const targets = task.targetsMicrosiemens;
    const codes = new Uint16Array(targets.length);
    const given = new Uint8Array(targets.length);
    for (let i = 0; i < targets.length; i++) {
      if (Number.isNaN(targets[i]!)) {
        given[i] = verdicts.leftAlone;
      } else if (task.pulseBudget < 1) {
        given[i] = verdicts.budgetSpent;
      } else {
        const amplitude = amplitudeFor(task.reset.nominalCurve, targets[i]!);
        codes[i] = Math.min(
          task.maxCode,
          Math.max(1, Math.round(amplitude / task.reset.microamperesPerCode)),
        );
        given[i] = verdicts.unverified;
      }
    }
    return { codes, verdicts: given, look: { kind: "done" } };
  },
};
