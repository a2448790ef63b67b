import type { ChipGeometry } from "../src/chip/geometry.ts";
import type { Random } from "../src/random.ts";
import { EcramTile } from "./ecramTile.ts";
import { PcmTile } from "./pcmTile.ts";
import type { Defects, Physics, Preset } from "./presets.ts";
import { RramTile } from "./rramTile.ts";
import type { TemperatureCourse } from "./temperature.ts";
import type { Tile } from "./tile.ts";

/** What a tile is born of. */
interface Birth<P extends Physics> {
  readonly physics: P;
  readonly defects: Defects;
  readonly geometry: ChipGeometry;
  readonly microamperesPerCode: number;
  /** Number in the chip of the tile's first device. */
  readonly first: number;
  readonly random: Random;
  readonly course: TemperatureCourse;
}

type Technology = Physics["technology"];

/** How the tiles of each technology are born: the only list of them in the emulator. */
const births: { readonly [T in Technology]: (birth: Birth<Extract<Physics, { technology: T }>>) => Tile } = {
  pcm: ({ physics, defects, geometry, microamperesPerCode, first, random, course }) =>
    new PcmTile(physics, defects, geometry, microamperesPerCode, first, random, course),
  rram: ({ physics, defects, geometry, first, random, course }) =>
    new RramTile(physics, defects, geometry, first, random, course),
  ecram: ({ physics, defects, geometry, first, random, course }) =>
    new EcramTile(physics, defects, geometry, first, random, course),
};

/** A newborn tile of a preset. */
export function bornTile(
  { physics, defects, geometry, firmware }: Preset,
  first: number,
  random: Random,
  course: TemperatureCourse,
): Tile {
  const born = births[physics.technology] as (birth: Birth<Physics>) => Tile;
  const { microamperesPerCode } = firmware;
  return born({ physics, defects, geometry, microamperesPerCode, first, random, course });
}
