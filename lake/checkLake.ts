import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MhoError } from "../src/errors.ts";
import { reasonOf } from "../files/readFile.ts";
import { digestOfFile, lakeFiles, type Manifest, manifestName, readManifest } from "./manifest.ts";
import { draftPrefix } from "./writeRun.ts";

export interface LakeCheck {
  readonly lake: string;
  readonly sound: boolean;
  readonly runs: readonly LakeRunCheck[];
  /** What is beside the runs and does not count: a write that was cut off leaves such. */
  readonly leftovers: readonly string[];
}

export interface LakeRunCheck {
  /** In the lake. */
  readonly folder: string;
  readonly bytes: number;
  /** A sentence each. */
  readonly damage: readonly string[];
}

/** A run of a lake whose manifest can be read. */
export interface LakeRun {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Reads every file of a lake, and says which are not as they were written. It changes nothing. */
export async function checkLake(lake: string): Promise<LakeCheck> {
  const { folders, leftovers } = await foldersOf(lake);
  const runs: LakeRunCheck[] = [];
  for (const folder of folders) runs.push(await checkRun(lake, folder));
  return { lake, sound: runs.every(({ damage }) => damage.length === 0), runs, leftovers };
}

async function checkRun(lake: string, folder: string): Promise<LakeRunCheck> {
  const manifest = await readManifest(join(lake, folder)).catch((error: unknown) => {
    if (error instanceof MhoError) return error;
    throw error;
  });
  if (manifest instanceof MhoError)
    return { folder, bytes: 0, damage: [`${manifestName}: ${reasonOf(manifest)}.`] };
  const damage: string[] = [];
  const listed = new Set<string>(manifest.files.map(({ name }) => name));
  for (const name of lakeFiles) if (!listed.has(name)) damage.push(`${name}: the manifest does not list it.`);
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(lake, folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) damage.push(`${name}: it is missing.`);
    else if (found.size !== bytes)
      damage.push(`${name}: it has ${found.size} bytes, and ${bytes} were written.`);
    else if ((await digestOfFile(path)) !== sha256)
      damage.push(`${name}: its SHA-256 is another, so it was changed.`);
  }
  return { folder, bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0), damage };
}

/** The runs that count: those with a manifest. Throws `bad-file` for a manifest that is damaged. */
export async function runsOfLake(lake: string): Promise<readonly LakeRun[]> {
  const { folders } = await foldersOf(lake);
  const runs: LakeRun[] = [];
  for (const folder of folders) runs.push({ folder, manifest: await readManifest(join(lake, folder)) });
  return runs;
}

/** Throws `bad-argument` where no such folder is. */
async function foldersOf(
  lake: string,
): Promise<{ readonly folders: readonly string[]; readonly leftovers: readonly string[] }> {
  const top = await readdir(lake).catch(() => {
    throw new MhoError(
      "bad-argument",
      `There is no lake in ${lake}. mho archive r2 --lake ${lake} makes one, of a run that has ended.`,
      { lake },
    );
  });
  const [folders, leftovers]: [string[], string[]] = [[], top.filter((name) => name.startsWith(draftPrefix))];
  for (const chip of top.filter((name) => name.startsWith("chip=")).sort()) {
    for (const run of (await readdir(join(lake, chip))).filter((name) => name.startsWith("run=")).sort()) {
      const names = await readdir(join(lake, chip, run)).catch((): string[] => []);
      (names.includes(manifestName) ? folders : leftovers).push(`${chip}/${run}`);
    }
  }
  return { folders, leftovers };
}
