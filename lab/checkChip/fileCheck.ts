import { readModel } from "../../files/model.ts";
import { amplitudePerCode, type ChipDescription, codesOf } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import { keysLeftOut } from "../../files/chipKeys.ts";
import { beyondCodes, narrowLimits } from "../../files/narrowLimits.ts";
import type { TechnologyFile } from "../../files/technologies/technologyFile.ts";
import { modelOfChip, refuseOtherDevices } from "../modelOfChip.ts";
import type { Finding } from "./findings.ts";

type Said = Omit<Finding, "step">;

/** What a valid description contradicts in itself: faults first. */
export async function judgeDescription(description: ChipDescription): Promise<Said[]> {
  const found = [...(await modelFindings(description)), ...contradictionsIn(description)];
  return found.toSorted((a, b) => Number(b.verdict === "fault") - Number(a.verdict === "fault"));
}

/** What a description leaves out, and what follows from it: told last, for none of it has to be mended. */
export function leftOutOf({ document }: ChipDescription, technologies: readonly TechnologyFile[]): string[] {
  if (document === undefined) return [];
  return keysLeftOut(document, technologies).map(
    ({ key, leftOut: then }) => `${key}: ${then[0]!.toLowerCase()}${then.slice(1)}`,
  );
}

/** What the schema cannot say: values that fit each by itself and not together. */
function contradictionsIn(description: ChipDescription): Said[] {
  const { limits, pulses } = description;
  const found: Said[] = [];
  for (const { text } of narrowLimits(description)) found.push({ verdict: "fault", text: `${text}.` });
  const unit = pulses.technology.amplitudeUnit;
  const reach = (codesOf(pulses) - 1) * amplitudePerCode(pulses);
  // Half a code more is rounded to the last one.
  for (const [key, value] of beyondCodes(description, reach + 0.5 * amplitudePerCode(pulses))) {
    const text = `${key} is ${value} ${unit}, and the codes reach ${shown(reach)} ${unit}: no such pulse can be given; correct it, the amplitude per code or the number of codes.`;
    found.push({ verdict: "fault", text });
  }
  if (reach < 0.999 * limits.maxAmplitude) {
    const text = `The codes reach ${shown(reach)} ${unit}, and the limit is ${limits.maxAmplitude} ${unit}: amplitudes above ${shown(reach)} ${unit} are never used.`;
    found.push({ verdict: "note", text });
  }
  const enforced = limits.boardEnforces?.maxAmplitude;
  if (enforced !== undefined && enforced < limits.maxAmplitude) {
    const text = `The limit of amplitudes is ${limits.maxAmplitude} ${unit}, and the board enforces ${enforced} ${unit}: pulses between them are refused by the board; lower limits.max_amplitude.`;
    found.push({ verdict: "fault", text });
  }
  return found;
}

const shown = (value: number): number => Number(value.toPrecision(4));

async function modelFindings(description: ChipDescription): Promise<Said[]> {
  try {
    const model =
      description.model === undefined ? await modelOfChip(description) : await readModel(description.model);
    refuseOtherDevices(model, description);
    return [];
  } catch (error) {
    if (!(error instanceof MhoError)) throw error;
    return [{ verdict: "fault", text: error.message }];
  }
}
