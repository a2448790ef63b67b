import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Column, Part } from "../files/tableColumn.ts";
import { type Header, writeParquet } from "../files/tableWriters.ts";
import { whyNotWritten } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { type SweepTable, sweepTables } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { fitColumns, fitParts } from "./fitsTable.ts";
import { digestOfFile, type LakeFile, type Manifest, manifestName, readManifest } from "./manifest.ts";
import { originPart, partitionOf, runFolder } from "./paths.ts";
import {
  deviceColumns,
  deviceParts,
  readoutColumns,
  readoutPart,
  runColumns,
  runPart,
} from "./smallTables.ts";
import { wideColumns, wideParts, type WideShape } from "./sweepsTable.ts";

/** A run that is sealed, and what is known of it. */
export interface SealedRun {
  readonly store: RunStore;
  readonly run: RunId;
  readonly plan: RunPlan;
  readonly memories: readonly TileMemory[];
  readonly origin: string;
  readonly digest: string;
  /** Of `runColumns`. */
  readonly about: ReadonlyMap<string, number | string>;
  readonly software: string;
  readonly writtenAt: string;
}

export interface WrittenRun {
  /** Of the run, in the lake. */
  readonly folder: string;
  readonly bytes: number;
  /** `known` where the lake had the same run already: nothing was written. */
  readonly state: "new" | "known";
}

/**
 * Writes a run into a lake, which is a folder. All of its files are written beside it and get their place at once, by one rename: what is
 * there is whole, and is never written again.
 *
 * @throws `bad-argument` where the lake holds another journal of the same run, `output-failed` where it cannot be written.
 */
export async function writeRun(lake: string, sealed: SealedRun): Promise<WrittenRun> {
  const { plan, run, origin } = sealed;
  const chip = { name: plan.chipName, serialNumber: plan.chipSerialNumber };
  const folder = join(lake, runFolder(chip, partitionOf(run, origin)));
  const known = await knownRun(dirname(folder), origin);
  if (known !== undefined) return sameRun(known, sealed);
  let draft: string | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    // No glob of a reader finds it there.
    draft = join(lake, `${draftPrefix}${randomUUID()}`);
    await mkdir(draft);
    const manifest = await writeFiles(draft, sealed);
    const file = join(draft, manifestName);
    await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const name of [...manifest.files.map((one) => one.name), manifestName])
      await synced(join(draft, name));
    await rename(draft, folder);
    return { folder, bytes: bytesOf(manifest), state: "new" };
  } catch (error) {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    // Another program put the same run there meanwhile.
    const meanwhile = existsSync(folder) ? await knownRun(dirname(folder), origin) : undefined;
    if (meanwhile !== undefined) return sameRun(meanwhile, sealed);
    if (error instanceof MhoError) throw error;
    throw new MhoError(
      "output-failed",
      `Cannot write run ${run} into the lake ${lake}: ${whyNotWritten(error, lake, draft)}. Nothing of it is left there; give the command again when that is put right.`,
      { lake, run },
      error,
    );
  }
}

/** What a write that was cut off leaves behind begins so. */
export const draftPrefix = ".mho-draft-";

async function synced(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The folder of a run that a chip's folder has, by whatever name of a workspace. */
async function knownRun(chipFolder: string, origin: string): Promise<string | undefined> {
  const names = await readdir(chipFolder).catch((): string[] => []);
  const name = names.find((one) => one.startsWith("run=") && one.endsWith(`-${originPart(origin)}`));
  return name === undefined ? undefined : join(chipFolder, name);
}

async function sameRun(folder: string, { run, origin, digest }: SealedRun): Promise<WrittenRun> {
  const manifest = await readManifest(folder);
  if (manifest.origin === origin && manifest.digest === digest)
    return { folder, bytes: bytesOf(manifest), state: "known" };
  throw new MhoError(
    "bad-argument",
    `The lake holds run ${run} already, in ${folder}, with another journal (SHA-256 ${manifest.digest.slice(0, 12)}, here ${digest.slice(0, 12)}). ` +
      "What is in a lake is never rewritten. Use another lake, or move that folder away.",
    { run, folder },
  );
}

function bytesOf({ files }: Manifest): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function writeFiles(draft: string, sealed: SealedRun): Promise<Manifest> {
  const { store, run, plan, memories, about, software } = sealed;
  const header: Header = {
    run,
    title: plan.title,
    chip: `${plan.chipName} number ${plan.chipSerialNumber}`,
    software,
  };
  const rows = new Map<LakeFile, number>();
  const write = async (
    name: LakeFile,
    columns: readonly Column[],
    parts: AsyncIterable<Part> | readonly Part[],
  ): Promise<void> => {
    rows.set(name, await writeParquet(join(draft, name), header, columns, eachOf(parts), "GZIP"));
  };
  const read = (): AsyncIterable<SweepTable> => sweepTables(store, run, plan, memories);
  const readouts: Omit<SweepTable, "verdicts">[] = [];
  let shape: WideShape = { sweeps: 0, codes: false, conductances: false };
  for await (const table of read()) {
    readouts.push(withoutReads(table));
    shape = {
      sweeps: Math.max(shape.sweeps, table.number + 1),
      codes: shape.codes || table.sweep.codes !== undefined,
      conductances: shape.conductances || table.sweep.codes === undefined,
    };
  }
  await write("run.parquet", runColumns, [runPart(about)]);
  await write("readouts.parquet", readoutColumns, [readoutPart(readouts)]);
  await write("devices.parquet", deviceColumns, deviceParts(plan, memories));
  await write("fits.parquet", fitColumns, fitParts(modelOf(plan.model), memories, read));
  await write("sweeps.parquet", wideColumns(shape), wideParts(memories, shape, read));
  const files = [];
  for (const [name, count] of rows) {
    const path = join(draft, name);
    const { size: bytes } = await stat(path);
    files.push({ name, rows: count, bytes, sha256: await digestOfFile(path) });
  }
  return {
    format: "mho-lake-run",
    version: 1,
    software,
    written_at: sealed.writtenAt,
    chip: plan.chipName,
    serial_number: plan.chipSerialNumber,
    run,
    origin: sealed.origin,
    digest: sealed.digest,
    ...shape,
    files,
  };
}

/** Of a sweep, all but what takes memory: readouts are few, reads are many. */
function withoutReads(table: SweepTable): Omit<SweepTable, "verdicts"> {
  const { codes: _, ...sweep } = table.sweep;
  const nothing = { conductanceMicrosiemens: new Float32Array(0), flags: new Uint8Array(0) };
  return { ...table, sweep: { ...sweep, ...nothing } };
}

async function* eachOf(parts: AsyncIterable<Part> | readonly Part[]): AsyncIterable<Part> {
  yield* parts;
}
