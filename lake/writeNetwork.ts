import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Column } from "../files/tableColumn.ts";
import { writeParquet } from "../files/tableWriters.ts";
import type { GroupId } from "../src/run/groups.ts";
import { type NetworkManifest, readNetworkManifest } from "./manifest.ts";
import { networkFolder, partsOfFolder } from "./paths.ts";
import { text, whole } from "./smallTables.ts";
import { bytesOf, knownAs, sealFolder, writtenFile } from "./sealFolder.ts";

/** One row a share of a network over several chips: `chip` and `run` are those of the other tables. */
export const networkColumns: readonly Column[] = [
  text("name", "the network's id in the workspace that it was written from"),
  text("title", ""),
  { ...text("begun_at", "wall time, UTC"), type: "TIMESTAMP" },
  text("corrects", "the network whose devices this one corrects, as the column network has it"),
  whole("shares", "that the network has"),
  whole("share", "from 1 on"),
  text("chip", "that holds the share"),
  text("run", "that holds the share, as the column run of the other tables has it"),
  whole("first_tile", "what tile 0 of the run is in the whole"),
  whole("tiles", "of the share"),
];

/** A network all of whose runs are in the lake. */
export interface SealedNetwork {
  readonly id: GroupId;
  readonly title: string;
  /** Wall time, ISO 8601. */
  readonly begunAt: string;
  readonly origin: string;
  /** The folder, in the lake, of the network that this one corrects. */
  readonly corrects: string | undefined;
  readonly shares: readonly SealedShare[];
  readonly software: string;
  readonly writtenAt: string;
}

export interface SealedShare {
  readonly firstTile: number;
  readonly tiles: number;
  /** Folder of the run, in the lake. */
  readonly folder: string;
}

export interface WrittenNetwork {
  /** Of the network, in the lake. */
  readonly folder: string;
  readonly bytes: number;
  /** `known` where the lake had the same network already: nothing was written. */
  readonly state: "new" | "known";
}

/** By this a network is known again, wherever its runs are kept and whatever it is called there. */
export function networkOrigin(
  begunAt: string,
  shares: readonly { readonly firstTile: number; readonly tiles: number; readonly origin: string }[],
): string {
  const of = shares.map(({ firstTile, tiles, origin }) => [firstTile, tiles, origin]);
  return createHash("sha256")
    .update(JSON.stringify([begunAt, of]))
    .digest("hex");
}

/** The folder of a network that a lake has; undefined for none. */
export function networkInLake(lake: string, origin: string): Promise<string | undefined> {
  return knownAs(lake, "network=", origin);
}

/** Writes down which runs of a lake are one network. Like a run, it is written once. Throws `output-failed` where it cannot be written. */
export async function writeNetwork(lake: string, network: SealedNetwork): Promise<WrittenNetwork> {
  const known = await networkInLake(lake, network.origin);
  if (known !== undefined) return sameNetwork(known);
  const folder = join(lake, networkFolder(network.id, network.origin));
  const bytes = await sealFolder(folder, { lake, what: `network ${network.id}` }, (draft) =>
    writeFiles(draft, network),
  );
  return bytes === undefined ? sameNetwork(folder) : { folder, bytes, state: "new" };
}

/** Its origin is all that it holds. */
async function sameNetwork(folder: string): Promise<WrittenNetwork> {
  return { folder, bytes: bytesOf(await readNetworkManifest(folder)), state: "known" };
}

async function writeFiles(draft: string, network: SealedNetwork): Promise<NetworkManifest> {
  const { id, title, begunAt, corrects, shares, software } = network;
  const rows = shares.map(({ firstTile, tiles, folder }, share) => ({
    name: id,
    title,
    begun_at: begunAt,
    corrects: corrects?.slice("network=".length) ?? "",
    shares: shares.length,
    share: share + 1,
    ...partsOfFolder(folder),
    first_tile: firstTile,
    tiles,
  }));
  const count = await writeParquet(
    join(draft, "network.parquet"),
    { network: id, title, software },
    networkColumns,
    each({ count: rows.length, value: (row, column) => rows[row]![column as keyof (typeof rows)[number]] }),
    "GZIP",
  );
  return {
    format: "mho-lake-network",
    version: 1,
    software,
    written_at: network.writtenAt,
    network: id,
    origin: network.origin,
    runs: shares.map(({ folder }) => folder),
    files: [await writtenFile(draft, "network.parquet", count)],
  };
}

async function* each<T>(one: T): AsyncIterable<T> {
  yield await Promise.resolve(one);
}
