import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claim } from "./claim.ts";
import { distanceOf, type Result } from "./results.ts";
import { SmallDisk } from "./smallDisk.ts";
import { type Told, tellStory } from "./story.ts";
import { isSpoilt, undisturbed, type World } from "./world.ts";

/**
 * Lives through a world, and through the same one undisturbed, whose results it must have within noise. Throws what is
 * refuted.
 */
export async function soak(world: World): Promise<Told> {
  const told = await inFolder(world.smallDisk, (folder, disk) => tellStory(world, folder, disk));
  if (!isSpoilt(world) && told.comparable) {
    const calm = await inFolder(false, (folder) => tellStory(undisturbed(world), folder));
    checkResult("programmed", told.programmed, calm.programmed);
    if (told.trimmed && calm.trimmed) checkResult("corrected", told.trimmed, calm.trimmed);
  }
  return told;
}

/**
 * Both are drawn from the same chip, and no two runs fire quite the same pulses. At six standard errors a false alarm would come
 * once in 10⁹ results were they normal; squared errors have tails, so that what differs by less than a third is let pass too.
 */
function checkResult(what: string, told: Result, calm: Result): void {
  // Where nearly all is uncertain, as it may be blindly programmed on two rows, there is nothing to compare.
  if (told.count < fewestCompared) return;
  const distance = distanceOf(told, calm);
  const ratio = told.meanSquare / calm.meanSquare;
  claim(
    distance < 6 || (ratio > 0.75 && ratio < 1.33),
    () =>
      `as it was ${what}, the mean square error is ${told.meanSquare.toPrecision(4)}, and undisturbed it is ` +
      `${calm.meanSquare.toPrecision(4)} (${distance.toFixed(1)} standard errors apart, of ${told.count} and ${calm.count})`,
  );
}

const fewestCompared = 30;

async function inFolder<T>(
  smallDisk: boolean,
  work: (folder: string, disk?: SmallDisk) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mho-soak-"));
  const disk = smallDisk ? SmallDisk.mountedAt(folder) : undefined;
  try {
    return await work(disk?.folder ?? folder, disk);
  } finally {
    disk?.unmount();
    rmSync(folder, { recursive: true, force: true });
  }
}
