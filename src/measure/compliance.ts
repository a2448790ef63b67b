import type { ChipDescription } from "../chip/description.ts";
import { rramPulsesOf } from "../chip/technologies/rram.ts";
import type { Settings } from "./procedure.ts";

/** Why the gate cannot be set to the compliance that was asked for; undefined where it can. */
export function complianceBeyond(settings: Settings, chip: ChipDescription): string | undefined {
  const { forming } = rramPulsesOf(chip);
  const most = forming === undefined ? Infinity : 0xffff * forming.complianceMicrosiemensPerGateCode;
  return settings["compliance"]! > most
    ? `A compliance of ${settings["compliance"]} µS is above the ${most.toFixed(0)} µS that the gate of ${chip.name} can be set to.`
    : undefined;
}
