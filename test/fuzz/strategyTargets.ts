import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWeights } from "../../files/weights.ts";
import { parseAddress } from "../../lab/address.ts";
import { describeChip } from "../../lab/openChip.ts";
import { readTargets } from "../../lab/targets.ts";
import { verifyPcm } from "../../src/program/verifyPcm.ts";
import { checkPlan } from "../../src/run/planCheck.ts";
import { smallStrategy } from "./jsonFiles.ts";
import { type OpenSurface, surface } from "./surface.ts";

/** A strategy's file with the weights that it names, laid on a chip. */
export const strategyTargetSurfaces = [surface("strategy-targets", 10, openStrategyTargets)];

async function openStrategyTargets(): Promise<OpenSurface> {
  const folder = mkdtempSync(join(tmpdir(), "mho-fuzz-"));
  const given = join(folder, "given.json");
  const address = parseAddress("emulator:pcm-64");
  const description = await describeChip(address);
  return {
    corpus: [await strategyWithWeights(folder)],
    language: "json",
    async feed(bytes) {
      writeFileSync(given, bytes);
      const targets = await readTargets(given, address, description, {
        weights: join(folder, "net.csv"),
      });
      checkPlan(targets, description, verifyPcm);
      const { length } = targets.tiles;
      if (length > description.geometry.tiles) throw new Error(`There is no room for ${length} tiles.`);
      return true;
    },
    close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

/** Writes six weights to `net.csv` in a folder. @returns a strategy for them. */
export async function strategyWithWeights(folder: string): Promise<Uint8Array> {
  const file = join(folder, "net.csv");
  writeFileSync(file, "-1,0.5\n0,0.25\n1,-0.1\n");
  const [layer] = await readWeights(file);
  const { tensor, sha256: digest } = layer!.source;
  return smallStrategy({ file: "net.csv", tensor, digest }, layer!.values);
}
