import { arcOne } from "../drivers/arcOne/dialect.ts";
import type { Dialect } from "../drivers/dialect.ts";
import { openmena } from "../drivers/openmena/dialect.ts";
import { packet } from "../drivers/packet/dialect.ts";
import { smu } from "../drivers/smu/dialect.ts";
import { scpi } from "../drivers/scpi/dialect.ts";
import { ArcOneFirmware } from "../emulator/arcOneFirmware.ts";
import type { Firmware } from "../emulator/firmware.ts";
import { OpenmenaFirmware } from "../emulator/openmenaFirmware.ts";
import { KeithleyFirmware } from "../emulator/keithleyFirmware.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import type { Preset } from "../emulator/presets.ts";
import { ScpiFirmware } from "../emulator/scpiFirmware.ts";
import { MhoError } from "../src/errors.ts";

/** A dialect as a lab has it: with an emulated chip that speaks it, where there is one. */
export interface LabDialect extends Dialect {
  readonly emulate?: (preset: Preset, seed: number) => Firmware;
}

/** The registry: whatever speaks to chips takes this list, or a lab's own. The first is meant where none is named. */
export const builtInDialects: readonly LabDialect[] = [
  { ...packet, emulate: (preset, seed) => new PacketFirmware(preset, seed) },
  { ...scpi, emulate: (preset, seed) => new ScpiFirmware(preset, seed) },
  { ...openmena, emulate: (preset, seed) => new OpenmenaFirmware(preset, seed) },
  { ...arcOne, emulate: (preset, seed) => new ArcOneFirmware(preset, seed) },
  { ...smu, emulate: instrumentBefore },
];

function instrumentBefore(preset: Preset, seed: number): Firmware {
  if (preset.instrument !== undefined) return new KeithleyFirmware(preset, seed);
  throw new MhoError(
    "bad-argument",
    `The emulated ${preset.name} has a board of its own, and no instrument before it. mho emulate keithley-2400 has one.`,
    { chip: preset.name },
  );
}

/** Throws `bad-argument` for a name that is not in the list. */
export function dialectNamed(dialects: readonly LabDialect[], name: string): LabDialect {
  const found = dialects.find((dialect) => dialect.name === name);
  if (found !== undefined) return found;
  throw new MhoError(
    "bad-argument",
    `There is no dialect ${name}. Known are ${dialects.map((dialect) => dialect.name).join(", ")}.`,
    { dialect: name },
  );
}

/**
 * An emulated chip that speaks a dialect. Throws `bad-argument` for a dialect that no emulator speaks.
 *
 * @param describes  what its board says of itself; it does not describe itself where nothing is given.
 */
export function emulatedChip(
  dialect: LabDialect,
  preset: Preset,
  seed: number,
  describes?: Uint8Array,
): Firmware {
  if (dialect.emulate !== undefined) {
    const firmware = dialect.emulate(preset, seed);
    firmware.selfDescription = describes;
    return firmware;
  }
  throw new MhoError(
    "bad-argument",
    `No emulated chip speaks the ${dialect.name} dialect. Name a board: serial:PORT?dialect=${dialect.name}.`,
    { dialect: dialect.name },
  );
}
