import { readModel } from "../../files/model.ts";
import { amplitudePerCode, type ChipDescription, codesOf, highestCode } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import { keysLeftOut } from "../../files/chipKeys.ts";
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
  const { limits, pulses, document } = description;
  const found: Said[] = [];
  const { minWidthNanoseconds: least, maxWidthNanoseconds: most } = limits;
  if (least > most) {
    const text = `limits.min_width_nanoseconds is ${least}, above limits.max_width_nanoseconds ${most}: no pulse can be given; correct one of them.`;
    found.push({ verdict: "fault", text });
  }
  for (const [key, width] of widthsOf(JSON.parse(document?.text ?? "{}"))) {
    if (width >= least && width <= most) continue;
    const text = `${key} is ${width}, outside limits ${least} … ${most} ns: such pulses are refused; correct the pulse or the limits.`;
    found.push({ verdict: "fault", text });
  }
  const unit = pulses.technology.amplitudeUnit;
  if (highestCode(description) < 1) {
    const text = `The smallest amplitude, ${amplitudePerCode(pulses)} ${unit}, is above the limit of ${limits.maxAmplitude} ${unit}: correct the amplitude per code or the limit.`;
    found.push({ verdict: "fault", text });
  }
  const reach = (codesOf(pulses) - 1) * amplitudePerCode(pulses);
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

/** Widths of pulses by their keys, wherever they stand. */
function widthsOf(tree: unknown, path = ""): [string, number][] {
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]): [string, number][] => {
    const at = path === "" ? key : `${path}.${key}`;
    if (at === "limits") return [];
    if (key === "width_nanoseconds" && typeof value === "number") return [[at, value]];
    return widthsOf(value, at);
  });
}

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
