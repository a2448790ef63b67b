import { dirname, join } from "node:path";
import type { Column, Part } from "../files/tableColumn.ts";
import { type Header, writeParquet } from "../files/tableWriters.ts";
import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { type SweepTable, sweepTables } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { fitColumns, fitParts } from "./fitsTable.ts";
import { type LakeFile, type Manifest, readManifest } from "./manifest.ts";
import { partitionOf, runFolder } from "./paths.ts";
import { bytesOf, knownAs, sealFolder, writtenFile } from "./sealFolder.ts";
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
  /** Another that the lake may have it by. */
  readonly formerDigest?: string | undefined;
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
  const known = await runInLake(lake, chip, origin);
  if (known !== undefined) return sameRun(known, sealed);
  const bytes = await sealFolder(folder, { lake, what: `run ${run}`, run }, (draft) =>
    writeFiles(draft, sealed),
  );
  if (bytes !== undefined) return { folder, bytes, state: "new" };
  // Another program put the same run there meanwhile.
  return sameRun(folder, sealed);
}

/** The folder of a run that a lake has; undefined for none. @param origin  SHA-256 of what it began with. */
export async function runInLake(
  lake: string,
  chip: { readonly name: string; readonly serialNumber: string },
  origin: string,
): Promise<string | undefined> {
  return knownAs(dirname(join(lake, runFolder(chip, ""))), "run=", origin);
}

async function sameRun(
  folder: string,
  { run, origin, digest, formerDigest }: SealedRun,
): Promise<WrittenRun> {
  const manifest = await readManifest(folder);
  if (manifest.origin === origin && [digest, formerDigest].includes(manifest.digest))
    return { folder, bytes: bytesOf(manifest), state: "known" };
  throw new MhoError(
    "bad-argument",
    `The lake holds run ${run} already, in ${folder}, with another journal (SHA-256 ${manifest.digest.slice(0, 12)}, here ${digest.slice(0, 12)}). ` +
      "What is in a lake is never rewritten. Use another lake, or move that folder away.",
    { run, folder },
  );
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
  for (const [name, count] of rows) files.push(await writtenFile(draft, name, count));
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
