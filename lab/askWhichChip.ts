import type { ChipDescription } from "../src/chip/description.ts";
import { MhoError } from "../src/errors.ts";
import { tryStandby } from "../src/run/standby.ts";
import { type ChipAddress, withParameters } from "./address.ts";
import { builtInChips, type ChipOptions, openChip, withAddress } from "./openChip.ts";
import { refuseNarrowLimits } from "../files/chipDescription.ts";
import { descriptionByBoard } from "./selfDescription.ts";

/** What a board said of itself. */
export interface NamedChip {
  /** The address with the chip's description, and with its number of tiles; as it was given where the board describes itself. */
  readonly address: string;
  readonly name: string;
  readonly tiles: number;
  /** By the board itself, where it gives one. */
  readonly description?: ChipDescription | undefined;
}

/**
 * Asks a board which chip it is: for its description or, where it gives none, which of the built-in chips it is and how many tiles it has.
 *
 * @param address  of a board, that names no description.
 * @throws MhoError `wrong-chip` where the board has a name that no built-in description has.
 */
export async function askWhichChip(address: ChipAddress, options: ChipOptions): Promise<NamedChip> {
  const { name, tiles, said } = await greeted(address, options);
  if (said !== undefined) {
    const description = descriptionByBoard(said, address.text, options.technologies);
    refuseNarrowLimits(description, `the description that the board at ${address.text} gives of itself`);
    return { address: address.text, name, tiles, description: withAddress(description, address) };
  }
  if (!builtInChips.includes(name)) {
    throw new MhoError(
      "wrong-chip",
      `The chip at ${address.text} calls itself ${name}, and no chip that comes with mho has that name (${builtInChips.join(", ")}). It does not ` +
        `describe itself. Give its description: ${withParameters(address, { chip: "FILE.json" })}.`,
      { address: address.text, found: name },
    );
  }
  const counted = address.tiles ?? tiles;
  return { address: withParameters(address, { chip: name, tiles: counted }), name, tiles: counted };
}

/** It is taken for the chip that is usual until it says otherwise: only its answer counts. */
async function greeted(
  address: ChipAddress,
  options: ChipOptions,
): Promise<{ readonly name: string; readonly tiles: number; readonly said: string | undefined }> {
  let said: string | undefined;
  const driver = await openChip(address, { ...options, onDescribed: ({ text }) => void (said = text) });
  try {
    const { name, geometry } = await driver.identify();
    await tryStandby(driver, options.log);
    return { name, tiles: geometry.tiles, said };
  } catch (error) {
    const { found, tiles } = error instanceof MhoError && error.code === "wrong-chip" ? error.facts : {};
    if (typeof found !== "string" || typeof tiles !== "number") throw error;
    await tryStandby(driver, options.log);
    return { name: found, tiles, said };
  } finally {
    await driver.close();
  }
}
