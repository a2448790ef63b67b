import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MhoError } from "../src/errors.ts";
import { reasonOf } from "../files/readFile.ts";
import {
  digestOfFile,
  lakeFiles,
  type Manifest,
  manifestName,
  type NetworkManifest,
  readManifest,
  readNetworkManifest,
} from "./manifest.ts";
import { bytesOf, draftPrefix } from "./sealFolder.ts";

export interface LakeCheck {
  readonly lake: string;
  readonly sound: boolean;
  readonly runs: readonly LakeRunCheck[];
  /** Networks over several chips. */
  readonly networks: readonly LakeRunCheck[];
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

/** Networks of a lake; runs by their folders. */
export interface LakeNetwork {
  readonly folder: string;
  readonly manifest: NetworkManifest;
}

/** Reads every file of a lake, and says which are not as they were written. It changes nothing. */
export async function checkLake(lake: string): Promise<LakeCheck> {
  const { folders, networkFolders, leftovers } = await foldersOf(lake);
  const runs: LakeRunCheck[] = [];
  for (const folder of folders) runs.push(await checkRun(lake, folder));
  const networks: LakeRunCheck[] = [];
  for (const folder of networkFolders) networks.push(await checkNetwork(lake, folder, folders));
  const sound = [...runs, ...networks].every(({ damage }) => damage.length === 0);
  return { lake, sound, runs, networks, leftovers };
}

async function checkRun(lake: string, folder: string): Promise<LakeRunCheck> {
  const manifest = await orDamage(readManifest(join(lake, folder)));
  if (manifest instanceof MhoError) return withoutManifest(folder, manifest);
  const listed = new Set<string>(manifest.files.map(({ name }) => name));
  const damage = lakeFiles
    .filter((name) => !listed.has(name))
    .map((name) => `${name}: the manifest does not list it.`);
  damage.push(...(await damageOf(join(lake, folder), manifest)));
  return { folder, bytes: bytesOf(manifest), damage };
}

async function checkNetwork(lake: string, folder: string, runs: readonly string[]): Promise<LakeRunCheck> {
  const manifest = await orDamage(readNetworkManifest(join(lake, folder)));
  if (manifest instanceof MhoError) return withoutManifest(folder, manifest);
  const damage = await damageOf(join(lake, folder), manifest);
  for (const run of manifest.runs)
    if (!runs.includes(run)) damage.push(`its run ${run} is not in the lake any more.`);
  return { folder, bytes: bytesOf(manifest), damage };
}

async function orDamage<T>(reading: Promise<T>): Promise<T | MhoError> {
  return reading.catch((error: unknown) => {
    if (error instanceof MhoError) return error;
    throw error;
  });
}

function withoutManifest(folder: string, error: MhoError): LakeRunCheck {
  return { folder, bytes: 0, damage: [`${manifestName}: ${reasonOf(error)}.`] };
}

async function damageOf(
  folder: string,
  { files }: Pick<Manifest | NetworkManifest, "files">,
): Promise<string[]> {
  const damage: string[] = [];
  for (const { name, bytes, sha256 } of files) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) damage.push(`${name}: it is missing.`);
    else if (found.size !== bytes)
      damage.push(`${name}: it has ${found.size} bytes, and ${bytes} were written.`);
    else if ((await digestOfFile(path)) !== sha256)
      damage.push(`${name}: its SHA-256 is another, so it was changed.`);
  }
  return damage;
}

/** What of a lake counts: all with a manifest. Throws `bad-file` for a manifest that is damaged. */
export async function contentsOfLake(
  lake: string,
): Promise<{ readonly runs: readonly LakeRun[]; readonly networks: readonly LakeNetwork[] }> {
  const { folders, networkFolders } = await foldersOf(lake);
  const runs: LakeRun[] = [];
  for (const folder of folders) runs.push({ folder, manifest: await readManifest(join(lake, folder)) });
  const networks: LakeNetwork[] = [];
  for (const folder of networkFolders)
    networks.push({ folder, manifest: await readNetworkManifest(join(lake, folder)) });
  return { runs, networks };
}

/** Throws `bad-argument` where no such folder is. */
async function foldersOf(lake: string): Promise<{
  readonly folders: readonly string[];
  readonly networkFolders: readonly string[];
  readonly leftovers: readonly string[];
}> {
  const top = await readdir(lake).catch(() => {
    throw new MhoError(
      "bad-argument",
      `There is no lake in ${lake}. mho archive r2 --lake ${lake} makes one, of a run that has ended.`,
      { lake },
    );
  });
  const folders: string[] = [];
  const networkFolders: string[] = [];
  const leftovers = top.filter((name) => name.startsWith(draftPrefix));
  const put = async (folder: string, counted: string[]): Promise<void> => {
    const names = await readdir(join(lake, folder)).catch((): string[] => []);
    (names.includes(manifestName) ? counted : leftovers).push(folder);
  };
  for (const chip of top.filter((name) => name.startsWith("chip=")).sort())
    for (const run of (await readdir(join(lake, chip))).filter((name) => name.startsWith("run=")).sort())
      await put(`${chip}/${run}`, folders);
  for (const network of top.filter((name) => name.startsWith("network=")).sort())
    await put(network, networkFolders);
  return { folders, networkFolders, leftovers };
}
