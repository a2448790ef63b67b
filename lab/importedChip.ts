import { fileURLToPath } from "node:url";
import { parseChipDescription } from "../files/chipDescription.ts";
import { jsonIn } from "../files/jsonText.ts";
import { readInputFile } from "../files/readFile.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipGeometry } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { packageRoot } from "./packageRoot.ts";

/** Of each technology, the chip whose pulses stand for those that are not known. */
const pulsesLike: Readonly<Record<string, string>> = { pcm: "pcm-64", rram: "rram-128" };

export const importedTechnologies: readonly string[] = Object.keys(pulsesLike);

/**
 * Describes the chip that imported devices are said to be of. Nothing is ever fired at it, so pulses, limits and line are those of a chip
 * that comes with mho; name, geometry and range are its own, and its converter is fine enough to matter nowhere.
 *
 * @throws `bad-argument` for a technology that is not known.
 */
export async function describeImported(
  name: string,
  technology: string,
  range: number,
  geometry: ChipGeometry,
): Promise<ChipDescription> {
  if (!Object.hasOwn(pulsesLike, technology)) {
    throw new MhoError(
      "bad-argument",
      `--technology ${technology}: measurements can be of ${importedTechnologies.join(" or ")} devices.`,
      { technology },
    );
  }
  const path = fileURLToPath(new URL(`chips/${pulsesLike[technology]}.json`, packageRoot));
  const like = jsonIn(await readInputFile(path), path, "") as Record<string, unknown>;
  const { model: _m, references_microsiemens: _r, multiply: _x, ...rest } = like;
  const { tiles, rows, columns, devicesPerCell } = geometry;
  const own = {
    ...rest,
    name,
    geometry: { tiles, rows, columns, devices_per_cell: devicesPerCell },
    max_conductance_microsiemens: range,
    converter: { microsiemens_per_code: range / 65_000, offset_codes: 0, codes: 65_535 },
  };
  return parseChipDescription(new TextEncoder().encode(JSON.stringify(own)), `the chip ${name}`);
}
