import { assert, MhoError } from "../../src/errors.ts";
import { groupNamed } from "../../src/results/wholeReader.ts";
import type { GroupId } from "../../src/run/groups.ts";
import { type Calibrated, calibrate, type CalibrateOptions, errorsOf } from "../calibrate.ts";
import type { Workplace } from "../workplace.ts";
import { sideBySide } from "./sideBySide.ts";

/** Finds the factors of every chip of a network; each run keeps its own. @returns the same as of a run, with tiles as the whole numbers them. */
export async function calibrateGroup(
  place: Workplace,
  id: GroupId,
  options: CalibrateOptions,
): Promise<Calibrated> {
  const store = await place.existingStore();
  const later = (await store.groups()).find(({ corrects }) => corrects === id);
  if (later !== undefined)
    throw new MhoError(
      "bad-argument",
      `Network ${id} was trimmed by ${later.id}, whose devices count now. Calibrate that: mho calibrate ${later.id}.`,
      { network: id, by: later.id },
    );
  const found = await sideBySide(place, id, { ...options }, "calibrate", (run) =>
    calibrate(place, run, options),
  );
  const { shares } = await groupNamed(store, id);
  const parts = found.map(({ calibrated }) => calibrated);
  const [first] = parts;
  assert(first !== undefined, "a network has shares");
  const whys = parts.flatMap(({ why }) => why ?? []);
  const dates = parts.flatMap(({ before }) => before ?? []).sort();
  return {
    run: id,
    calibration: {
      by: whys.length === 0 ? "products" : "reads",
      count: Math.max(...parts.map(({ calibration }) => calibration.count)),
      tiles: parts.flatMap(({ calibration }, share) =>
        calibration.tiles.map((tile) => ({ ...tile, tile: shares[share]!.firstTile + tile.tile })),
      ),
    },
    why: whys[0],
    scaledBy: parts.every(({ scaledBy }) => scaledBy === "column") ? "column" : "tile",
    // Where a chip was never calibrated, the whole was not.
    before: dates.length === parts.length ? dates[0] : undefined,
    errors: errorsOf(found.flatMap(({ judged }) => judged)),
    file: undefined,
  };
}
