import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readPackHead, writePack } from "../files/packFile.ts";
import { refuseFolder, refuseNoFolder } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { standingOf } from "../src/results/outcome.ts";
import type { GroupId } from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { packedGroups, type UnpackedNetwork } from "../storage/packGroups.ts";
import { packRecords, refuseUnderWay } from "../storage/packRuns.ts";
import { type UnpackedRun, unpackRuns } from "../storage/unpackRuns.ts";
import { openWorkspace, removeWorkspace, type Workspace } from "../storage/workspace.ts";
import { chainOf } from "./runChain.ts";
import { descriptionOf } from "./runDescription.ts";
import { ownRunsNamed } from "./runName.ts";
import { version } from "./version.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

export interface PackOptions {
  /** The file. */
  readonly out: string;
}

export interface Packed {
  readonly file: string;
  readonly bytes: number;
  /** All runs that are in it whole. */
  readonly runs: readonly RunId[];
  /** Of these, runs that were not named: a named one corrects them. */
  readonly alongside: readonly RunId[];
  /** Other runs of the same chips, of which it holds the wear. */
  readonly wornBy: readonly RunId[];
  /** Networks over several chips whose shares are all in it. */
  readonly networks: readonly GroupId[];
}

/** Writes runs into one file, for another bench: all that they are reported, fitted and exported by. */
export async function pack(
  place: Workplace,
  given: readonly string[],
  { out }: PackOptions,
): Promise<Packed> {
  const store = await place.folderStore("packs are made of folders");
  const named = await ownRunsNamed(store, given);
  await refuseFolder(out, "Name another --out.");
  await refuseNoFolder(out, "Name another --out.");
  const runs = new Set<RunId>();
  for (const run of named) for (const one of await chainOf(store, run)) runs.add(one);
  const wornBy = new Set<RunId>();
  const standing = new Map<RunId, { readonly id: RunId; readonly outcome: string }>();
  for (const summary of await store.runs()) standing.set(summary.id, await standingOf(store, summary));
  for (const run of runs) {
    const { chipName: name, chipSerialNumber: serialNumber } = await store.summary(run);
    for (const other of await store.runsOfChip({ name, serialNumber }))
      if (!runs.has(other)) wornBy.add(other);
  }
  refuseUnderWay([...runs, ...wornBy].flatMap((run) => standing.get(run) ?? []));
  const whole = [...runs].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  const order = {
    runs: whole,
    wornBy: [...wornBy],
    descriptions: await descriptionsOf(place, store, whole),
    outcomes: new Map([...standing].map(([id, { outcome }]) => [id, outcome])),
  };
  await writePack(out, { mho: version, packed_at: wallTime() }, packRecords(store, order));
  const { size: bytes } = await stat(out);
  return {
    file: out,
    bytes,
    runs: whole,
    alongside: whole.filter((run) => !named.includes(run)),
    wornBy: order.wornBy,
    networks: packedGroups(await store.groups(), whole).map(({ id }) => id),
  };
}

/** Of runs that kept no description, as older versions of mho wrote them: the file that their address names may not be elsewhere. */
async function descriptionsOf(
  place: Workplace,
  store: Workspace,
  runs: readonly RunId[],
): Promise<ReadonlyMap<RunId, { readonly sha256: string; readonly text: string }>> {
  const found = new Map<RunId, { sha256: string; text: string }>();
  for (const run of runs) {
    if ((await store.description(run)) !== undefined) continue;
    const { document } = await descriptionOf(store, run, place.emit, place.registries);
    if (document === undefined) continue;
    const sha256 = createHash("sha256").update(document.text).digest("hex");
    found.set(run, { sha256, text: document.text });
  }
  return found;
}

export interface Unpacked {
  /** Of mho, which wrote the pack. */
  readonly packedBy: string;
  readonly packedAt: string;
  readonly runs: readonly UnpackedRun[];
  /** Other runs of the same chips whose wear is booked now. */
  readonly wornBy: number;
  readonly networks: readonly UnpackedNetwork[];
  readonly workspace: string;
}

/** Reads a pack into the workspace, which is made where none is. All of it, or nothing. */
export async function unpack(place: Workplace, file: string): Promise<Unpacked> {
  const { mho: packedBy, packed_at: packedAt } = await readPackHead(file);
  place.refuseServerFor("packs are unpacked into folders");
  await place.refuseReadOnly();
  // Of its own: other work on the bench's workspace must not come into its commit.
  const isNew = !existsSync(join(place.folder, "workspace.db"));
  const store = await openWorkspace(place.folder);
  try {
    store.mustBeWritable();
    const { runs, wornBy, networks } = await unpackRuns(store, file, wallTime());
    if (runs.length === 0) throw new MhoError("bad-file", `${file} holds no run.`, { file });
    return { packedBy, packedAt, runs, wornBy, networks, workspace: store.file };
  } finally {
    const isEmpty = (await store.runs()).length === 0;
    await store.close();
    // A pack that was refused leaves no workspace where none was.
    if (isNew && isEmpty) await removeWorkspace(place.folder);
  }
}
